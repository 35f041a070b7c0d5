"""What the API answers about the registry's objects; also its part of the OpenAPI document."""

import math
import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from registry import anew, discovery
from registry.models import (
    ApiToken,
    AuditEvent,
    BusinessUnit,
    MetricPoint,
    MLflowServer,
    ModelVersion,
    Person,
    RegisteredModel,
    SourceModel,
)


class UnitAnswer(BaseModel):
    slug: str
    name: str


class PersonBrief(BaseModel):
    email: str
    name: str


class MembershipAnswer(BaseModel):
    business_unit: str
    role: str


class PersonAnswer(PersonBrief):
    uuid: uuid.UUID
    manager: str | None
    time_zone: str
    is_active: bool
    memberships: list[MembershipAnswer]
    fleet_roles: list[str]


class ServerAnswer(BaseModel):
    slug: str
    origin: str
    workspace: str
    has_credentials: bool
    has_own_ca: bool
    takes_webhooks: bool
    swept_at: datetime | None
    fault: str
    fault_since: datetime | None
    probed_next_at: datetime | None


class RingAnswer(BaseModel):
    is_repeat: bool


class MLflowTie(BaseModel):
    server: str
    model: str


class ModelAnswer(BaseModel):
    """A model; `as_of` is the moment that was asked for, null for today."""

    uuid: uuid.UUID
    slug: str
    name: str
    business_unit: UnitAnswer
    owner: PersonBrief
    deputy: PersonBrief | None
    purpose: str
    description: str
    task: str
    lifecycle: str
    decision_role: str
    jurisdictions: list[str]
    tags: list[str]
    tier: int
    computed_tier: int
    tier_answers: dict[str, Any]
    tier_reasons: list[str]
    mlflow: MLflowTie | None
    created_at: datetime
    updated_at: datetime
    as_of: datetime | None = None


class ModelDetail(ModelAnswer):
    """One model with what MLflow shows of it; `presence` is null until it was seen there.

    `made_anew_at` is when another model was made in MLflow under the record's name after the one
    of the record was deleted; sent as `mlflow.created_at` it ties the record to that one.
    """

    aliases: dict[str, int]
    presence: str | None
    made_anew_at: datetime | None = None
    former_slugs: list[str]
    record: dict[str, Any]


class VersionAnswer(BaseModel):
    number: int
    aliases: list[str]
    run_id: str
    status: str
    description: str
    created_at: datetime
    deleted_at: datetime | None
    tags: dict[str, Any]
    params: dict[str, Any]
    metrics: dict[str, Any]


class VersionDetail(VersionAnswer):
    """A version with its evidence; `evidence_fault` says why some of it could not be read."""

    source: str
    run_tags: dict[str, Any]
    signature: dict[str, Any]
    datasets: list[Any]
    files: dict[str, Any]
    documents: dict[str, Any]
    digest: str
    evidence_read_at: datetime | None
    evidence_fault: str
    integrity_checked_at: datetime | None
    integrity_faults: dict[str, Any]


class IntegrityAnswer(BaseModel):
    """How many versions are compared at the next look, and when the last comparison was."""

    versions: int
    compared_at: datetime | None


class PointAnswer(BaseModel):
    """One logged value; `value` is null where MLflow holds NaN or infinity, `text` says which."""

    key: str
    step: int
    at: datetime
    value: float | None
    text: str


class TokenAnswer(BaseModel):
    id: int
    name: str
    scopes: list[str]
    business_unit: str | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewToken(TokenAnswer):
    """The only answer that ever holds the key."""

    token: str


class MeAnswer(PersonAnswer):
    """Who one is and what one may do here, with the limits of the token."""

    rights: dict[str, list[str]]


class AuditAnswer(BaseModel):
    id: int
    at: datetime
    actor: str
    action: str
    object_type: str
    object_id: str
    object: str
    business_unit: str | None
    request_id: str
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def unit(row: BusinessUnit) -> UnitAnswer:
    return UnitAnswer(slug=row.slug, name=row.name)


def brief(row: Person) -> PersonBrief:
    return PersonBrief(email=row.email, name=row.name)


