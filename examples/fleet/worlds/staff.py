"""People at work: bands of pay and the screening of applications."""

from __future__ import annotations

from examples.fleet.worlds.tabular import Choice, Number, Rule, TabularWorld

GENDER = Choice("gender", {"female": 0.48, "male": 0.52})
ORIGIN = Choice("origin_group", {"a": 0.55, "b": 0.3, "c": 0.15})


def pay(rows: int) -> TabularWorld:
    """Employees; the amount is the yearly pay, with a gap between men and women."""
    return TabularWorld(
        rows=rows,
        people=(GENDER,),
        numbers=(
            Number("years_of_service", 0, 40, "low", 1),
            Number("grade_points", 100, 900, "bell", 0),
            Number("performance", 1, 5, "bell", 1),
            Number("hours", 12, 45, "high", 1),
            Number("team_size", 0, 40, "low", 0),
        ),
        choices=(
            Choice("job_family", {"operations": 0.4, "engineering": 0.3, "sales": 0.2, "law": 0.1}),
        ),
        rule=Rule(
            "amount",
            weights={
                "grade_points": 1.2,
                "years_of_service": 0.5,
                "hours": 0.4,
                "job_family=engineering": 0.5,
                "gender=female": -0.25,
            },
            center=52_000,
            spread=0.16,
            noise=0.06,
        ),
    )


def applications(rows: int) -> TabularWorld:
    """Applications for a job; the outcome is an invitation to talk."""
    return TabularWorld(
        rows=rows,
        people=(GENDER, ORIGIN),
        numbers=(
            Number("years_experience", 0, 35, "low", 1),
            Number("skill_match", 0.0, 1.0, "bell", 3),
            Number("months_in_last_job", 0, 200, "low", 0),
            Number("certificates", 0, 8, "low", 0),
            Number("gap_months", 0, 60, "low", 0),
        ),
        choices=(
            Choice("degree", {"none": 0.3, "bachelor": 0.45, "master": 0.25}),
            Choice("source", {"portal": 0.6, "agency": 0.25, "referral": 0.15}),
        ),
        rule=Rule(
            "yes_no",
            weights={
                "skill_match": 1.4,
                "years_experience": 0.6,
                "degree=master": 0.6,
                "source=referral": 0.9,
                "gap_months": -0.4,
            },
            rate=0.25,
        ),
    )
