"""Give a check a history: windows with verdicts, written as the worker writes them.

`History(model).week(1, "drift", income=0.41)` stores the verdict of week 1 with its readings and
does what the worker's transaction does: alerts, then health.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from monitoring import health
from monitoring.alerts import episodes
from monitoring.models import Check, CheckVersion, Reading, Run, Source, Window
from registry.models import RegisteredModel

MONDAY = datetime(2026, 8, 17, tzinfo=UTC)
WEEK = timedelta(days=7)


def of_week(number):
    """The start of week `number`; week 1 begins on MONDAY."""
    return MONDAY + (number - 1) * WEEK


def watched(model, slug="data", kind="data", **spec):
    """Make a check of a model, with a source."""
    Source.objects.get_or_create(
        model=model, name="requests", defaults={"address": "/landing", "next_scan_at": MONDAY}
    )
    check = Check.objects.create(
        model=model,
        slug=slug,
        kind=kind,
        next_window_start=MONDAY,
        next_plan_at=MONDAY + WEEK,
    )
    whole = {
        "source": "requests",
        "every_days": 7,
        "grace_hours": 24,
        "when": {"bad": 2, "of": 3, "good": 2},
        "severity": {"drift": "watch", "data_fault": "watch", "breach": "critical"},
        **spec,
    }
    CheckVersion.objects.create(check_ref=check, number=1, spec=whole, at=MONDAY)
    return check


class History:
    """The weeks of one check."""

    def __init__(self, model: RegisteredModel, slug="data", kind="data", **spec):
        self.model = model
        self.check = watched(model, slug, kind, **spec)
        self.version = self.check.versions.get()

    def week(self, number, state="ok", reason="", segment="", **crossings):
        """Write a verdict on a week, or a further one, and what follows from it."""
        run = self.verdict(number, state, reason, segment, **crossings)
        return self.apply(run)

    def verdict(self, number, state="ok", reason="", segment="", **crossings):
        """Write the verdict alone."""
        start = of_week(number)
        window, _ = Window.objects.get_or_create(
            check_ref=self.check,
            start=start,
            defaults={"end": start + WEEK, "due_at": start + WEEK + timedelta(hours=24)},
        )
        Run.objects.filter(window=window).update(current=False)
        finished = start + WEEK + timedelta(hours=2)
        run = Run.objects.create(
            window=window,
            revision=window.runs.count() + 1,
            state=state,
            reason=reason,
            check_version=self.version,
            queued_at=start + WEEK,
            started_at=start + WEEK,
            finished_at=finished,
            rows=4810,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT monitoring_ensure_partition(%s)", [finished])
        for feature, value in crossings.items():
            Reading.objects.create(
                at=finished,
                run=run,
                feature=feature,
                segment=segment,
                method="psi",
                method_version="1",
                value=value,
                limit=0.2,
                direction="max",
                crossed=True,
                n_reference=10_000,
                n_current=4810,
            )
        return run

    def apply(self, run):
        """Do what the worker's transaction does after the verdict."""
        with transaction.atomic():
            outcome = episodes.apply(run, at=run.finished_at)
            health.recompute(self.model, at=run.finished_at)
        return outcome
