"""What people may write into a record: one typed field each, null clears it."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from registry.bodies import Body
from registry.record import blocks, choices
from registry.record.texts import Person, Short, Text

_ROWS = 200


def _rows() -> Any:
    return Field(default=None, min_length=1, max_length=_ROWS)


class RecordBody(Body):
    """The fields of the inventory record that people fill; what is absent is kept."""

    business_line: Short | None = None
    legal_entity: Short | None = None
    origin: choices.Origin | None = None
    model_kind: choices.ModelKind | None = None
    technique: Short | None = None
    framework: Short | None = None
    library_versions: dict[Short, Short] | None = Field(default=None, min_length=1, max_length=100)
    approved_uses: list[blocks.Use] | None = _rows()
    prohibited_uses: Text | None = None
    foreseeable_misuse: Text | None = None
    operating_bounds: list[blocks.Bound] | None = _rows()
    decides_about: list[choices.Subject] | None = Field(default=None, min_length=1, max_length=20)
    people_affected: blocks.PeopleAffected | None = None
    developers: list[Person] | None = Field(default=None, min_length=1, max_length=50)
    validators: list[Person] | None = Field(default=None, min_length=1, max_length=50)
    approvers: list[Person] | None = Field(default=None, min_length=1, max_length=50)
    consuming_teams: list[Short] | None = Field(default=None, min_length=1, max_length=100)
    accountable_executive: Person | None = None
    human_overseers: list[blocks.Overseer] | None = _rows()
    known_limitations: list[blocks.Limitation] | None = _rows()
    assumptions: list[blocks.Assumption] | None = _rows()
    upstream: blocks.Links | None = None
    downstream: blocks.Links | None = None
    materiality_watch: list[blocks.Watch] | None = _rows()
    eu_role: choices.EuRole | None = None
    eu_class: choices.EuClass | None = None
    annex_iii_point: choices.AnnexPoint | None = None
    profiles_people: bool | None = None
    art_6_3_ground: blocks.Exclusion | None = None
    eu_registration: blocks.EuRegistration | None = None
    fria: blocks.ImpactAssessment | None = None
    dpia: blocks.ImpactAssessment | None = None
    nyc_aedt: blocks.BiasAudit | None = None
    adverse_action: blocks.AdverseAction | None = None
    pay_equity: blocks.PayEquity | None = None
    datasets: list[blocks.Dataset] | None = _rows()
    personal_data: choices.PersonalData | None = None
    special_category: bool | None = None
    protected_attributes: blocks.ProtectedAttributes | None = None
    data_kinds: blocks.DataKinds | None = None
    adaptation_mode: choices.Adaptation | None = None
    change_envelope: blocks.Envelope | None = None
    explanation_method: Short | None = None
    interpretability_level: choices.Interpretability | None = None
    compute_resources: Text | None = None
    expected_lifetime: Short | None = None
    maintenance: Text | None = None
    metric_rationale: Text | None = None
    retirement: blocks.Retirement | None = None
    vendor: blocks.Vendor | None = None
    retention_class: choices.Retention | None = None
    log_location: Short | None = None
    log_retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    standards_applied: list[blocks.Standard] | None = _rows()

    @model_validator(mode="after")
    def _exclusion_holds(self) -> Self:
        if self.profiles_people and self.eu_class == choices.EuClass.EXCLUDED:
            raise ValueError("a system that profiles people cannot use the exclusion of Art. 6(3)")
        return self
