"""How useful the rules that alert are: what people concluded of the cases they opened.

A rule is a check and a condition. Its precision is the share of cases, closed by a person, that
were real: drift of the world or a fault of the pipeline; false alarms and what was expected are
not. A case with several alerts of a rule counts once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
)

from monitoring.models import Alert
from monitoring.states import CloseVerdict, DeliveryState
from registry import access
from registry.actors import Actor

SPAN = timedelta(days=365)
ENOUGH_CLOSES = 20
LOW = 0.5
USEFUL = (CloseVerdict.REAL_DRIFT, CloseVerdict.PIPELINE_FAULT)


class Median(Aggregate):
    """The median of a column, by the database."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class Rule:
    """One rule of one check over the past year."""

    model: str
    model_name: str
    business_unit: str
    check: str
    condition: str
    alerts: int
    messages: int
    closes: int
    useful: int
    acknowledged_in: timedelta | None  # the median

    @property
    def precision(self) -> float | None:
        """The share of closed cases that were real, or None when nobody has closed one."""
        return self.useful / self.closes if self.closes else None

    @property
    def flagged(self) -> bool:
        """Whether enough cases say that the rule is wrong more often than right."""
        return self.closes >= ENOUGH_CLOSES and self.useful < LOW * self.closes


def rules(actor: Actor, *, at: datetime) -> QuerySet[Any, Any]:
    """Return the rules of the models the actor sees that alerted in the past year, as rows."""
    closed = Q(incident__closed_by__isnull=False) & ~Q(
        incident__verdict__in=("", CloseVerdict.RECOVERED)
    )
    took = ExpressionWrapper(
        F("incident__acknowledged_at") - F("incident__opened_at"), output_field=DurationField()
    )
    real = closed & Q(incident__verdict__in=USEFUL)
    seen = access.visible_models(actor).values("pk")
    return (
        Alert.objects.filter(model__in=seen, check_ref__isnull=False, opened_at__gte=at - SPAN)
        .values("check_ref", "condition")
        .annotate(
            model_slug=F("model__slug"),
            model_name=F("model__name"),
            unit=F("model__unit__slug"),
            slug_of_check=F("check_ref__slug"),
            alerts=Count("pk", distinct=True),
            messages=Count(
                "deliveries", filter=Q(deliveries__state=DeliveryState.SENT), distinct=True
            ),
            closes=Count("incident", filter=closed, distinct=True),
            useful=Count("incident", filter=real, distinct=True),
            took=Median(took),
        )
    )


def rule(row: dict[str, Any]) -> Rule:
    """Return a row of `rules` as a rule."""
    return Rule(
        model=row["model_slug"],
        model_name=row["model_name"],
        business_unit=row["unit"],
        check=row["slug_of_check"],
        condition=row["condition"],
        alerts=row["alerts"],
        messages=row["messages"],
        closes=row["closes"],
        useful=row["useful"],
        acknowledged_in=row["took"],
    )
