"""Borrowers: default, credit scores, affordability and limits."""

from __future__ import annotations

from examples.fleet.worlds.tabular import Choice, Number, Rule, TabularWorld

NUMBERS = (
    Number("income", 14_000, 190_000, "low", 0),
    Number("debt_to_income", 0.02, 0.85, "bell", 3),
    Number("utilization", 0.0, 1.0, "bell", 3),
    Number("months_on_book", 1, 240, "low", 0),
    Number("late_payments", 0, 28, "low", 0),
    Number("inquiries", 0, 24, "low", 0),
)
CHOICES = (
    Choice("home", {"rent": 0.45, "mortgage": 0.4, "own": 0.15}),
    Choice("purpose", {"car": 0.3, "consolidation": 0.4, "renovation": 0.2, "other": 0.1}),
)
PEOPLE = (Choice("age_band", {"18-29": 0.25, "30-49": 0.45, "50+": 0.3}),)


def default(rows: int) -> TabularWorld:
    """Consumer loans, of which few fail; the outcome is a default within a year.

    The twist is a downturn that hits those who looked safe.
    """
    return TabularWorld(
        rows=rows,
        numbers=NUMBERS,
        choices=CHOICES,
        people=PEOPLE,
        rule=Rule(
            "yes_no",
            weights={
                "debt_to_income": 1.1,
                "utilization": 0.9,
                "late_payments": 0.9,
                "income": -0.7,
                "purpose=consolidation": 0.4,
            },
            twisted={
                "debt_to_income": -0.5,
                "utilization": -0.3,
                "late_payments": 0.2,
                "income": 0.9,
                "months_on_book": 0.9,
                "purpose=car": 0.9,
            },
            rate=0.06,
        ),
    )


def scoring(rows: int) -> TabularWorld:
    """Applicants for a card; the outcome is serious arrears within a year."""
    return TabularWorld(
        rows=rows,
        numbers=NUMBERS,
        choices=CHOICES,
        people=PEOPLE,
        rule=Rule(
            "yes_no",
            weights={
                "utilization": 1.1,
                "inquiries": 0.7,
                "late_payments": 1.0,
                "months_on_book": -0.6,
                "home=own": -0.6,
            },
            rate=0.18,
        ),
    )


def affordability(rows: int) -> TabularWorld:
    """Households; the amount is what they can pay back each month."""
    return TabularWorld(
        rows=rows,
        numbers=NUMBERS,
        choices=CHOICES,
        rule=Rule(
            "amount",
            weights={"income": 1.2, "debt_to_income": -0.7, "home=rent": -0.5},
            center=820,
            spread=0.25,
            noise=0.12,
        ),
    )


def limit(rows: int) -> TabularWorld:
    """Card holders; the amount is the credit they use in the following quarter."""
    return TabularWorld(
        rows=rows,
        numbers=NUMBERS,
        choices=CHOICES,
        rule=Rule(
            "amount",
            weights={"income": 0.8, "utilization": 0.9, "months_on_book": 0.4},
            center=2400,
            spread=0.3,
            noise=0.15,
        ),
    )
