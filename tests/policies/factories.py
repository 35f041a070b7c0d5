"""Rows of monitoring and policies, in the words of the tests of policies."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from monitoring import models as m
from policies import models as p
from registry.models import BusinessUnit, ModelVersion, RegisteredModel
from tests.factories import UnitFactory

START = datetime(2026, 8, 17, tzinfo=UTC)
WEEK = timedelta(days=7)
SECRET = "whsec_" + "A" * 43 + "="
SPEC = {
    "signals": [{"signal": "drift_share", "at_least": 0.2, "windows": 2, "of": 3}],
    "cooldown_days": 14,
    "max_per_quarter": 2,
    "hold_on_data_fault": True,
    "trainer": "retrainer",
}


def week(number: int) -> datetime:
    """Return the time at which a week ends."""
    return START + WEEK * (number + 1)


def trainer(unit: BusinessUnit | None = None, slug: str = "retrainer", **more: Any) -> p.Trainer:
    fields = {"url": "https://trainer.example.com/retrain", "secret": SECRET, **more}
    return p.Trainer.objects.create(slug=slug, unit=unit or UnitFactory.create(), **fields)


def policy(
    slug: str = "standard",
    *,
    unit: BusinessUnit | None = None,
    selector: dict[str, Any] | None = None,
    **spec: Any,
) -> p.PolicyVersion:
    made = p.RetrainingPolicy.objects.create(slug=slug, unit=unit)
    return p.PolicyVersion.objects.create(
        policy=made, number=1, selector=selector or {}, spec={**SPEC, **spec}, at=START
    )


def check(model: RegisteredModel, slug: str = "inputs", kind: str = "data", **spec: Any) -> m.Check:
    made = m.Check.objects.create(
        model=model, slug=slug, kind=kind, next_window_start=START, next_plan_at=START
    )
    defaults = {"every_days": 7, "start": START.isoformat(), "severity": {"drift": "watch"}}
    m.CheckVersion.objects.create(check_ref=made, number=1, spec={**defaults, **spec}, at=START)
    return made


def run(
    of: m.Check,
    number: int,
    state: str = "ok",
    *,
    drifted: int = 0,
    columns: int = 4,
    version: ModelVersion | None = None,
    metrics: dict[str, tuple[float, str, float]] | None = None,
    finished_at: datetime | None = None,
    **more: Any,
) -> m.Run:
    """Make the run of a week with readings: `drifted` of `columns` crossed, or metrics."""
    window, _ = m.Window.objects.get_or_create(
        check_ref=of,
        start=START + WEEK * number,
        defaults={"end": week(number), "due_at": week(number) + timedelta(days=1)},
    )
    terminal = state not in ("queued", "running")
    ended = (finished_at or week(number) + timedelta(hours=1)) if terminal else None
    made = m.Run.objects.create(
        window=window,
        state=state,
        model_version=version,
        queued_at=week(number),
        finished_at=ended,
        **more,
    )
    if ended is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT monitoring_ensure_partition(%s)", [ended])
        _readings(made, ended, drifted, columns if state in ("ok", "drift") else 0, metrics or {})
    return made


def _readings(
    of: m.Run,
    at: datetime,
    drifted: int,
    columns: int,
    metrics: dict[str, tuple[float, str, float]],
) -> None:
    common = {"at": at, "run": of, "method_version": "1"}
    if of.window.check_ref.kind == "data":
        for index in range(columns):
            m.Reading.objects.create(
                **common,
                feature=f"column{index}",
                method="psi",
                value=0.4 if index < drifted else 0.01,
                limit=0.2,
                direction="max",
                crossed=index < drifted,
            )
    for name, (value, direction, limit) in metrics.items():
        m.Reading.objects.create(
            **common,
            feature="prediction",
            method=name,
            value=value,
            limit=limit,
            direction=direction,
            crossed=value < limit if direction == "min" else value > limit,
        )


def alert(of: m.Run, condition: str = "drift", **more: Any) -> m.Alert:
    check_ref = of.window.check_ref
    incident = m.Incident.objects.create(
        cause=f"model:{check_ref.model_id}:{condition}:{of.pk}",
        title="Something",
        severity="watch",
        opened_at=of.window.end,
    )
    return m.Alert.objects.create(
        **{
            "model": check_ref.model,
            "check_ref": check_ref,
            "condition": condition,
            "severity": "watch",
            "dedup_key": f"{check_ref.pk}:{condition}:{of.pk}",
            "incident": incident,
            "headline": f"{condition} of column0",
            "opened_by_run": of,
            "latest_run": of,
            "opened_at": of.window.end,
            "since": of.window.start,
            **more,
        }
    )


def drifting(model: RegisteredModel, weeks: int = 3, of: m.Check | None = None) -> m.Check:
    """Give a model a data check with `weeks` windows, all drifting but the first."""
    of = of or check(model)
    version = model.source_models.get().versions.get(number=1)
    for number in range(weeks):
        state = "drift" if number else "ok"
        run(of, number, state, drifted=2 if number else 0, version=version)
    return of
