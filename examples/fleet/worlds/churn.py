"""Customers who leave: telephone contracts and software subscriptions."""

from __future__ import annotations

from examples.fleet.worlds.tabular import Choice, Number, Rule, TabularWorld


def telecom(rows: int) -> TabularWorld:
    """Customers of a telephone company; the outcome is leaving within the month."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("tenure_months", 1, 90, "low", 0),
            Number("monthly_charges", 15, 140, "bell"),
            Number("data_gb", 0.2, 90, "low"),
            Number("dropped_calls", 0, 45, "low", 0),
            Number("support_calls", 0, 30, "low", 0),
            Number("roaming_minutes", 0, 600, "low", 1),
        ),
        choices=(
            Choice("contract", {"monthly": 0.5, "one_year": 0.3, "two_years": 0.2}),
            Choice("plan", {"basic": 0.4, "family": 0.35, "unlimited": 0.25}),
        ),
        rule=Rule(
            "yes_no",
            weights={
                "tenure_months": -0.9,
                "monthly_charges": 0.7,
                "dropped_calls": 0.6,
                "support_calls": 0.5,
                "contract=monthly": 1.0,
                "contract=two_years": -0.9,
            },
            rate=0.22,
        ),
    )


def software(rows: int) -> TabularWorld:
    """Subscriptions to a software service; the outcome is a cancellation at renewal."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("seats", 1, 400, "low", 0),
            Number("weekly_active_share", 0.02, 1.0, "bell", 3),
            Number("logins_per_seat", 0.1, 30, "low"),
            Number("open_tickets", 0, 40, "low", 0),
            Number("days_since_release_used", 0, 120, "low", 0),
            Number("invoice_amount", 40, 9000, "low"),
        ),
        choices=(
            Choice("tier", {"starter": 0.5, "team": 0.35, "enterprise": 0.15}),
            Choice("billing", {"monthly": 0.6, "yearly": 0.4}),
        ),
        rule=Rule(
            "yes_no",
            weights={
                "weekly_active_share": -1.2,
                "logins_per_seat": -0.7,
                "open_tickets": 0.6,
                "days_since_release_used": 0.5,
                "billing=monthly": 0.8,
            },
            rate=0.2,
        ),
    )


def expansion(rows: int) -> TabularWorld:
    """Accounts of a software service; the outcome is buying more seats.

    The twist is a price list that rewards the small ones.
    """
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("seats", 1, 400, "low", 0),
            Number("seat_usage", 0.1, 1.0, "high", 3),
            Number("feature_requests", 0, 25, "low", 0),
            Number("account_age_months", 1, 100, "low", 0),
            Number("champion_logins", 0, 60, "low", 0),
        ),
        choices=(Choice("industry", {"services": 0.4, "industry": 0.35, "public": 0.25}),),
        rule=Rule(
            "yes_no",
            weights={"seats": 1.1, "seat_usage": 1.3, "champion_logins": 0.6},
            twisted={"seats": -1.2, "seat_usage": -0.9, "champion_logins": 0.6},
            rate=0.3,
        ),
    )


def leads(rows: int) -> TabularWorld:
    """Sales leads; the outcome is a booked demonstration."""
    return TabularWorld(
        rows=rows,
        numbers=(
            Number("pages_viewed", 1, 60, "low", 0),
            Number("minutes_on_site", 0.2, 45, "low"),
            Number("company_size", 1, 5000, "low", 0),
            Number("mails_opened", 0, 20, "low", 0),
        ),
        choices=(
            Choice("channel", {"search": 0.4, "partner": 0.25, "event": 0.15, "referral": 0.2}),
            Choice("job_level", {"staff": 0.5, "manager": 0.35, "director": 0.15}),
        ),
        rule=Rule(
            "yes_no",
            weights={
                "pages_viewed": 0.8,
                "mails_opened": 0.9,
                "channel=referral": 1.0,
                "job_level=director": 0.7,
            },
            rate=0.25,
        ),
    )
