"""Import from MLflow: tags become fields, each row for itself, and repeating changes nothing."""

import pytest

from registry.imports import slugs
from registry.models import AuditEvent, RegisteredModel, SlugHistory
from tests import factories
from tests.registry.api import Caller, pointers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.registry.urls")]
MAP = {
    "business_unit": "tag:bu",
    "owner": "tag:owner",
    "purpose": "description",
    "task": "tag:task",
    "tags": "tag:labels",
}
WANTED = {
    "server": "prod",
    "map": MAP,
    "defaults": {"task": "classification", "decision_role": "one_input"},
}


@pytest.fixture
def server():
    return factories.MLflowServerFactory.create(slug="prod")


def source(server, name, **fields):
    tags = {"bu": "fraud", "owner": "ana@example.com", **fields.pop("tags", {})}
    fields = {"description": f"What {name} is for", **fields}
    return factories.SourceModelFactory.create(server=server, name=name, tags=tags, **fields)


def rows(answer):
    assert answer.status_code == 200, answer.content
    return {row["model"]: row for row in answer.json()["results"]}


def test_all_that_is_unregistered_becomes_records(ana, server):
    source(server, "Churn (EU)", tags={"task": "ranking", "labels": "eu, retail"})
    source(server, "Größe der Äpfel")

    answer = ana.post("imports/mlflow/", WANTED)
    churn = RegisteredModel.objects.get(slug="churn-eu")

    assert answer.json()["state"] == "done"
    assert answer.json()["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "refused": 0}
    assert (churn.name, churn.task, churn.tags) == ("Churn (EU)", "ranking", ["eu", "retail"])
    assert (churn.purpose, churn.owner.email) == ("What Churn (EU) is for", "ana@example.com")
    assert churn.source_models.get().name == "Churn (EU)"
    assert rows(answer)["Größe der Äpfel"]["slug"] == "grosse-der-apfel"
    assert AuditEvent.objects.filter(action="model.registered").count() == 2


def test_repeating_changes_nothing_and_a_changed_tag_updates(ana, server):
    made = source(server, "churn")
    ana.post("imports/mlflow/", WANTED)
    named = {**WANTED, "models": ["churn"]}
    again = ana.post("imports/mlflow/", named)
    made.tags = {**made.tags, "owner": "ben@example.com"}
    made.save(update_fields=["tags"])
    moved = ana.post("imports/mlflow/", named)

    assert rows(again)["churn"]["status"] == "unchanged"
    assert rows(moved)["churn"]["status"] == "updated"
    assert RegisteredModel.objects.get(slug="churn").owner.email == "ben@example.com"
    assert ana.post("imports/mlflow/", WANTED).json()["total"] == 0


def test_a_known_model_keeps_what_only_the_defaults_would_give(ana, server):
    source(server, "churn")
    ana.post("imports/mlflow/", WANTED)
    ana.patch("models/churn/", {"task": "ranking", "purpose": "Edited here"})
    wanted = {**WANTED, "models": ["churn"], "map": {"task": "tag:task", "owner": "tag:owner"}}

    assert rows(ana.post("imports/mlflow/", wanted))["churn"]["status"] == "unchanged"
    assert RegisteredModel.objects.get(slug="churn").task == "ranking"


def test_a_row_that_is_refused_says_why_and_leaves_the_others_alone(ana, server):
    source(server, "good")
    source(server, "no owner", tags={"owner": ""})
    source(server, "stranger", tags={"owner": "chris@example.com"})
    source(server, "odd task", tags={"task": "guessing"})

    answer = ana.post("imports/mlflow/", {**WANTED, "models": ["good", "no owner", "stranger",
                                                               "odd task", "nowhere"]})  # fmt: skip
    found = rows(answer)

    assert [row["status"] for row in found.values()] == ["created"] + ["refused"] * 4
    absent = found["no owner"]["errors"][0]
    assert (absent["pointer"], absent["code"]) == ("/owner", "required")
    assert "'owner'" in absent["detail"] and "defaults.owner" in absent["fix"]
    assert found["stranger"]["errors"][0]["code"] == "unknown_person"
    assert found["odd task"]["errors"][0]["pointer"] == "/task"
    assert "tag:task" in found["odd task"]["errors"][0]["fix"]
    assert found["nowhere"]["errors"][0]["code"] == "unknown_model"
    assert [row["row"] for row in found.values()] == [1, 2, 3, 4, 5]


def test_the_errors_come_as_a_file_whose_cells_are_no_formulas(ana, server):
    source(server, "=cmd()", tags={"owner": ""})
    answer = ana.post("imports/mlflow/", WANTED)
    place = f"operations/{answer.json()['operation']}"
    sent = ana.get(f"{place}/errors.csv")
    lines = sent.content.decode().splitlines()

    assert sent["Content-Type"] == "text/csv; charset=utf-8"
    assert lines[0] == "row,model,slug,field,code,detail,fix"
    assert lines[1].startswith("1,'=cmd(),,owner,required,")
    assert ana.get(f"{place}/").json()["counts"]["refused"] == 1


def test_what_another_unit_owns_is_neither_seen_nor_taken(people, server):
    source(server, "ours")
    chris = Caller(people.chris)
    source(server, "theirs", tags={"bu": "retail", "owner": "chris@example.com"})

    hidden = chris.post("imports/mlflow/", {**WANTED, "models": ["ours"]})
    everything = chris.post("imports/mlflow/", WANTED)
    elsewhere = Caller(people.ana).post("imports/mlflow/", {**WANTED, "models": ["theirs"]})

    assert rows(hidden)["ours"]["errors"][0]["code"] == "unknown_model"
    assert list(rows(everything)) == ["theirs"]
    assert rows(elsewhere)["theirs"]["errors"][0]["code"] == "unknown_model"
    factories.MLflowServerFactory.create(slug="secret")
    assert pointers(chris.post("imports/mlflow/", {**WANTED, "server": "secret"})) == ["/server"]


def test_who_only_reads_registers_nothing(people, server):
    source(server, "ours")

    row = rows(Caller(people.vera).post("imports/mlflow/", WANTED))["ours"]

    assert (row["status"], row["errors"][0]["code"]) == ("refused", "not_allowed")
    assert "unit admin" in row["errors"][0]["fix"]


def test_a_dry_run_tells_and_writes_nothing(ana, server):
    source(server, "churn")
    before = AuditEvent.objects.count()

    answer = ana.post("imports/mlflow/", {**WANTED, "dry_run": True})

    assert (answer.json()["operation"], answer.json()["state"]) == (None, "preview")
    assert rows(answer)["churn"]["status"] == "created"
    assert not RegisteredModel.objects.filter(slug="churn").exists()
    assert AuditEvent.objects.count() == before


def test_namesakes_get_slugs_of_their_own(people, ana, server):
    lab = factories.MLflowServerFactory.create(slug="lab")
    for place, name in ((server, "Churn"), (server, "churn!"), (lab, "churn"), (server, "new")):
        source(place, name)
    first = rows(ana.post("imports/mlflow/", {**WANTED, "models": ["Churn", "churn!", "new"]}))
    second = rows(ana.post("imports/mlflow/", {**WANTED, "server": "lab"}))

    assert [row["slug"] for row in first.values()] == ["churn", "churn-prod", "new-prod"]
    assert second["churn"]["slug"] == "churn-lab"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Kreditwürdigkeit 2", "kreditwurdigkeit-2"),
        ("模型", "model"),
        ("  --  ", "model"),
        ("Straße/Łódź", "strasse-lodz"),
        ("a" * 300, "a" * 100),
        ("6f1c1b52-7a55-4d54-9a2f-2f0d8c1c9a10", "6f1c1b52-7a55-4d54-9a2f-2f0d8c1c9a10-prod"),
    ],
)
def test_names_become_slugs(name, slug):
    assert slugs.free(name, suffix="prod") == slug


def test_a_former_slug_is_never_given_away(people):
    SlugHistory.objects.create(slug="scorer", model=people.model)

    assert slugs.free("Scorer", suffix="prod") == "scorer-prod"
    assert slugs.free("Scorer", suffix="") == "scorer-2"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"server": "nowhere"}, "/server"),
        ({"map": {"colour": "tag:c"}}, "/map/colour"),
        ({"models": [""]}, "/models/0"),
        ({"select": {"tag": "a"}}, "/select/tag"),
    ],
)
def test_a_wrong_order_is_refused_by_field(ana, server, change, pointer):
    source(server, "churn")

    assert pointers(ana.post("imports/mlflow/", {**WANTED, **change})) == [pointer]
