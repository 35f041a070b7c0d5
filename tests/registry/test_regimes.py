"""Rulebooks are dated data; a model falls under each by its facts or a person's reason."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.checks import check_settings
from registry import clock, scope
from registry.models import ScopeDecision
from registry.regimes import packs as regimes
from registry.regimes import rules
from registry.regimes.packs import WrongPack, packs
from tests.registry.api import Caller, pointers

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "registry/regimes"
TODAY = date(2026, 11, 22)
NAMES = {
    "us-sr26-2", "us-sr11-7", "uk-ss1-23", "ca-osfi-e23-2027", "eu-ai-act", "eu-gdpr-22",
    "eu-pay-2023-970", "eu-pay-2023-970-it", "us-ecoa-regb", "us-nyc-ll144", "sg-mas-feat",
    "sg-mas-airg-draft", "nist-ai-rmf-1.0", "iso-42001-2023",
}  # fmt: skip


def test_the_fourteen_packs_are_there():
    assert set(packs()) == NAMES
    assert len(NAMES) == 14


@pytest.mark.parametrize(
    ("name", "day", "words"),
    [
        ("us-sr11-7", TODAY, "retired since 17 Apr 2026"),
        ("us-sr11-7", date(2026, 4, 16), "in force until its retirement"),
        ("us-sr26-2", TODAY, "guidance"),
        ("uk-ss1-23", TODAY, "expectation of the supervisor"),
        ("ca-osfi-e23-2027", TODAY, "expectation of the supervisor from 1 May 2027"),
        ("ca-osfi-e23-2027", date(2027, 5, 1), "expectation of the supervisor"),
        ("eu-ai-act", TODAY, "binding now"),
        ("us-ecoa-regb", date(2026, 7, 20), "binding from 21 Jul 2026"),
        ("sg-mas-airg-draft", TODAY, "proposed, not in force"),
    ],
)
def test_a_pack_says_what_it_is_worth_on_a_day(name, day, words):
    assert packs()[name].status_on(day) == words


def test_the_ai_act_says_which_part_begins_when():
    stages = packs()["eu-ai-act"].stages_on(TODAY)

    assert "high-risk systems of Annex III: from 2 Dec 2027" in stages
    assert "high-risk systems of Annex I: from 2 Aug 2028" in stages
    assert any(line.endswith(": now") for line in stages)


def test_nothing_says_that_anybody_complies_with_a_rulebook_that_is_gone():
    files = [
        path
        for folder in ("registry", "policies", "dashboard", "templates", "docs", "examples")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".html", ".md", ".json", ".yaml", ".txt")
    ]
    wrong = re.compile(r"(SR ?11-7|OCC 2011-12)[- ]complian|compliance score of|overall compliance")

    assert [path.name for path in files if wrong.search(path.read_text())] == []


@pytest.mark.parametrize(
    "change",
    [
        {"legal_status": "law"},
        {"applies_to": "2020-01-01"},
        {"trigger": {"fact": "phase_of_the_moon", "is": True}},
        {"trigger": {"fact": "origin"}},
        {"trigger": {"all": []}},
        {"trigger": []},
        {"controls": ["all of them"]},
        {"sources": []},
        {"supersedes": ["no-such-pack"]},
        {"id": "another-name"},
        {"extra": 1},
    ],
)
def test_a_wrong_pack_is_refused_with_its_file(tmp_path, change):
    pack = json.loads((FOLDER / "us-ecoa-regb.json").read_text())
    (tmp_path / "us-ecoa-regb.json").write_text(json.dumps({**pack, **change}))

    with pytest.raises(WrongPack, match=r"us-ecoa-regb\.json"):
        regimes.read(tmp_path)


def test_a_new_rulebook_is_a_data_file(tmp_path):
    pack = json.loads((FOLDER / "us-ecoa-regb.json").read_text())
    (tmp_path / "xx-new.json").write_text(json.dumps({**pack, "id": "xx-new"}))

    assert set(regimes.read(tmp_path)) == {"xx-new"}


@pytest.mark.parametrize("firm", [{"nonsense": "yes"}, {"ca_federally_regulated": "maybe"}])
def test_a_wrong_word_about_the_firm_is_found_at_start(firm):
    with override_settings(MUSTER_FIRM=firm):
        assert [message.id for message in check_settings(None)].count("muster.E007") == 1


FACT = st.sampled_from(["origin", "model_kind", "eu_class"])
LEAF = st.builds(lambda fact, value: {"fact": fact, "is": value}, FACT, st.sampled_from("ab"))
RULE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)


# The machine that runs the tests may be busy; what is drawn is small.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(RULE, st.dictionaries(FACT, st.sampled_from("ab")))
def test_an_answer_never_changes_when_more_becomes_known(rule, known):
    rules.check(rule)
    before = rules.evaluate(rule, known).result

    for name in set(rules.names(rule)) - set(known):
        for value in "ab":
            after = rules.evaluate(rule, {**known, name: value}).result
            assert before is None or after is before


PATH = "models/card-fraud/"


def state(ana, regime):
    return ana.get(f"{PATH}scope/{regime}/").json()


def test_what_is_not_known_is_said_not_guessed(ana):
    for name in ("eu-ai-act", "us-ecoa-regb", "nist-ai-rmf-1.0"):
        assert state(ana, name)["result"] == "unknown"
    assert state(ana, "eu-ai-act")["computed_reason"] == "Not known: where the model is used."
    assert state(ana, "us-sr11-7")["result"] == "not_applicable"


def test_the_same_model_is_in_here_and_out_there(ana):
    record = {"decides_about": ["credit"], "model_kind": "rules", "eu_class": "not_ai_system"}
    ana.patch(PATH, {"jurisdictions": ["US-NY", "DE"], "record": record})
    with override_settings(MUSTER_FIRM={"us_bank_over_30bn": "yes"}):
        results = {row["regime"]: row for row in ana.get(PATH + "scope/").json()["results"]}

    assert len(results) == 14
    assert results["us-ecoa-regb"]["result"] == "in"
    assert results["us-sr26-2"]["result"] == "out"
    assert results["eu-ai-act"]["result"] == "out"
    assert results["uk-ss1-23"]["result"] == "not_applicable"
    assert "credit" in results["us-ecoa-regb"]["computed_reason"]
    assert results["us-ecoa-regb"]["facts"]["decides_about"] == ["credit"]


def test_a_bare_country_leaves_the_city_open(ana):
    record = {"decides_about": ["employment"]}
    ana.patch(PATH, {"jurisdictions": ["US"], "record": record})
    assert state(ana, "us-nyc-ll144")["result"] == "unknown"

    ana.patch(PATH, {"jurisdictions": ["US-NYC"]})
    assert state(ana, "us-nyc-ll144")["result"] == "in"


def test_a_person_decides_with_a_reason_and_is_shown_beside_the_facts(ana, people):
    ana.patch(PATH, {"jurisdictions": ["US"], "record": {"decides_about": ["credit"]}})
    body = {"result": "out", "reason": "only credit to companies, which the rule leaves out"}

    found = ana.put(f"{PATH}scope/us-ecoa-regb/", body).json()

    assert (found["result"], found["computed"], found["differs"]) == ("out", "in", True)
    assert found["decided"]["by"] == "ana@example.com"
    again = ana.put(f"{PATH}scope/us-ecoa-regb/", body)
    assert again.status_code == 200
    assert ScopeDecision.objects.count() == 1


def test_other_facts_reopen_a_decision(ana):
    ana.patch(PATH, {"jurisdictions": ["US"], "record": {"decides_about": ["credit"]}})
    body = {"result": "out", "reason": "companies only"}
    ana.put(f"{PATH}scope/us-ecoa-regb/", body)

    ana.patch(PATH, {"record": {"decides_about": ["credit", "housing"]}})

    found = state(ana, "us-ecoa-regb")
    assert found["result"] == found["computed"] == "in"
    assert found["reopened"] == "facts changed since: what it decides about"
    assert found["decided"]["result"] == "out"
    ana.put(f"{PATH}scope/us-ecoa-regb/", body)
    assert state(ana, "us-ecoa-regb")["reopened"] == ""
    assert ScopeDecision.objects.count() == 2


def test_a_new_version_of_a_pack_reopens_a_decision(ana, people, monkeypatch):
    ana.patch(PATH, {"jurisdictions": ["GB"]})
    ana.put(f"{PATH}scope/uk-ss1-23/", {"result": "in", "reason": "we are one"})
    newer = {**packs(), "uk-ss1-23": packs()["uk-ss1-23"].model_copy(update={"version": "2027"})}
    monkeypatch.setattr(scope, "packs", lambda: newer)
    people.model.refresh_from_db()

    found = scope.find(people.model, "uk-ss1-23", at=clock.now())

    assert found.reopened == "decided under version 2026-04, now 2027"
    assert found.is_open


def test_decisions_are_only_added(ana, people):
    ana.patch(PATH, {"jurisdictions": ["GB"]})
    ana.put(f"{PATH}scope/uk-ss1-23/", {"result": "in", "reason": "we are one"})
    with pytest.raises(Exception, match=r"insert-only|refused"):
        ScopeDecision.objects.update(result="out")


def test_the_api_refuses_what_is_wrong(ana, people):
    assert ana.put(f"{PATH}scope/no-such/", {"result": "in", "reason": "x"}).status_code == 404
    assert ana.get(f"{PATH}scope/no-such/").status_code == 404
    wrong = ana.put(f"{PATH}scope/uk-ss1-23/", {"result": "unknown", "reason": ""})
    assert pointers(wrong) == ["/reason", "/result"]
    body = {"result": "in", "reason": "x"}
    assert Caller(people.vera).put(f"{PATH}scope/uk-ss1-23/", body).status_code == 403
    assert Caller(people.chris).get(f"{PATH}scope/").status_code == 404


def test_the_list_of_rulebooks_says_who_checked_them(ana):
    rows = ana.get("regimes/").json()["results"]

    assert {row["id"] for row in rows} == NAMES
    assert all(row["status"] and row["sources"] and row["trust"] for row in rows)
