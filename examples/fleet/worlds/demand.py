"""Supply: demand for many articles with seasons and promotions, and how long suppliers take."""

from __future__ import annotations

from examples.fleet.worlds.tabular import Choice, Number, Rule, TabularWorld

HISTORY_WEEKS = 66  # a year, thirteen weeks to look back from, and ten days on either side


def articles(rows: int, season: float = 1.1, articles_sold: int = 1200) -> TabularWorld:
    """Orders of articles by day and shop; warm weeks sell more, promotions sell much more."""
    shares = {f"A{number:04d}": 1.0 for number in range(articles_sold)}
    return TabularWorld(
        rows=rows,
        history_weeks=HISTORY_WEEKS,
        history_rows=HISTORY_WEEKS * 340,
        places=(Choice("region", {"north": 0.5, "south": 0.5}),),
        identifiers=(Choice("sku", shares),),
        numbers=(
            Number("temperature", -8, 38, "bell", 1, season=season),
            Number("units_last_week", 0, 400, "low", 0, season=0.6 * season),
            Number("price", 0.8, 30, "low"),
            Number("stock_days", 0, 45, "low", 0),
            Number("footfall", 50, 4000, "bell", 0, season=0.4 * season),
        ),
        choices=(
            Choice("promotion", {"none": 0.8, "leaflet": 0.15, "display": 0.05}),
            Choice("family", {"drinks": 0.4, "dairy": 0.3, "produce": 0.3}),
        ),
        rule=Rule(
            "amount",
            weights={
                "units_last_week": 0.9,
                "temperature": 0.5,
                "price": -0.5,
                "promotion=leaflet": 1.0,
                "promotion=display": 1.6,
            },
            center=70,
            spread=0.3,
            noise=0.15,
        ),
    )


def lead_times(rows: int) -> TabularWorld:
    """Orders to suppliers; the amount is the days until delivery."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("order_weight_kg", 1, 4000, "low", 1),
            Number("distance_km", 5, 2500, "low", 0),
            Number("open_orders", 0, 60, "low", 0),
            Number("supplier_score", 0.0, 1.0, "high", 3),
        ),
        choices=(Choice("mode", {"road": 0.6, "rail": 0.25, "sea": 0.15}),),
        rule=Rule(
            "amount",
            weights={"distance_km": 0.9, "open_orders": 0.6, "mode=sea": 1.6},
            center=6,
            spread=0.3,
            noise=0.15,
        ),
    )
