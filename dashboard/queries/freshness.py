"""What the fleet page depends on, beside its counts: columns that move whenever it would."""

import hashlib
from typing import Any

from django.db import models
from django.db.models import F, Func, Max, QuerySet, Subquery

from monitoring.models import Alert
from policies.models import ControlResult
from registry.models import RegisteredModel

_NOT_NEWS = ("now", "matching")


def movements(seen: QuerySet[RegisteredModel]) -> dict[str, Max]:
    """Return aggregates that change when a row, an alert or a control result does."""
    alerts = Alert.objects.filter(model__in=seen.values("pk"))
    return {
        "described": Max("updated_at"),
        "moved": Max("health__since"),
        "observed": Max("health__observed_at"),
        "alerted": _newest(alerts, "opened_at"),
        "acknowledged": _newest(alerts, "acknowledged_at"),
        "resolved": _newest(alerts, "resolved_at"),
        "controlled": _newest(ControlResult.objects.all(), "at"),
    }


def version(counts: list[dict[str, Any]]) -> str:
    """Return a short digest of the counts, which differs when the page would."""
    facts = [
        sorted((key, str(value)) for key, value in count.items() if key not in _NOT_NEWS)
        for count in counts
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _newest(rows: QuerySet[Any], column: str) -> Max:
    newest = Func(F(column), function="MAX", output_field=models.DateTimeField())
    return Max(Subquery(rows.annotate(newest=newest).values("newest")))
