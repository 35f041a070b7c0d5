"""A shop's recommendations: lists of ten, of which the visitor clicks a few."""

from __future__ import annotations

from examples.fleet.worlds.tabular import Choice, Number, Rule, TabularWorld


def shop(rows: int) -> TabularWorld:
    """Shown articles in lists of ten; the outcome is a click."""
    return TabularWorld(
        rows=rows,
        list_length=10,
        numbers=(
            Number("affinity", -1.0, 1.0, "bell", 3),
            Number("popularity", 0.0, 1.0, "low", 4),
            Number("price_distance", 0.0, 3.0, "low", 3),
            Number("days_since_seen", 0, 60, "low", 0),
            Number("stock", 0, 500, "low", 0),
        ),
        choices=(Choice("shelf", {"fashion": 0.4, "home": 0.35, "sport": 0.25}),),
        rule=Rule(
            "yes_no",
            weights={"affinity": 1.4, "popularity": 0.8, "price_distance": -0.6},
            rate=0.3,
        ),
    )
