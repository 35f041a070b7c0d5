"""The inventory record: typed, merged field by field, and honest about what it lacks."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import assessment, catalogue, clock
from registry.models import AuditEvent, BusinessUnit, ModelVersion, Person, RegisteredModel
from registry.problems import Invalid
from registry.record import completeness, tags
from registry.record.body import RecordBody
from registry.record.completeness import Held, RecordFacts
from registry.record.fields import TIERS, fields
from tests.cast import acting
from tests.factories import PersonFactory, tracked_model
from tests.registry.api import Caller, pointers

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
GROUPS = json.loads((Path(__file__).parent / "data/field_groups.json").read_text())
# What Muster cannot fill or compute yet, or keeps elsewhere: docs/record.md says where.
NOT_KEPT = {
    "actual_use_observed",
    "validation_status, last_validated, next_due, cycle, cycle_reason",
    "open_findings by severity, oldest_age",
    "approval: version, purpose, conditions, limits, thresholds, review_by",
    "exceptions in force",
    "monitoring_plan[]",
    "monitoring_status, indicator values and dates",
    "overlays in force",
    "change_log[]",
    "rollback_target, last_drill",
}


def test_every_group_of_the_reference_is_kept_or_named_as_missing():
    kept = {field.covers for field in fields()} - {""}

    assert kept | NOT_KEPT == set(GROUPS)
    assert kept & NOT_KEPT == set()
    assert len(GROUPS) == 66


def test_what_people_type_is_exactly_the_typed_body():
    assert {field.key for field in fields() if field.is_typed} == set(RecordBody.model_fields)


def test_every_rule_of_a_field_is_a_tier_or_a_tag_that_can_be_computed():
    names = {"EU", "EUHR", "EUHR-PROVIDER", "EU-ANNEX-III", "EU-6-3", "PERS", "CREDIT", "PAY"}
    known = {"all", *TIERS.values(), *names, "NYC-AEDT", "VENDOR", "ADAPT", "IN-USE", "RETIRED"}

    assert {rule for field in fields() for rule in field.mandatory_for} <= known


def said(*, places=(), answers=None, lifecycle="active", role="one_input", **record):
    return {
        "jurisdictions": list(places),
        "tier_answers": answers or {},
        "lifecycle": lifecycle,
        "decision_role": role,
        "record": record,
    }


@pytest.mark.parametrize(
    ("facts", "names"),
    [
        (said(), {"IN-USE"}),
        (said(places=["DE"]), {"EU", "IN-USE"}),
        (said(places=["GB"]), {"IN-USE"}),
        (said(places=["EU"], answers={"eu_high_risk": True}), {"EU", "EUHR", "IN-USE"}),
        (
            said(places=["FR"], eu_class="high_risk_annex_iii", eu_role="both"),
            {"EU", "EUHR", "EUHR-PROVIDER", "EU-ANNEX-III", "IN-USE"},
        ),
        (said(places=["US"], eu_class="high_risk_annex_iii"), {"IN-USE"}),
        (said(places=["IT"], eu_class="art_6_3_excluded"), {"EU", "EU-6-3", "IN-USE"}),
        (said(people_affected={"groups": ["customers"]}), {"PERS", "IN-USE"}),
        (said(people_affected={"groups": ["none"]}), {"IN-USE"}),
        (
            said(answers={"significant_effect_on_people": True}, role="fully_automated"),
            {"PERS", "ADM", "IN-USE"},
        ),
        (said(decides_about=["credit", "pay"]), {"CREDIT", "PAY", "IN-USE"}),
        (said(places=["US-NYC"], decides_about=["employment"]), {"NYC-AEDT", "IN-USE"}),
        (said(places=["US-CA"], decides_about=["employment"]), {"IN-USE"}),
        (said(origin="vendor"), {"VENDOR", "IN-USE"}),
        (said(model_kind="vendor_black_box"), {"VENDOR", "IN-USE"}),
        (said(adaptation_mode="online_learning"), {"ADAPT", "IN-USE"}),
        (said(adaptation_mode="scheduled_retrain", lifecycle="proposed"), set()),
        (said(lifecycle="decommissioned"), {"RETIRED"}),
    ],
)
def test_tags_follow_from_facts(facts, names):
    found = tags.tags(tags.facts(facts))

    assert {tag.name for tag in found} == names
    assert all(tag.reason for tag in found)


def facts(tier=1, names=(), **held):
    return RecordFacts(
        tier=tier,
        tags=tuple(tags.Tag(name, "so it is") for name in names),
        held={key: Held(value, "typed") for key, value in held.items()},
        registered_at=NOW,
        tier_since=NOW,
    )


@pytest.mark.parametrize(("tier", "days"), [(1, 30), (2, 60), (3, 90), (4, 90)])
def test_a_gap_names_field_reason_person_and_day(tier, days):
    found = completeness.assess(facts(tier), at=NOW)

    gap = next(gap for gap in found.gaps if gap.field == "origin")
    assert (gap.who, gap.why) == ("owner", "asked of every model")
    assert gap.due == NOW + timedelta(days=days)
    assert "record.origin" in gap.mend
    assert not gap.overdue
    late = completeness.assess(facts(tier), at=NOW + timedelta(days=days))
    assert late.overdue == late.wanted == len(late.gaps)


def test_a_lighter_tier_is_asked_for_less_and_a_tag_for_more():
    wanted = {tier: completeness.assess(facts(tier), at=NOW).wanted for tier in (1, 2, 3, 4)}

    assert wanted[1] > wanted[2] > wanted[3] > wanted[4]
    assert completeness.assess(facts(3, ["VENDOR"]), at=NOW).wanted == wanted[3] + 1


def test_a_tag_that_came_later_gives_its_fields_their_own_day():
    later = NOW + timedelta(days=100)
    known = RecordFacts(3, (tags.Tag("PAY", "why"),), {}, NOW, NOW, {"PAY": later})

    gaps = {gap.field: gap for gap in completeness.assess(known, at=later).gaps}
    assert gaps["pay_equity"].due == later + timedelta(days=90)
    assert gaps["origin"].overdue and not gaps["pay_equity"].overdue


def test_what_the_law_asks_later_is_due_later():
    gaps = completeness.assess(facts(1, ["EUHR-PROVIDER"]), at=NOW).gaps

    registration = next(gap for gap in gaps if gap.field == "eu_registration")
    assert registration.due == datetime(2027, 12, 2, tzinfo=UTC)


def test_what_mlflow_lacks_says_what_to_log():
    gaps = {gap.field: gap for gap in completeness.assess(facts(1), at=NOW).gaps}

    assert gaps["input_schema"].mend.startswith("Log it with the run:")
    assert "infer_signature" in gaps["input_schema"].mend
    assert "record.datasets" in gaps["datasets"].mend
    assert "log_input" in gaps["datasets"].mend


@given(st.booleans(), st.sampled_from([0, False, "x", [0], {"a": None}]))
def test_no_and_zero_are_values(_, value):
    assert completeness.is_filled(Held(value, "typed"))
    assert not completeness.is_filled(Held([], "typed"))


PATH = "models/card-fraud/"


def put(ana, **record):
    return ana.patch(PATH, {"record": record})


def test_a_record_is_merged_field_by_field_and_null_clears(ana):
    assert put(ana, origin="in_house", legal_entity="Acme SA").status_code == 200
    found = ana.put(PATH, {"record": {"model_kind": "trained_ml", "legal_entity": None}}).json()

    assert found["record"] == {"origin": "in_house", "model_kind": "trained_ml"}
    cleared = ana.patch(PATH, {"record": None}).json()
    assert cleared["record"] == {}


def test_the_audit_holds_the_fields_that_changed(ana, people):
    put(ana, origin="in_house", legal_entity="Acme SA")
    put(ana, origin="vendor")

    event = AuditEvent.objects.filter(action="model.changed").latest("pk")
    assert event.before["record.origin"] == "in_house"
    assert event.after == {"record.origin": "vendor"} | {
        key: value for key, value in event.after.items() if not key.startswith("record.")
    }
    assert "record.legal_entity" not in event.after


@pytest.mark.parametrize(
    ("record", "where"),
    [
        ({"orgin": "vendor"}, "/record/orgin"),
        ({"origin": "moon"}, "/record/origin"),
        ({"known_limitations": [{"text": "x"}]}, "/record/known_limitations/0/severity"),
        ({"known_limitations": []}, "/record/known_limitations"),
        ({"log_retention_days": "90"}, "/record/log_retention_days"),
        ({"validators": ["nobody@example.com"]}, "/record/validators/0"),
        ({"human_overseers": [{"person": "x@example.com"}]}, "/record/human_overseers/0/person"),
        ({"upstream": {"models": ["no-such-model"]}}, "/record/upstream/models/0"),
        ({"upstream": {"none": True, "models": ["card-fraud"]}}, "/record/upstream"),
        ({"upstream": {}}, "/record/upstream"),
        ({"people_affected": {"groups": ["none", "public"]}}, "/record/people_affected"),
        ({"fria": {}}, "/record/fria"),
        ({"nyc_aedt": {"audited_on": "2026-02-30", "auditor": "x", "independence": "y"}},
         "/record/nyc_aedt/audited_on"),
        ({"eu_class": "art_6_3_excluded", "profiles_people": True}, "/record"),
        ({"purpose": "no, that is a column"}, "/record/purpose"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(ana, record, where):
    assert pointers(put(ana, **record)) == [where]


def test_the_exclusion_is_refused_over_two_requests_too(ana):
    assert put(ana, profiles_people=True).status_code == 200

    assert pointers(put(ana, eu_class="art_6_3_excluded")) == ["/record"]


def test_people_are_looked_up_among_those_one_sees(ana, people):
    stranger = PersonFactory.create(email="far@example.com")
    ok = put(ana, validators=["vera@example.com"], accountable_executive="BEN@example.com")

    assert ok.json()["record"]["accountable_executive"] == "ben@example.com"
    assert pointers(put(ana, developers=[stranger.email])) == ["/record/developers/0"]
    Person.objects.filter(email="vera@example.com").update(is_active=False)
    # Sending back what is there is no change, even when the person has left.
    assert put(ana, validators=["vera@example.com"]).status_code == 200


def test_models_are_looked_up_among_those_one_sees(ana, people):
    tracked_model(slug="feeder", unit=people.fraud, owner=people.ana)
    tracked_model(slug="theirs", unit=people.retail, owner=people.chris)

    assert put(ana, upstream={"models": ["feeder"]}).status_code == 200
    assert pointers(put(ana, downstream={"models": ["theirs"]})) == ["/record/downstream/models/0"]


def test_completeness_prefills_from_mlflow_and_never_stores_it(ana, people):
    version = ModelVersion.objects.get()
    ModelVersion.objects.filter(pk=version.pk).update(
        run_tags={"mlflow.user": "bob", "muster.technique": "boosting"},
        signature={"inputs": [{"name": "income", "type": "double"}]},
        datasets=[{"name": "train-q2", "digest": "abc", "context": "training"}],
        documents={"MLmodel": {"flavors": ["sklearn"], "versions": {"sklearn": "1.5.2"}}},
    )
    before = ana.get(PATH).json()["record"]

    found = ana.get(PATH + "completeness/").json()

    gaps = {gap["field"] for gap in found["gaps"]}
    prefilled = {key for key, source in found["sources"].items() if source == "mlflow"}
    assert {"technique", "framework", "developers", "datasets", "input_schema"} <= prefilled
    assert prefilled & gaps == set()
    assert found["values"]["library_versions"] == {"sklearn": "1.5.2"}
    assert found["values"]["serving"][0] == {"alias": "champion", "version": 1}
    assert found["filled"] + len(found["gaps"]) == found["wanted"]
    assert ana.get(PATH).json()["record"] == before == {}


def test_what_people_type_stands_before_what_mlflow_says(ana):
    ModelVersion.objects.update(run_tags={"muster.technique": "boosting"})
    put(ana, technique="A forest")

    found = ana.get(PATH + "completeness/").json()

    assert found["values"]["technique"] == "A forest"
    assert found["sources"]["technique"] == "typed"


def test_the_clock_of_a_gap_starts_when_the_tier_changed(people):
    model = people.model
    RegisteredModel.objects.filter(pk=model.pk).update(created_at=NOW - timedelta(days=400))
    model.refresh_from_db()

    found = assessment.assess(model, at=NOW)

    assert found.completeness.overdue > 0
    assert all(gap.due <= NOW for gap in found.completeness.gaps if gap.why.endswith("every model"))


def test_a_record_needs_the_right_to_edit(people):
    viewer = PersonFactory.create(email="val@example.com")
    unit = BusinessUnit.objects.get(slug="fraud")
    unit.memberships.create(person=viewer, role="viewer")

    assert Caller(viewer).patch(PATH, {"record": {"origin": "vendor"}}).status_code == 403


def test_a_new_model_may_bring_its_record(people):
    body = {
        "name": "New", "business_unit": "fraud", "owner": "ana@example.com", "purpose": "p",
        "task": "regression", "decision_role": "one_input",
        "record": {"approved_uses": [{"purpose": "p", "start": "2026-01-01"}]},
    }  # fmt: skip
    model, created = catalogue.put_model(acting(people.ana), "fresh", body, at=clock.now())

    assert created
    assert model.record["approved_uses"] == [{"purpose": "p", "start": "2026-01-01"}]
    with pytest.raises(Invalid):
        catalogue.put_model(acting(people.ana), "other", {**body, "record": 3}, at=clock.now())
