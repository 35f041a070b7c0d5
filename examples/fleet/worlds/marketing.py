"""Marketing: clicks, sales from advertising, customer groups, baskets, returns."""

from __future__ import annotations

from examples.fleet.worlds.tabular import COHORTS, Choice, Number, Rule, TabularWorld


def clicks(rows: int) -> TabularWorld:
    """Impressions of an advertisement; the outcome is a click."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("hour_share", 0, 1, "bell", 3),
            Number("user_click_rate", 0.0, 0.2, "low", 4),
            Number("ad_age_days", 0, 90, "low", 0),
            Number("bid", 0.05, 6, "low"),
            Number("page_depth", 1, 40, "low", 0),
        ),
        choices=(
            Choice("device", {"phone": 0.6, "desktop": 0.3, "tablet": 0.1}),
            Choice("slot", {"top": 0.4, "side": 0.35, "feed": 0.25}),
        ),
        rule=Rule(
            "yes_no",
            weights={"user_click_rate": 1.2, "ad_age_days": -0.7, "slot=top": 1.0, "bid": 0.3},
            rate=0.1,
        ),
    )


def sales(rows: int) -> TabularWorld:
    """Shops; the amount is the quarter's sales that follow the money spent on advertising."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("tv_spend", 0, 300, "bell"),
            Number("radio_spend", 0, 60, "even"),
            Number("online_spend", 0, 240, "bell"),
            Number("price_index", 0.7, 1.3, "bell", 3),
            Number("shops", 1, 40, "low", 0),
        ),
        choices=(Choice("market", {"city": 0.5, "suburb": 0.3, "country": 0.2}),),
        rule=Rule(
            "amount",
            weights={"tv_spend": 1.0, "online_spend": 0.8, "radio_spend": 0.4, "price_index": -0.6},
            center=5200,
            spread=0.18,
            noise=0.08,
        ),
    )


def customers(rows: int) -> TabularWorld:
    """Customers to be grouped; nothing comes true, so there are no labels."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("orders_per_year", 0, 60, "low", 0),
            Number("basket", 4, 260, "low"),
            Number("days_since_order", 0, 400, "low", 0),
            Number("discount_share", 0.0, 1.0, "low", 3),
            Number("returns_share", 0.0, 0.9, "low", 3),
        ),
        choices=(),
        rule=Rule("none"),
    )


def baskets(rows: int) -> TabularWorld:
    """Visits to a shop; the amount is what is in the basket at the till."""
    return TabularWorld(
        rows=rows,
        places=(Choice("region", {"north": 0.4, "south": 0.35, "west": 0.25}), COHORTS),
        numbers=(
            Number("items_seen", 1, 120, "low", 0),
            Number("minutes", 0.5, 60, "low", 1),
            Number("last_basket", 3, 400, "low"),
            Number("voucher_value", 0, 40, "low"),
        ),
        choices=(Choice("entrance", {"search": 0.5, "mail": 0.3, "direct": 0.2}),),
        rule=Rule(
            "amount",
            weights={"items_seen": 0.7, "last_basket": 0.9, "entrance=mail": 0.4},
            center=58,
            spread=0.3,
            noise=0.15,
        ),
    )


def returns(rows: int) -> TabularWorld:
    """Orders; the outcome is a parcel that comes back."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("order_value", 5, 500, "low"),
            Number("items", 1, 28, "low", 0),
            Number("sizes_ordered", 1, 24, "low", 0),
            Number("customer_return_share", 0.0, 0.9, "low", 3),
            Number("delivery_days", 1, 30, "low", 0),
        ),
        choices=(Choice("category", {"fashion": 0.5, "home": 0.3, "electronics": 0.2}),),
        rule=Rule(
            "yes_no",
            weights={
                "customer_return_share": 1.3,
                "sizes_ordered": 0.8,
                "category=fashion": 0.8,
                "delivery_days": 0.4,
            },
            rate=0.25,
        ),
    )
