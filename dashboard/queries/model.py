"""What the model page reads beside its history, each part in one query."""

from typing import Any

from django.db.models import F, Q, QuerySet

from monitoring.models import Alert, Check, CheckVersion, ContractVersion, Incident, Run, Source
from monitoring.states import OPEN_STATES, AlertState, IncidentState
from policies.models import ControlResult, Decision, GateResult, Job
from registry import access
from registry.actors import Actor
from registry.models import AuditEvent, ModelEvent, ModelVersion, RegisteredModel, SourceModel


def mlflow_side(model: RegisteredModel) -> SourceModel | None:
    """Return the newest MLflow model tied to this record."""
    return model.source_models.select_related("server").order_by("-created_ms").first()


def versions_of(source: SourceModel | None, *, most: int = 30) -> list[ModelVersion]:
    """Return the newest versions."""
    if source is None:
        return []
    return list(source.versions.order_by("-number")[:most])


def open_alerts(model: RegisteredModel) -> list[Alert]:
    """Return what is open, the worst and oldest first."""
    return list(
        Alert.objects.filter(model=model)
        .exclude(state=AlertState.RESOLVED)
        .select_related("incident", "check_ref", "acknowledged_by")
        .prefetch_related("notes")
        .order_by("severity", "since")
    )


def recent_incidents(model: RegisteredModel) -> list[Incident]:
    """Return the latest closed incidents of the model."""
    closed = Incident.objects.filter(alerts__model=model, state=IncidentState.CLOSED)
    return list(closed.distinct().order_by("-closed_at")[:5])


def checks_of(model: RegisteredModel) -> list[Check]:
    """Return the checks in the order people think of them."""
    return list(Check.objects.filter(model=model).order_by("kind", "slug"))


def specs_of(checks: list[Check]) -> dict[int, CheckVersion]:
    """Return the version in force of each check."""
    newest = CheckVersion.objects.filter(check_ref__in=checks).order_by("check_ref", "-number")
    return {version.check_ref_id: version for version in newest.distinct("check_ref")}


def waits_of(checks: list[Check]) -> list[tuple[str, str]]:
    """Return what the oldest open run of each check says it waits for."""
    runs = Run.objects.filter(
        window__check_ref__in=checks,
        current=True,
        state__in=OPEN_STATES,
        summary__has_key="waiting_for",
    )
    rows = runs.order_by("window__check_ref__slug", "window__start").distinct(
        "window__check_ref__slug"
    )
    found = rows.values_list("window__check_ref__slug", "summary__waiting_for")
    return [(slug, str(what).rstrip(".")) for slug, what in found]


def source_of(model: RegisteredModel) -> list[Source]:
    """Return where the model's batches land."""
    return list(Source.objects.filter(model=model).order_by("name"))


def contract_of(model: RegisteredModel) -> ContractVersion | None:
    """Return the contract in force."""
    versions = ContractVersion.objects.filter(contract__model=model)
    return versions.select_related("by").order_by("-number").first()


def decisions_of(model: RegisteredModel, *, most: int = 8) -> list[Decision]:
    """Return the latest decisions."""
    return list(
        Decision.objects.filter(model=model)
        .select_related("policy_version__policy", "trigger_run__window")
        .order_by("-at", "-pk")[:most]
    )


def jobs_of(model: RegisteredModel) -> list[Job]:
    """Return the latest retrainings that were asked for."""
    jobs = Job.objects.filter(model=model).select_related("trainer", "result_version")
    return list(jobs.order_by("-requested_at")[:5])


def gate_of(version: ModelVersion) -> list[GateResult]:
    """Return the newest line of each control of the gate."""
    newest = GateResult.objects.filter(version=version).order_by("control", "-at", "-pk")
    return list(newest.distinct("control"))


def controls_of(model: RegisteredModel) -> list[ControlResult]:
    """Return the newest result of each compliance control."""
    newest = ControlResult.objects.filter(model=model).order_by("control", "-at", "-pk")
    return list(newest.distinct("control"))


def audit_of(actor: Actor, model: RegisteredModel) -> QuerySet[AuditEvent]:
    """Return what people and Muster did to the model and to what belongs to it.

    What happened while it was another unit's stays with that unit.
    """
    key = Q(object_type="registeredmodel", object_id=str(model.pk))
    belongings: list[tuple[str, QuerySet[Any]]] = [
        ("check", model.checks.values_list("pk", flat=True)),
        ("source", model.sources.values_list("pk", flat=True)),
        ("incident", model.alerts.values_list("incident", flat=True)),
        ("job", model.jobs.values_list("pk", flat=True)),
    ]
    for name, keys in belongings:
        key |= Q(object_type=name, object_id__in=[str(pk) for pk in keys.distinct()])
    return access.visible_audit(actor).filter(key).order_by("-pk")


def events_of(model: RegisteredModel, *, most: int = 15) -> list[ModelEvent]:
    """Return what happened to the model in MLflow, newest first."""
    events = ModelEvent.objects.filter(model=model).annotate(number=F("version__number"))
    return list(events.order_by("-at", "-pk")[:most])


def check_of(model: RegisteredModel, slug: str) -> Check:
    """Return a check of the model, or raise DoesNotExist."""
    return Check.objects.select_related("model__unit").get(model=model, slug=slug)
