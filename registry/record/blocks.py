"""The rows and blocks of which a record is made; each is a small typed object."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from registry.bodies import Body
from registry.record import choices
from registry.record.texts import ModelKey, Person, Place, Short, Text

Number = Annotated[float, Field(allow_inf_nan=False)]


class Use(Body):
    """One use: what for, on whom, where, by which system, from when to when."""

    purpose: Text = Field(title="What for")
    population: Short | None = Field(default=None, title="On whom")
    jurisdictions: list[Place] = Field(default=[], max_length=100, title="Where")
    consumer: Short | None = Field(default=None, title="By which system")
    start: date | None = Field(default=None, title="From")
    end: date | None = Field(default=None, title="Until")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.end and self.end < self.start:
            raise ValueError("a use ends after it begins")
        return self


class Bound(Body):
    """One range inside which the results can be relied on."""

    what: Short = Field(title="What")
    low: Number | None = Field(default=None, title="At least")
    high: Number | None = Field(default=None, title="At most")
    note: Short | None = Field(default=None, title="Note")


class PeopleAffected(Body):
    """Whom the decisions touch, and how many."""

    groups: list[choices.Group] = Field(min_length=1, max_length=10, title="Who")
    count: choices.CountBand | None = Field(default=None, title="How many a year")
    vulnerable: bool | None = Field(default=None, title="Children or others who need protection")

    @model_validator(mode="after")
    def _none_stands_alone(self) -> Self:
        if choices.Group.NONE in self.groups and len(self.groups) > 1:
            raise ValueError("'none' cannot stand beside a group of people")
        return self


class Overseer(Body):
    """Somebody who watches the decisions and can overrule them."""

    person: Person = Field(title="E-mail address")
    trained_on: date | None = Field(default=None, title="Trained on")


class Limitation(Body):
    """One known limit with the control that answers it."""

    text: Text = Field(title="Limitation")
    severity: choices.Severity = Field(title="Severity")
    control: Short | None = Field(default=None, title="What answers it")
    shown_to_users: bool | None = Field(default=None, title="Users are told")


class Assumption(Body):
    """One thing taken for granted."""

    text: Text = Field(title="Assumption")
    tested_by: Short | None = Field(default=None, title="How it is tested")


class OtherLink(Body):
    """Something that is no registered model."""

    kind: choices.LinkKind = Field(title="Kind")
    name: Short = Field(title="Name")


class Links(Body):
    """What a model feeds on, or what feeds on it; `none` says that there is nothing."""

    models: list[ModelKey] = Field(default=[], max_length=200, title="Models")
    others: list[OtherLink] = Field(default=[], max_length=200, title="Others")
    none: bool | None = Field(default=None, title="There is nothing")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if bool(self.none) == bool(self.models or self.others):
            raise ValueError("name models or others, or say that there is none; not both")
        return self


class Watch(Body):
    """A number that ends the de minimis state past its limit."""

    metric: Short = Field(title="Number")
    limit: Number = Field(title="Limit")
    direction: choices.Direction = Field(default=choices.Direction.ABOVE, title="Ends when")


class Document(Body):
    """A paper kept elsewhere."""

    reference: Short = Field(title="Where it is kept")
    dated: date | None = Field(default=None, title="Dated")


class Exclusion(Body):
    """Why Article 6(3) takes a system out of the high-risk class."""

    ground: choices.Ground = Field(title="Ground")
    assessment: Document = Field(title="Assessment")


class EuRegistration(Body):
    """The provider's papers for a high-risk system."""

    database_number: Short | None = Field(default=None, title="Number in the EU database")
    declaration: Document | None = Field(default=None, title="Declaration of conformity")
    ce_marked_on: date | None = Field(default=None, title="CE marking since")


class ImpactAssessment(Body):
    """An assessment that exists, or the reason why none is asked for."""

    document: Document | None = Field(default=None, title="Assessment")
    not_needed: Text | None = Field(default=None, title="Not needed because")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.document is None) == (self.not_needed is None):
            raise ValueError("name the document, or say why none is needed; one of both")
        return self


