"""Gather from stored rows what the controls look at, once for each model."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from monitoring.models import Check, CheckVersion, Incident, Reading, Run, Window
from monitoring.states import VERDICTS
from policies.compliance.seen import (
    CaseSeen,
    CheckSeen,
    ControlFacts,
    PersonSeen,
    RecordSeen,
    RetrainingSeen,
    TierSeen,
    WindowSeen,
)
from policies.models import Job
from policies.releases import facts as release_facts
from policies.releases.documents import mapping
from policies.retraining import in_force
from registry import assessment, queries, tiering
from registry.models import AliasEvent, ModelVersion, Person, RegisteredModel, TierAssessment

# One window in twenty may be missing before the monitor counts as not alive.
WINDOWS = 20


def gather(model: RegisteredModel, *, at: datetime) -> ControlFacts:
    """Return everything the controls may look at."""
    champion = queries.champion(model)
    policy = in_force.policy_of(model)
    return ControlFacts(
        record=_record(model, at),
        tier=_tier(model),
        champion=release_facts.gather(model, champion) if champion else None,
        champion_since=_since(champion) if champion else None,
        checks=tuple(_checks(model, at)),
        cases=tuple(_cases(model)),
        policy=f"{policy.policy.slug}@{policy.number}" if policy else "",
        retrainings=tuple(_retrainings(model)),
    )


def _record(model: RegisteredModel, at: datetime) -> RecordSeen:
    found = assessment.assess(model, at=at).completeness
    return RecordSeen(
        lifecycle=model.lifecycle,
        purpose=model.purpose.strip(),
        description=model.description.strip(),
        decision_role=model.decision_role,
        jurisdictions=tuple(model.jurisdictions),
        owner=_person(model.owner),
        deputy=_person(model.deputy) if model.deputy else None,
        mlflow_name=model.mlflow_name,
        uses=model.uses.count(),
        wanted=found.wanted,
        missing=tuple(gap.label for gap in found.gaps),
        overdue=found.overdue,
        next_due=found.next_due,
    )


def _person(person: Person) -> PersonSeen:
    return PersonSeen(person.email, person.is_active)


def _tier(model: RegisteredModel) -> TierSeen:
    latest = TierAssessment.objects.filter(model=model).order_by("-at", "-pk").first()
    return TierSeen(
        tier=model.tier,
        unanswered=tuple(tiering.assess(model.tier_answers).unanswered),
        rule_version=latest.rule_version if latest else "",
        current_rule_version=tiering.RULE_VERSION,
        assessed_at=latest.at if latest else None,
    )


def _since(champion: ModelVersion) -> datetime | None:
    move = AliasEvent.objects.filter(
        source_model_id=champion.source_model_id,
        alias=queries.CHAMPION,
        to_number=champion.number,
    )
    latest = move.order_by("-seen_at", "-pk").first()
    return latest.seen_at if latest else None


def _checks(model: RegisteredModel, at: datetime) -> Iterable[CheckSeen]:
    versions = CheckVersion.objects.filter(check_ref__model=model).select_related("check_ref")
    newest = versions.order_by("check_ref_id", "-number").distinct("check_ref_id")
    for version in sorted(newest, key=lambda row: row.check_ref.slug):
        check, spec = version.check_ref, mapping(version.spec)
        segments = tuple(str(name) for name in spec.get("segments") or ())
        windows = _windows(check, at)
        yield CheckSeen(
            slug=check.slug,
            kind=check.kind,
            paused=check.paused,
            every_days=int(spec.get("every_days") or 7),
            has_limits=_has_limits(check.kind, spec),
            has_severity=bool(spec.get("severity")),
            changed_at=version.at,
            windows=windows,
            segments_wanted=segments,
            segments_read=_segments_read(check) if segments else 0,
        )


def _has_limits(kind: str, spec: dict[str, Any]) -> bool:
    if kind == Check.Kind.METRIC:
        return spec.get("limit") is not None
    if kind == Check.Kind.PERFORMANCE:
        metrics = spec.get("metrics") or []
        return bool(metrics) and all(mapping(m).get("limit") is not None for m in metrics)
    if kind == Check.Kind.FAIRNESS:
        return any(limit is not None for limit in mapping(spec.get("limits")).values())
    # A data check's limits have defaults, so that one is always there.
    return True


def _windows(check: Check, at: datetime) -> tuple[WindowSeen, ...]:
    """Return the latest windows that have a verdict or whose time is up, oldest first."""
    windows = list(Window.objects.filter(check_ref=check).order_by("-start")[: 2 * WINDOWS])
    runs = {
        run.window_id: run
        for run in Run.objects.filter(window__in=windows, current=True, state__in=VERDICTS)
    }
    due = [window for window in windows if window.pk in runs or window.due_at <= at][:WINDOWS]
    return tuple(_window(window, runs.get(window.pk)) for window in reversed(due))


def _window(window: Window, run: Run | None) -> WindowSeen:
    if run is None:
        return WindowSeen(window.start, window.end, "waiting", "its time is up without a verdict")
    return WindowSeen(window.start, window.end, run.state, run.reason[:300], run.completeness)


def _segments_read(check: Check) -> int:
    run = (
        Run.objects.filter(window__check_ref=check, current=True, finished_at__isnull=False)
        .order_by("-window__start")
        .first()
    )
    if run is None or run.finished_at is None:
        return 0
    readings = Reading.objects.filter(at=run.finished_at, run_id=run.pk).exclude(segment="")
    return readings.values("segment").distinct().count()


def _cases(model: RegisteredModel) -> Iterable[CaseSeen]:
    incidents = Incident.objects.filter(alerts__model=model).distinct().order_by("-opened_at")
    for incident in incidents[:200]:
        yield CaseSeen(
            number=incident.pk,
            title=incident.title,
            opened_at=incident.opened_at,
            acknowledged_at=incident.acknowledged_at,
            closed_at=incident.closed_at,
            verdict=incident.verdict,
            root_cause=incident.root_cause.strip(),
        )


def _retrainings(model: RegisteredModel) -> Iterable[RetrainingSeen]:
    jobs = Job.objects.filter(model=model).select_related("decision__policy_version")
    for job in jobs.order_by("requested_at", "pk"):
        spec = mapping(job.decision.policy_version.spec)
        reasons = job.decision.reasons
        yield RetrainingSeen(
            at=job.requested_at,
            cause=str(reasons[0]) if reasons else "",
            cooldown_days=int(spec.get("cooldown_days") or 0),
            max_per_quarter=int(spec.get("max_per_quarter") or 0),
        )
