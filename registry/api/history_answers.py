"""What the API answers about the past of a model."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from registry import history, serializers
from registry.models import AliasEvent, ModelRevision, ModelVersion
from registry.serving import Aliases

_UNKNOWN = "unknown"


class _Span(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True)


class ChangeAnswer(BaseModel):
    """One field before and after."""

    field: str
    before: Any
    after: Any


class RevisionAnswer(_Span):
    """What a record said from one moment to another; `to` is null for what it says now.

    `changes` is null where the revision before belongs to a unit that you do not see.
    """

    number: int
    since: datetime = Field(serialization_alias="from")
    until: datetime | None = Field(serialization_alias="to")
    business_unit: str
    by: str | None
    reason: str
    changes: list[ChangeAnswer] | None


class AliasEventAnswer(_Span):
    """An alias that came (`from` is null), moved or went (`to` is null), when it was seen.

    `by` is `unknown` for a move that Muster did not make: MLflow does not tell who it was.
    """

    alias: str
    start: int | None = Field(serialization_alias="from")
    end: int | None = Field(serialization_alias="to")
    seen_at: datetime
    by: str


class AliasThen(BaseModel):
    """Where an alias pointed, since when, and who had moved it."""

    alias: str
    number: int
    since: datetime
    by: str


class VersionThen(BaseModel):
    """A version that was there: only what cannot change later."""

    number: int
    aliases: list[str]
    run_id: str
    created_at: datetime
    first_seen_at: datetime


class AliasesAnswer(BaseModel):
    """The aliases and the newest versions (at most 500) of one moment."""

    as_of: datetime
    aliases: list[AliasThen]
    versions: list[VersionThen]
    versions_total: int


def model(row: ModelRevision, moment: datetime) -> serializers.ModelAnswer:
    """Show a revision of `history.inventory_as_of` as the model it was."""
    return serializers.ModelAnswer(**_model_fields(row, moment))


def model_detail(row: ModelRevision, aliases: Aliases, moment: datetime) -> serializers.ModelDetail:
    """Show one model as it was, with its aliases; whether MLflow had it then is not kept."""
    return serializers.ModelDetail(
        **_model_fields(row, moment),
        aliases={name: int(event.to_number or 0) for name, event in aliases.items()},
        presence=None,
        former_slugs=history.former_slugs(row),
        record=row.snapshot.get("record", {}),
    )


def _model_fields(row: ModelRevision, moment: datetime) -> dict[str, Any]:
    said = row.snapshot
    server, _, name = (said.get("mlflow") or "").partition(": ")
    plain = (
        *("slug", "name", "purpose", "description", "task", "lifecycle", "decision_role"),
        *("jurisdictions", "tags", "tier", "tier_answers"),
    )
    names = {"owner": row.owner_name, "deputy": row.deputy_name}  # type: ignore[attr-defined]
    people = {
        field: serializers.PersonBrief(email=said[field], name=shown or said[field])
        if said.get(field)
        else None
        for field, shown in names.items()
    }
    return {field: said[field] for field in plain} | {
        "uuid": row.model.uuid,
        "business_unit": serializers.unit(row.unit),
        **people,
        "computed_tier": said.get("computed_tier", said["tier"]),
        "tier_reasons": said.get("tier_reasons", []),
        "mlflow": serializers.MLflowTie(server=server, model=name) if name else None,
        "created_at": row.model.created_at,
        "updated_at": row.validity.lower,
        "as_of": moment,
    }


def revision(row: ModelRevision) -> RevisionAnswer:
    changes = history.changes(row)
    return RevisionAnswer(
        number=row.number,
        since=row.validity.lower,
        until=row.validity.upper,
        business_unit=row.unit.slug,
        by=row.by.email if row.by else None,
        reason=row.reason,
        changes=None if changes is None else [ChangeAnswer(**vars(c)) for c in changes],
    )


def alias_event(row: AliasEvent) -> AliasEventAnswer:
    return AliasEventAnswer(
        alias=row.alias,
        start=row.from_number,
        end=row.to_number,
        seen_at=row.seen_at,
        by=row.by.email if row.by else _UNKNOWN,
    )


def aliases(
    moment: datetime, held: Aliases, versions: Iterable[ModelVersion], total: int
) -> AliasesAnswer:
    return AliasesAnswer(
        as_of=moment,
        aliases=[
            AliasThen(
                alias=name,
                number=int(event.to_number or 0),
                since=event.seen_at,
                by=event.by.email if event.by else _UNKNOWN,
            )
            for name, event in sorted(held.items())
        ],
        versions=[
            VersionThen(
                number=row.number,
                aliases=sorted(n for n, event in held.items() if event.to_number == row.number),
                run_id=row.run_id,
                created_at=row.created_at,
                first_seen_at=row.first_seen_at,
            )
            for row in versions
        ],
        versions_total=total,
    )