def person(row: Person, *, seen_units: set[int]) -> PersonAnswer:
    """Show a person; roles in units that the reader does not see are left out."""
    return PersonAnswer(
        **brief(row).model_dump(),
        uuid=row.uuid,
        manager=row.manager.email if row.manager else None,
        time_zone=row.time_zone,
        is_active=row.is_active,
        memberships=[
            MembershipAnswer(business_unit=membership.unit.slug, role=membership.role)
            for membership in row.memberships.all()
            if membership.unit_id in seen_units
        ],
        fleet_roles=sorted(role.role for role in row.fleet_roles.all()),
    )


def server(row: MLflowServer) -> ServerAnswer:
    return ServerAnswer(
        slug=row.slug,
        origin=row.origin,
        workspace=row.workspace,
        has_credentials=bool(row.username or row.password or row.token),
        has_own_ca=bool(row.ca_certificate),
        takes_webhooks=bool(row.webhook_secret),
        swept_at=row.swept_at,
        fault=row.fault,
        fault_since=row.fault_since,
        probed_next_at=row.breaker_until,
    )


def model(row: RegisteredModel) -> ModelAnswer:
    return ModelAnswer(**_model_fields(row))


def model_detail(
    row: RegisteredModel, source: SourceModel | None, *, is_new: bool = False
) -> ModelDetail:
    slugs = [] if is_new else row.slugs.order_by("pk").values_list("slug", flat=True)
    return ModelDetail(
        **_model_fields(row),
        aliases=source.aliases if source else {},
        presence=source.presence if source else None,
        made_anew_at=_made_anew_at(row, source),
        former_slugs=[slug for slug in slugs if slug != row.slug],
        record=row.record,
    )


def _made_anew_at(row: RegisteredModel, source: SourceModel | None) -> datetime | None:
    # Only a name whose model is gone can be another's.
    if source is None or source.presence == SourceModel.Presence.PRESENT:
        return None
    found = anew.waiting(row)
    return discovery.created_at(found) if found else None


def _model_fields(row: RegisteredModel) -> dict[str, Any]:
    plain = (
        *("uuid", "slug", "name", "purpose", "description", "task", "lifecycle", "decision_role"),
        *("jurisdictions", "tags", "tier", "computed_tier", "tier_answers", "tier_reasons"),
        *("created_at", "updated_at"),
    )
    claim = row.mlflow_server
    return {field: getattr(row, field) for field in plain} | {
        "business_unit": unit(row.unit),
        "owner": brief(row.owner),
        "deputy": brief(row.deputy) if row.deputy else None,
        "mlflow": MLflowTie(server=claim.slug, model=row.mlflow_name) if claim else None,
    }


def version(row: ModelVersion, aliases: dict[str, int]) -> VersionAnswer:
    return VersionAnswer(**_version_fields(row, aliases, VersionAnswer))


def version_detail(row: ModelVersion, aliases: dict[str, int]) -> VersionDetail:
    return VersionDetail(**_version_fields(row, aliases, VersionDetail))


def _version_fields(
    row: ModelVersion, aliases: dict[str, int], answer: type[BaseModel]
) -> dict[str, Any]:
    plain = {field: getattr(row, field) for field in answer.model_fields if field != "aliases"}
    return plain | {"aliases": sorted(name for name, to in aliases.items() if to == row.number)}


def point(row: MetricPoint) -> PointAnswer:
    finite = row.number is not None and math.isfinite(row.number)
    return PointAnswer(
        key=row.key,
        step=row.step,
        at=row.at,
        value=row.number if finite else None,
        text=row.value,
    )


def token(row: ApiToken) -> TokenAnswer:
    return TokenAnswer(**_token_fields(row))


def new_token(row: ApiToken, key: str) -> NewToken:
    return NewToken(**_token_fields(row), token=key)


def _token_fields(row: ApiToken) -> dict[str, Any]:
    plain = ("id", "name", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    unit_slug = row.unit.slug if row.unit else None
    return {field: getattr(row, field) for field in plain} | {"business_unit": unit_slug}


def audit_event(row: AuditEvent) -> AuditAnswer:
    return AuditAnswer(
        id=row.pk,
        at=row.at,
        actor=row.actor_label,
        action=row.action,
        object_type=row.object_type,
        object_id=row.object_id,
        object=row.object_label,
        business_unit=row.unit.slug if row.unit else None,
        request_id=row.request_id,
        reason=row.reason,
        before=row.before,
        after=row.after,
    )
