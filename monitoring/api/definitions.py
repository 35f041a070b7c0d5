"""Sources, checks and the contract of a model."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from rest_framework.response import Response

from monitoring import definitions, sourcing
from monitoring.models import Check, Contract, ContractVersion, Source
from monitoring.queries.checks import current_contract, current_version
from registry.access import Right
from registry.api_view import ResourceView, documented, route
from registry.bodies import Change
from registry.plain_text import Line, Lines


class SourceIn(Change):
    """What may be said of a source; `secret` is never shown again.

    `address` is a folder or, for `mlflow`, an experiment; `artifact` is what each run there logs:
    a file such as `scored.json`, or `dataset:<context>`. `owner` looks after the pipeline and hears
    of its faults first (null: nobody).
    """

    kind: Literal["folder", "upload", "sql", "mlflow"] | None = None
    address: Line | None = Field(default=None, max_length=1000)
    format: Literal["parquet", "csv", "arrow", "jsonl", "table"] | None = None
    query: Lines | None = Field(default=None, max_length=20_000)
    labels_query: Lines | None = Field(default=None, max_length=20_000)
    artifact: Line | None = Field(default=None, max_length=250)
    labels_artifact: Line | None = Field(default=None, max_length=250)
    secret: Line | None = Field(default=None, max_length=2000)
    owner: Line | None = Field(default=None, max_length=254)


class SourceOut(BaseModel):
    """A source as it is, and how the latest look at it went."""

    name: str
    kind: str
    address: str
    format: str
    query: str
    labels_query: str
    artifact: str
    labels_artifact: str
    has_secret: bool
    owner: str | None
    scanned_at: datetime | None
    fault: str
    fault_since: datetime | None


class CheckIn(Change):
    """What may be said of a check; keys of the spec that are absent are kept.

    `reason` tells why it is paused or goes on; without it `change_reason` does.
    """

    kind: Literal["data", "performance", "metric", "fairness", "skew"] | None = None
    spec: dict[str, Any] | None = None
    paused: bool | None = None
    reason: Line = Field(default="", max_length=500)


class CheckOut(BaseModel):
    """A check with the version in force."""

    slug: str
    kind: str
    paused: bool
    version: int
    spec: dict[str, Any]
    next_window_start: datetime


class ContractIn(Change):
    """Changes to a contract: columns by name (null drops one), and rules for the batch."""

    model_config = ConfigDict(extra="allow")

    columns: dict[str, Any] = Field(default_factory=dict)


class ContractOut(BaseModel):
    """The contract in force."""

    version: int
    learned: bool
    at: datetime
    spec: dict[str, Any]


def _source(source: Source) -> SourceOut:
    names = set(SourceOut.model_fields) - {"has_secret", "owner"}
    shown = {name: getattr(source, name) for name in names}
    owner = source.owner.email if source.owner else None
    return SourceOut(**shown, has_secret=bool(source.secret), owner=owner)


def _check(check: Check) -> CheckOut:
    version = current_version(check)
    return CheckOut(
        slug=check.slug,
        kind=check.kind,
        paused=check.paused,
        version=version.number,
        spec=version.spec,
        next_window_start=check.next_window_start,
    )


def _contract(version: ContractVersion) -> ContractOut:
    return ContractOut(
        version=version.number,
        learned=version.learned_from_id is not None,
        at=version.at,
        spec=version.spec,
    )


class SourceList(ResourceView):
    """All sources of a model."""

    @documented("List the sources of a model", answer=SourceOut, listed=True)
    def get(self, request: object, key: str) -> Response:
        """List where the model's batches and labels land."""
        rows = self.find_model(key).sources.select_related("owner")
        return self.page(rows, order=["name"], show=_source)


class SourceDetail(ResourceView):
    """One source."""

    subject = Source, {"key": "model__slug", "name": "name"}

    @documented("Show a source", answer=SourceOut)
    def get(self, request: object, key: str, name: str) -> Response:
        """Show one source with the outcome of the latest look."""
        return self.answer(_source(self.find_model(key).sources.get(name=name)))

    @documented("Set a source", body=SourceIn, answer=SourceOut, upsert=True)
    def put(self, request: object, key: str, name: str) -> Response:
        """Make or change a source; absent fields are kept."""
        found = self.find_model(key, Right.EDIT_MONITORING)
        body = self.read(SourceIn)
        given = {key: value for key, value in body.given().items() if value or key == "owner"}
        source, created = sourcing.put_source(
            self.actor, found, name, at=self.at, reason=body.change_reason, **given
        )
        return self.answer(_source(source), created=created)


class CheckList(ResourceView):
    """All checks of a model."""

    @documented("List the checks of a model", answer=CheckOut, listed=True)
    def get(self, request: object, key: str) -> Response:
        """List what is watched about the model."""
        rows = self.find_model(key).checks.all()
        return self.page(rows, order=["slug"], show=_check)


class CheckDetail(ResourceView):
    """One check."""

    subject = Check, {"key": "model__slug", "check": "slug"}

    @documented("Show a check", answer=CheckOut)
    def get(self, request: object, key: str, check: str) -> Response:
        """Show one check with the spec in force."""
        return self.answer(_check(self.find_model(key).checks.get(slug=check)))

    @documented("Set a check", body=CheckIn, answer=CheckOut, upsert=True)
    def put(self, request: object, key: str, check: str) -> Response:
        """Make or change a check; each change is a new version."""
        found = self.find_model(key, Right.EDIT_MONITORING)
        body = self.read(CheckIn)
        made, created = definitions.put_check(
            self.actor, found, check,
            at=self.at, kind=body.kind, spec=body.spec, reason=body.change_reason,
        )  # fmt: skip
        if body.paused is not None:
            why = body.reason or body.change_reason
            made = definitions.pause_check(
                self.actor, made, paused=body.paused, reason=why, at=self.at
            )
        return self.answer(_check(made), created=created)


class ContractDetail(ResourceView):
    """What a batch of the model must look like."""

    subject = Contract, {"key": "model__slug"}

    @documented("Show the contract of a model", answer=ContractOut)
    def get(self, request: object, key: str) -> Response:
        """Show the contract in force; 404 until one is learned or written."""
        found = current_contract(self.find_model(key))
        if found is None:
            raise ContractVersion.DoesNotExist
        return self.answer(_contract(found))

    @documented("Change the contract of a model", body=ContractIn, answer=ContractOut, upsert=True)
    def put(self, request: object, key: str) -> Response:
        """Change the contract column by column; from then on it is not learned any more."""
        found = self.find_model(key, Right.EDIT_MONITORING)
        body = self.read(ContractIn)
        version, created = definitions.put_contract(
            self.actor, found, at=self.at, changes=body.given(), reason=body.change_reason
        )
        return self.answer(_contract(version), created=created)


urlpatterns = [
    route("models/<key>/sources/", SourceList, "sources"),
    route("models/<key>/sources/<name>/", SourceDetail, "source"),
    route("models/<key>/checks/", CheckList, "checks"),
    route("models/<key>/checks/<check>/", CheckDetail, "check"),
    route("models/<key>/contract/", ContractDetail, "contract"),
]
