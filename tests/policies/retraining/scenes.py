"""Short ways to write facts and policies for the tests of pure decisions."""

from datetime import UTC, datetime, timedelta

from policies.retraining.seen import Facts, FaultSeen, MetricSeen, RetrainingSeen, WindowSeen
from policies.retraining.specs import PolicySpec

START = datetime(2026, 8, 17, tzinfo=UTC)
WEEK = timedelta(days=7)


def week(number: int) -> datetime:
    """Return the time at which a week ends, when its window is judged."""
    return START + WEEK * (number + 1)


def drift(number: int, share: float, *, version: int | None = 1, check: str = "inputs"):
    return WindowSeen(
        check=check,
        kind="data",
        start=START + WEEK * number,
        end=week(number),
        run=number + 1,
        state="drift" if share else "ok",
        version=version,
        drift_share=share,
        drifted=("age", "income") if share else (),
    )


def scored(number: int, value: float, *, reference: float | None = 0.8, limit: float | None = 0.7):
    return WindowSeen(
        check="quality",
        kind="performance",
        start=START + WEEK * number,
        end=week(number),
        run=100 + number,
        state="ok",
        version=1,
        metrics=(MetricSeen("roc_auc", value, "min", limit, reference),),
    )


def retraining(
    number: int, *, state: str = "succeeded", champion: int = 1, version: int | None = 2
):
    return RetrainingSeen(
        at=week(number),
        state=state,
        champion=champion,
        covers_until=week(number),
        version=version,
    )


def facts(*windows: WindowSeen, **more) -> Facts:
    return Facts(
        **{
            "model": "card-fraud",
            "lifecycle": "active",
            "trigger_run": windows[-1].run if windows else 1,
            "champion": 1,
            "champion_created_at": START - WEEK,
            "windows": windows,
            **more,
        }
    )


def fault(number: int, *, state: str = "data_fault") -> FaultSeen:
    return FaultSeen("inputs", state, week(number), "column 'age' is missing")


def policy(**rules) -> PolicySpec:
    return PolicySpec.model_validate(
        {
            "signals": [{"signal": "drift_share", "at_least": 0.2, "windows": 2, "of": 3}],
            "cooldown_days": 14,
            "max_per_quarter": 2,
            "trainer": "retrainer",
            **rules,
        }
    )
