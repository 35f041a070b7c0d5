"""What people and scripts may send about units, people, servers and models.

A field that may be cleared is typed `X | None`; null in any other is refused.
"""

import re
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from registry import addresses, outbound
from registry.access import NEVER_BY_TOKEN, Right
from registry.bodies import Body, Change
from registry.models.models import DecisionRole, Lifecycle, Task
from registry.models.people import FleetRoleName, UnitRole
from registry.plain_text import Line, Name, line, lines, named
from registry.record.body import RecordBody

_EMAIL = r"^[^@\s<>\",;]+@[^@\s<>\",;]+$"


def _origin(text: str) -> str:
    parts = urlsplit(text)
    try:
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        port_is_valid = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_valid:
        raise ValueError("an address such as https://mlflow.example.com")
    if "@" in parts.netloc or parts.query or parts.fragment or re.search(r"[\s\\]", text):
        raise ValueError("no user, query or fragment; credentials have fields of their own")
    if addresses.is_never_reached(parts.hostname):
        raise ValueError("an address of this link or of a cloud's metadata is never a server")
    return text.rstrip("/")


def _ca(text: str) -> str:
    text = text.strip()
    if "PRIVATE KEY" in text:
        raise ValueError("only certificates; the text holds a private key")
    if text:
        try:
            outbound.check_ca(text)
        except outbound.OutboundError as error:
            raise ValueError("certificates as PEM text, -----BEGIN CERTIFICATE-----") from error
    return text


def _webhook_secret(text: str | None) -> str | None:
    if text and len(text) < 16:
        raise ValueError("at least 16 characters, for example: openssl rand -base64 32")
    return text


def _sendable(text: str | None) -> str | None:
    # It becomes a header: what may not stand there would come back in an error that people read.
    if text and not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("signs of ASCII only, without spaces or line breaks; look at its end")
    return text


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError("no such time zone; write it as Europe/Berlin")
    return text


Email = Annotated[
    str,
    StringConstraints(pattern=_EMAIL, max_length=254, to_lower=True),
    AfterValidator(line),
    Field(description="an e-mail address, such as ana@example.com"),
]
ModelName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
    AfterValidator(named),
]
Tag = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60, strip_whitespace=True),
    AfterValidator(named),
]
Jurisdiction = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"),
    Field(description="a country or region in capital letters, such as DE, EU or US-CA"),
]
LongText = Annotated[
    str, StringConstraints(max_length=20_000, strip_whitespace=True), AfterValidator(lines)
]
Origin = Annotated[
    str,
    Field(max_length=300, description="an address such as https://mlflow.example.com"),
    AfterValidator(_origin),
]


class UnitBody(Change):
    """A business unit."""

    name: Name = ""


class MembershipBody(Body):
    """One role in one unit."""

    business_unit: str
    role: UnitRole


class PersonBody(Change):
    """Somebody with an account; `memberships` and `fleet_roles` replace what was there."""

    name: Name = ""
    password: str | None = Field(default=None, max_length=200)
    manager: Email | None = None
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    is_active: bool = True
    memberships: list[MembershipBody] = Field(default=[], max_length=500)
    fleet_roles: list[FleetRoleName] = Field(default=[], max_length=10)


class MeBody(Body):
    """What people change about their own account."""

    time_zone: Annotated[str, AfterValidator(_time_zone)]


class MemberBody(Change):
    """The roles of one person in one unit; an empty list takes the person out."""

    roles: list[UnitRole] = Field(max_length=10)


class ServerBody(Change):
    """An MLflow server; secrets are stored encrypted and never answered."""

    origin: Origin = ""
    workspace: Line = Field(default="", max_length=120)
    username: Line = Field(default="", max_length=120)
    password: Line | None = Field(default=None, max_length=1000)
    token: Annotated[str | None, Field(max_length=4000), AfterValidator(_sendable)] = None
    ca_certificate: Annotated[str, Field(max_length=100_000), AfterValidator(_ca)] = ""
    webhook_secret: Annotated[
        str | None, Field(max_length=200), AfterValidator(_webhook_secret)
    ] = None


class TierAnswers(Body):
    """Answers to the tier's questions; one that is left out counts as the worst."""

    exposure: int | None = Field(default=None, ge=0, le=4)
    purpose: int | None = Field(default=None, ge=0, le=4)
    harm: int | None = Field(default=None, ge=0, le=4)
    method: int | None = Field(default=None, ge=0, le=3)
    data: int | None = Field(default=None, ge=0, le=3)
    change: int | None = Field(default=None, ge=0, le=3)
    build: int | None = Field(default=None, ge=0, le=3)
    bias: int | None = Field(default=None, ge=0, le=3)
    reliance: int | None = Field(default=None, ge=0, le=3)
    significant_effect_on_people: bool | None = None
    eu_high_risk: bool | None = None
    regulatory_figure: bool | None = None
    feeds_tier1: int | None = Field(default=None, ge=0, le=100_000)


class MLflowClaim(Body):
    """Where MLflow knows the model; `created_at` ties the record to one that was made anew."""

    server: str = Field(default="default", max_length=60)
    model: Line = Field(min_length=1, max_length=300)
    created_at: AwareDatetime | None = None


class ModelBody(Change):
    """A registered model; what is absent is kept, and the tier is computed, never sent."""

    name: ModelName = ""
    business_unit: str = ""
    owner: Email = ""
    deputy: Email | None = None
    purpose: Annotated[LongText, Field(min_length=1)] = ""
    description: LongText | None = None
    task: Task = Task.CLASSIFICATION
    lifecycle: Lifecycle = Lifecycle.IN_DEVELOPMENT
    decision_role: DecisionRole = DecisionRole.ONE_INPUT
    jurisdictions: list[Jurisdiction] | None = Field(default=None, max_length=300)
    tags: list[Tag] | None = Field(default=None, max_length=100)
    tier_answers: TierAnswers | None = None
    mlflow: MLflowClaim | None = None
    record: RecordBody | None = None


class ModelPatch(ModelBody):
    """A change of a registered model: null clears, `tier_answers` are merged."""

    slug: str = Field(default="", max_length=100)
    add_tags: list[Tag] = Field(default=[], max_length=100)
    remove_tags: list[Tag] = Field(default=[], max_length=100)


class TierOverrideBody(Body):
    """Another tier than the computed one; a lighter one needs an end."""

    tier: int = Field(ge=1, le=4)
    reason: Annotated[LongText, Field(min_length=1, max_length=1000)]
    ends_on: date | None = None


class DecisionBody(Body):
    """A decision with what may be said about it, and the `id` of what it was taken about."""

    reason: Line = Field(default="", max_length=500)
    override: int | None = None


class ReasonBody(Body):
    """A decision that is only taken with a reason, and the `id` of what it was taken about."""

    reason: Annotated[LongText, Field(min_length=1, max_length=500)]
    override: int | None = None


class ScopeBody(Body):
    """What a person decides about one rulebook and one model."""

    result: Literal["in", "out", "not_applicable"]
    reason: Annotated[LongText, Field(min_length=1, max_length=1000)]


def _scope(right: Right) -> Right:
    if right in NEVER_BY_TOKEN:
        raise ValueError(f"a token never holds '{right}'; a person signs in on the page for it")
    return right


class TokenBody(Change):
    """A key for a script; without scopes it may do what its person may do."""

    name: Name
    scopes: list[Annotated[Right, AfterValidator(_scope)]] = Field(default=[], max_length=20)
    business_unit: str | None = None
    days: int = Field(default=90, ge=1, le=366)
