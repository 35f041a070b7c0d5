"""Say how far the fleet's present cycle is: what was seen, and what is still to be done."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, Exists, OuterRef

from monitoring import events
from monitoring.models import Check, Delivery, Incident, Invariant, Run, Source
from monitoring.states import OPEN_STATES, VERDICTS, DeliveryState, Route
from policies.models import Decision, Job, PolicyVersion
from registry import clock
from registry.models import (
    BusinessUnit,
    MetricPoint,
    MLflowServer,
    ModelVersion,
    RegisteredModel,
)


def counts() -> dict[str, int]:
    """Count what the registry knows and what the runs in force said."""
    current = Run.objects.filter(current=True, state__in=VERDICTS)
    by_state = dict(current.values_list("state").annotate(n=Count("pk")))
    return {
        "models": RegisteredModel.objects.count(),
        "units": BusinessUnit.objects.count(),
        # MLflow may hold more: what has no record waits on the discovery page.
        "versions": ModelVersion.objects.filter(
            source_model__registered_model__isnull=False
        ).count(),
        "metric_points": MetricPoint.objects.count(),
        "observations": current.count(),
        **{state.value: by_state.get(state.value, 0) for state in VERDICTS},
        "incidents": Incident.objects.count(),
        "alerts_delivered": Delivery.objects.filter(state=DeliveryState.SENT).count(),
        "decisions": Decision.objects.count(),
        "invariants_broken": Invariant.objects.filter(broken__gt=0).count(),
    }


def pending() -> dict[str, int]:
    """Count what is still to be done, part by part; all zero means that the cycle is through."""
    at = clock.now()
    newest = Run.objects.filter(
        current=True, state__in=VERDICTS, window__check_ref__model=OuterRef("pk")
    )
    undecided = RegisteredModel.objects.filter(
        Exists(newest), ~Exists(Decision.objects.filter(model=OuterRef("pk")))
    )
    return {
        "servers": MLflowServer.objects.filter(swept_at=None).count(),
        "unclaimed": RegisteredModel.objects.filter(
            mlflow_server__isnull=False, source_models=None
        ).count(),
        "events": events.unanswered().count(),
        "sources": Source.objects.filter(scanned_at=None).count(),
        "checks": Check.objects.filter(paused=False, next_plan_at__lte=at).count(),
        "runs": Run.objects.filter(state__in=OPEN_STATES).count(),
        # What waits for the next digest is done with, as far as this cycle goes.
        "deliveries": Delivery.objects.filter(state=DeliveryState.OWED)
        .exclude(route=Route.DIGEST, message=None)
        .count(),
        "decisions": undecided.count() if PolicyVersion.objects.exists() else 0,
        "jobs": Job.objects.filter(state__in=[Job.State.REQUESTED, Job.State.STARTED]).count(),
    }


class Command(BaseCommand):
    help = "Print the counts of the present cycle and what is still pending."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        still = pending()
        found: dict[str, Any] = {**counts(), "done": not any(still.values()), "pending": still}
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        for name, value in found.items():
            self.stdout.write(f"{name:>18}  {value}")
