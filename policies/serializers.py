"""What the API answers about policies, decisions, jobs, gates and controls."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from policies import queries
from policies.compliance import catalogue
from policies.models import ControlResult, Decision, GateResult, Job, RetrainingPolicy, Trainer


class PolicyAnswer(BaseModel):
    slug: str
    business_unit: str | None
    version: int
    selector: dict[str, Any]
    spec: dict[str, Any]
    changed_at: datetime | None
    changed_by: str | None


class TrainerAnswer(BaseModel):
    slug: str
    business_unit: str
    url: str


class DecisionAnswer(BaseModel):
    id: int
    model: str
    policy: str
    action: str
    reasons: list[str]
    facts: dict[str, Any]
    run: int | None
    cadence_due: datetime | None
    asked_by: str | None
    at: datetime
    job: uuid.UUID | None


class JobAnswer(BaseModel):
    uuid: uuid.UUID
    model: str
    trainer: str
    state: str
    reason: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    times_out_at: datetime
    attempts: int
    result_version: int | None
    error: str


class GateAnswer(BaseModel):
    version: int
    gate: str
    result: str
    reason: str
    mend: str
    seen: dict[str, Any]
    digest: str
    at: datetime


class ControlAnswer(BaseModel):
    control: str
    title: str
    statement: str
    result: str
    reason: str
    mend: str
    seen: dict[str, Any]
    catalogue_version: str
    at: datetime
    holds_until: datetime | None


def policy(row: RetrainingPolicy, *, visible: Collection[str]) -> PolicyAnswer:
    """Show a policy; models that the reader may not see are left out of its selector."""
    version = queries.newest_version(row)
    selector = dict(version.selector) if version else {}
    if "models" in selector:
        selector["models"] = [slug for slug in selector["models"] if slug in visible]
    return PolicyAnswer(
        slug=row.slug,
        business_unit=row.unit.slug if row.unit else None,
        version=version.number if version else 0,
        selector=selector,
        spec=version.spec if version else {},
        changed_at=version.at if version else None,
        changed_by=version.by.email if version and version.by else None,
    )


def trainer(row: Trainer) -> TrainerAnswer:
    """Show a trainer; its secret never leaves the database."""
    return TrainerAnswer(slug=row.slug, business_unit=row.unit.slug, url=row.url)


def decision(row: Decision) -> DecisionAnswer:
    """Show a decision with the facts it was made from."""
    job = getattr(row, "job", None)
    return DecisionAnswer(
        id=row.pk,
        model=row.model.slug,
        policy=f"{row.policy_version.policy.slug}@{row.policy_version.number}",
        action=row.action,
        reasons=row.reasons,
        facts=row.facts,
        run=row.trigger_run_id,
        cadence_due=row.cadence_due,
        asked_by=row.asked_by.email if row.asked_by else None,
        at=row.at,
        job=job.uuid if job else None,
    )


def job(row: Job) -> JobAnswer:
    """Show a retraining job."""
    return JobAnswer(
        uuid=row.uuid,
        model=row.model.slug,
        trainer=row.trainer.slug,
        state=row.state,
        reason=str(row.decision.reasons[0]) if row.decision.reasons else "",
        requested_at=row.requested_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        times_out_at=row.times_out_at,
        attempts=row.attempts,
        result_version=row.result_version.number if row.result_version else None,
        error=row.error,
    )


def gate(row: GateResult) -> GateAnswer:
    """Show one line of a version's check list."""
    return GateAnswer(
        version=row.version.number,
        gate=row.control,
        result=row.result,
        reason=row.reason,
        mend=row.facts.get("mend", ""),
        seen=row.facts.get("seen", {}),
        digest=row.digest,
        at=row.at,
    )


def control(row: ControlResult) -> ControlAnswer:
    """Show one control with what the catalogue says about it."""
    entry = catalogue.current().entry(row.control)
    return ControlAnswer(
        control=row.control,
        title=entry.title if entry else row.control,
        statement=entry.statement if entry else "",
        result=row.result,
        reason=row.reason,
        mend=row.facts.get("mend", ""),
        seen=row.facts.get("seen", {}),
        catalogue_version=row.catalogue_version,
        at=row.at,
        holds_until=row.holds_until,
    )
