"""Payments: card fraud, very rare fraud, merchants and chargebacks."""

from __future__ import annotations

from examples.fleet.worlds.tabular import Choice, Number, Rule, TabularWorld


def card(rows: int, rate: float = 0.02) -> TabularWorld:
    """Card payments as they are authorized; the outcome is fraud."""
    return TabularWorld(
        rows=rows,
        history_rows=9000,
        numbers=(
            Number("amount", 0.5, 2500, "low"),
            Number("minutes_since_last", 0.1, 4000, "low", 1),
            Number("payments_last_hour", 0, 24, "low", 0),
            Number("distance_km", 0, 900, "low", 1),
            Number("account_age_days", 1, 3600, "even", 0),
            Number("merchant_risk", 0.0, 1.0, "low", 3),
        ),
        choices=(
            Choice("entry", {"chip": 0.5, "contactless": 0.3, "online": 0.2}),
            Choice("terminal", {"shop": 0.7, "fuel": 0.15, "cash": 0.15}),
        ),
        rule=Rule(
            "yes_no",
            weights={
                "amount": 1.3,
                "distance_km": 1.2,
                "payments_last_hour": 1.0,
                "merchant_risk": 0.9,
                "entry=online": 1.4,
            },
            rate=rate,
        ),
    )


def wire(rows: int) -> TabularWorld:
    """Wire transfers, of which fewer than one in a thousand is fraud."""
    return TabularWorld(
        rows=rows,
        history_rows=24_000,
        numbers=(
            Number("amount", 10, 90_000, "low"),
            Number("beneficiary_age_days", 0, 3000, "low", 0),
            Number("night_share", 0.0, 1.0, "low", 3),
            Number("device_age_days", 0, 1500, "low", 0),
            Number("transfers_last_day", 0, 22, "low", 0),
        ),
        choices=(Choice("channel", {"app": 0.6, "web": 0.3, "branch": 0.1}),),
        rule=Rule(
            "yes_no",
            weights={
                "amount": 1.2,
                "beneficiary_age_days": -1.3,
                "device_age_days": -1.0,
                "transfers_last_day": 1.1,
                "channel=web": 0.8,
            },
            rate=0.0008,
        ),
    )


def merchants(rows: int) -> TabularWorld:
    """Merchants; the outcome is a loss for the acquirer within the quarter."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("monthly_volume", 200, 400_000, "low", 0),
            Number("refund_share", 0.0, 0.6, "low", 4),
            Number("months_active", 1, 180, "low", 0),
            Number("average_ticket", 2, 900, "low"),
            Number("disputes", 0, 40, "low", 0),
        ),
        choices=(Choice("trade", {"retail": 0.45, "travel": 0.2, "food": 0.25, "digital": 0.1}),),
        rule=Rule(
            "yes_no",
            weights={
                "refund_share": 1.0,
                "disputes": 1.1,
                "months_active": -0.7,
                "trade=travel": 0.8,
            },
            rate=0.12,
        ),
    )


def chargebacks(rows: int) -> TabularWorld:
    """Disputed payments; the outcome is a dispute that the bank wins."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("amount", 5, 3000, "low"),
            Number("days_to_dispute", 0, 120, "low", 0),
            Number("documents", 0, 24, "low", 0),
            Number("previous_disputes", 0, 22, "low", 0),
        ),
        choices=(Choice("reason", {"fraud": 0.4, "not_received": 0.35, "quality": 0.25}),),
        rule=Rule(
            "yes_no",
            weights={"documents": 1.3, "days_to_dispute": -0.8, "reason=quality": 0.7},
            rate=0.45,
        ),
    )
