"""Read what was decided and found; whoever asks is named, and sees only their units."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from policies.compliance import catalogue
from policies.models import (
    ControlResult,
    Decision,
    GateResult,
    Job,
    PolicyVersion,
    RetrainingPolicy,
    Trainer,
)
from policies.releases.comparison import Compared, compare
from policies.results import SATISFIED, WAIVED
from registry import access, queries
from registry.actors import Actor
from registry.models import ModelVersion, RegisteredModel

# What a control must be for nobody to have to look at it.
QUIET = (SATISFIED, WAIVED, "not_applicable")


def policies_for(actor: Actor) -> QuerySet[RetrainingPolicy]:
    """Return the visible policies; those of the whole fleet are everybody's to read."""
    units = access.visible_units(actor).values("pk")
    found = RetrainingPolicy.objects.filter(Q(unit__isnull=True) | Q(unit__in=units))
    return found.select_related("unit").prefetch_related("versions__by")


def newest_version(policy: RetrainingPolicy) -> PolicyVersion | None:
    """Return the version of a policy that is in force."""
    return max(policy.versions.all(), key=lambda version: version.number, default=None)


def trainers_for(actor: Actor) -> QuerySet[Trainer]:
    """Return the visible trainers."""
    units = access.visible_units(actor).values("pk")
    return Trainer.objects.filter(unit__in=units).select_related("unit")


def decisions_for(actor: Actor) -> QuerySet[Decision]:
    """Return the decisions about visible models."""
    return Decision.objects.filter(
        model__in=access.visible_models(actor).values("pk")
    ).select_related("model", "policy_version__policy", "job", "asked_by")


def jobs_for(actor: Actor) -> QuerySet[Job]:
    """Return the retraining jobs of visible models."""
    return Job.objects.filter(model__in=access.visible_models(actor).values("pk")).select_related(
        "model", "trainer", "decision", "result_version"
    )


def latest_decision(model: RegisteredModel) -> Decision | None:
    """Return what was decided last for a model."""
    return model.decisions.select_related("policy_version__policy").order_by("-at", "-pk").first()


def gates_of(model: RegisteredModel) -> QuerySet[GateResult]:
    """Return the newest line of each gate, for the champion and the challenger."""
    versions = [v for v in (queries.champion(model), queries.challenger(model)) if v]
    rows = GateResult.objects.filter(version__in=versions, use__is_default=True)
    newest = rows.order_by("version_id", "control", "-at", "-pk").distinct("version_id", "control")
    return GateResult.objects.filter(pk__in=newest.values("pk")).select_related("version")


def controls_of(model: RegisteredModel) -> QuerySet[ControlResult]:
    """Return the newest result of each control of the catalogue in force."""
    known = [entry.id for entry in catalogue.current().entries]
    rows = ControlResult.objects.filter(model=model, control__in=known)
    newest = rows.order_by("control", "-at", "-pk").distinct("control")
    return ControlResult.objects.filter(pk__in=newest.values("pk"))


@dataclass(frozen=True)
class UnitSummary:
    """How the controls of a unit's models stand."""

    unit: str
    name: str
    models: int
    results: dict[str, int]

    @property
    def open(self) -> int:
        """Return how many controls somebody has to look at."""
        return sum(count for result, count in self.results.items() if result not in QUIET)


def compliance_by_unit(actor: Actor) -> list[UnitSummary]:
    """Return for each visible unit how many control results there are of each kind."""
    known = [entry.id for entry in catalogue.current().entries]
    models = access.visible_models(actor)
    newest = (
        ControlResult.objects.filter(model__in=models.values("pk"), control__in=known)
        .order_by("model_id", "control", "-at", "-pk")
        .distinct("model_id", "control")
        .values_list("model__unit_id", "result")
    )
    counted = Counter(newest)
    sizes = Counter(models.values_list("unit_id", flat=True))
    return [
        UnitSummary(unit.slug, unit.name, sizes[unit.pk], _of_unit(counted.items(), unit.pk))
        for unit in access.visible_units(actor).order_by("slug")
    ]


def _of_unit(counted: Iterable[tuple[tuple[int, str], int]], unit_id: int) -> dict[str, int]:
    return {result: count for (unit, result), count in counted if unit == unit_id}


def comparison(champion: ModelVersion | None, challenger: ModelVersion | None) -> list[Compared]:
    """Return the metrics of both versions side by side; nothing when one of them is missing."""
    if champion is None or challenger is None:
        return []
    return compare(champion.metrics, challenger.metrics)