class BiasAudit(Body):
    """The audit that New York City asks for before a hiring tool is used."""

    audited_on: date = Field(title="Audit of")
    auditor: Short = Field(title="Auditor")
    independence: Text = Field(title="Why the auditor is independent")
    summary_url: Short | None = Field(default=None, title="Public summary")
    distributed_on: date | None = Field(default=None, title="First used on")
    notice_on: date | None = Field(default=None, title="Candidates told on")


class AdverseAction(Body):
    """How the reasons of a refusal come from what moved the score."""

    code_map_version: Short = Field(title="Version of the reason codes")
    max_reasons: int = Field(ge=1, le=20, title="Reasons at most")
    sample_agreement: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, title="Share of sampled refusals whose reasons agree (0 to 1)"
    )


class PayEquity(Body):
    """Pay gaps by category of worker, and clocks that run."""

    categories: list[Short] = Field(min_length=1, max_length=100, title="Categories of workers")
    factors: list[Short] = Field(default=[], max_length=100, title="Accepted objective factors")
    read_on: date | None = Field(default=None, title="Gaps last computed on")
    largest_gap: Annotated[float, Field(ge=-1, le=1)] | None = Field(
        default=None, title="Largest gap (share)"
    )
    clock_ends: date | None = Field(default=None, title="Correction is due by")


class Dataset(Body):
    """One data set with what it was used for."""

    role: choices.DataRole = Field(title="Used as")
    source: Short = Field(title="Source")
    period: Short | None = Field(default=None, title="Period")
    population: Short | None = Field(default=None, title="Population")
    digest: Short | None = Field(default=None, title="Digest")
    owner: Short | None = Field(default=None, title="Owner")


class ProtectedAttributes(Body):
    """Which protected attributes are at hand, and where group labels come from."""

    labels_from: choices.LabelsFrom = Field(title="Group labels are")
    attributes: list[Short] = Field(default=[], max_length=50, title="Attributes")


class DataKinds(Body):
    """Kinds of data that make a model harder to judge."""

    alternative: bool = Field(title="Alternative or unstructured")
    proxy: bool = Field(title="Proxies")
    external: bool = Field(title="External")
    synthetic: bool = Field(title="Synthetic")
    note: Short | None = Field(default=None, title="Note")


class Envelope(Body):
    """What a model may change without asking."""

    data: Short = Field(title="Data")
    features: Short = Field(title="Features")
    parameters: Short = Field(title="Parameters")
    metric_bounds: Short = Field(title="Bounds of the metrics")
    cadence_days: int = Field(ge=1, le=3_650, title="At most every so many days")
    cooldown_days: int = Field(ge=0, le=3_650, title="Days between two changes")


class Retirement(Body):
    """How a model ended, and what is left of it."""

    on: date = Field(title="Date")
    reason: Text = Field(title="Reason")
    replacement: Short | None = Field(default=None, title="Replaced by")
    residue: Text | None = Field(default=None, title="Decisions still in force")
    retention_until: date | None = Field(default=None, title="Kept until")


class Vendor(Body):
    """Whose the model is, what the contract gives, and how to leave."""

    supplier: Short = Field(title="Supplier")
    contract: Short = Field(title="Contract")
    information_rights: Text = Field(title="Rights to information")
    notice_right: Text = Field(title="Right to be told of changes")
    validation_documents: Short | None = Field(default=None, title="Vendor's validation papers")
    customizations: Text | None = Field(default=None, title="Changes made for us")
    exit_plan: Text = Field(title="How to leave")


class Standard(Body):
    """A standard that was followed, or an own solution in its place."""

    name: Short = Field(title="Standard or own solution")
    part: Short | None = Field(default=None, title="Which part")
    note: Short | None = Field(default=None, title="How")
