"""The past over the API: models, aliases and the register as they were, and for whom."""

import csv
import io
import json

import pytest

from registry import catalogue, clock, inventory
from registry.models import AliasEvent, SourceModel
from tests import factories
from tests.cast import acting
from tests.past import DAY, TRACKED, changed_model
from tests.registry.api import Caller, pointers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.registry.urls")]
FIRST = {**TRACKED, "tags": ["early"]}


@pytest.fixture
def now():
    return clock.now()


@pytest.fixture
def past(people, now):
    keys = ("exposure", "purpose", "harm", "method", "data", "change", "build", "bias", "reliance")
    later = {
        "owner": "ben@example.com",
        "purpose": "Keep who would leave",
        "tags": ["late"],
        "lifecycle": "active",
        "tier_answers": dict.fromkeys(keys, 0),
        "change_reason": "handed over",
    }
    source = changed_model(people, now=now, first=FIRST, later=later).source_models.get()
    factories.ModelVersionFactory.create(
        source_model=source, number=3, first_seen_at=now - 7 * DAY, deleted_at=now - 3 * DAY
    )
    return source


def ago(now, days):
    return (now - days * DAY).isoformat().replace("+00:00", "Z")


@pytest.fixture
def ana(people, past):
    return Caller(people.ana)


def test_a_model_is_answered_as_it_was(ana, now):
    then = ana.get(f"models/churn/?as_of={ago(now, 6)}").json()
    today = ana.get("models/churn/").json()

    assert (then["owner"], then["purpose"]) == (
        {"email": "ana@example.com", "name": "Ana"},
        "Tell who may leave",
    )
    assert (then["tier"], then["tags"], then["aliases"]) == (1, ["early"], {"champion": 1})
    assert then["mlflow"] == {"server": "lab", "model": "churn"}
    assert then["as_of"] == ago(now, 6)
    assert (today["owner"]["name"], today["tier"], today["as_of"]) == ("Ben", 4, None)
    assert then.keys() == today.keys()


def test_a_day_means_its_end(ana, now):
    day = (now - 5 * DAY).date().isoformat()

    assert ana.get(f"models/churn/?as_of={day}").json()["owner"]["name"] == "Ben"


def test_before_it_was_known_there_is_nothing(ana, now):
    for path in ("models/churn/", "models/churn/aliases/"):
        assert ana.get(f"{path}?as_of={ago(now, 10)}").status_code == 404
    assert ana.get(f"models/?as_of={ago(now, 10)}").json()["results"] == []


@pytest.mark.parametrize(
    "path", ["models/", "models/churn/", "models/churn/aliases/", "exports/inventory/"]
)
def test_the_future_is_refused(ana, now, path):
    for text in (ago(now, -1), "2999-01-01", "soon", ""):
        assert pointers(ana.get(f"{path}?as_of={text}")) == ["/as_of"]


@pytest.mark.parametrize(
    ("query", "before", "after"),
    [
        ("bu=fraud", 1, 1),
        ("bu=retail", 0, 0),
        ("tier=1", 1, 0),
        ("tier__lte=3", 1, 0),
        ("owner=me", 1, 0),
        ("owner=BEN@example.com", 0, 1),
        ("lifecycle=active", 0, 1),
        ("task=classification,ranking", 1, 1),
        ("tag=early", 1, 0),
        ("q=leave keep", 0, 1),
        ("q=churn tell", 1, 0),
    ],
)
def test_the_list_of_then_is_filtered_by_what_was_true_then(ana, now, query, before, after):
    for days, count in ((6, before), (1, after)):
        page = ana.get(f"models/?as_of={ago(now, days)}&count=true&{query}").json()
        assert (page["count"], [row["slug"] for row in page["results"]]) == (
            count,
            ["churn"] * count,
        )


def test_the_list_of_then_is_paged_by_the_slugs_of_then(ana, people, now):
    actor = acting(people.ana)
    for name in ("alpha", "beta", "gamma"):
        body = {**FIRST, "name": name, "mlflow": None}
        model, _ = catalogue.put_model(actor, name, body, at=now - 4 * DAY)
        catalogue.patch_model(actor, model, {"slug": f"z-{name}"}, at=now - 2 * DAY)
    address, seen = f"models/?limit=1&as_of={ago(now, 3)}", []
    while address:
        page = ana.get(address).json()
        seen += [row["slug"] for row in page["results"]]
        address = page["next"] and page["next"].removeprefix("http://testserver")

    assert seen == ["alpha", "beta", "churn", "gamma"]
    assert ana.get(f"models/z-beta/?as_of={ago(now, 3)}").json()["slug"] == "beta"
    then = ana.get(f"models/z-beta/?as_of={ago(now, 1)}").json()
    assert then["former_slugs"] == ["beta"]


def test_revisions_tell_who_changed_what_and_why(ana):
    newest, first = ana.get("models/churn/revisions/").json()["results"]

    assert (first["number"], first["changes"], first["to"]) == (1, [], newest["from"])
    assert (newest["by"], newest["reason"], newest["to"]) == (
        "ana@example.com",
        "handed over",
        None,
    )
    changes = {change["field"]: (change["before"], change["after"]) for change in newest["changes"]}
    assert changes["owner"] == ("ana@example.com", "ben@example.com")
    assert changes["tier"] == (1, 4)
    assert "name" not in changes


def test_who_was_champion_when_and_which_versions_were_there(ana, now):
    body = ana.get(f"models/churn/aliases/?as_of={ago(now, 6)}").json()

    assert body["aliases"] == [
        {"alias": "champion", "number": 1, "since": ago(now, 8), "by": "unknown"}
    ]
    assert [(v["number"], v["aliases"]) for v in body["versions"]] == [(3, []), (1, ["champion"])]
    body = ana.get("models/churn/aliases/").json()
    assert [(v["number"], v["aliases"]) for v in body["versions"]] == [(2, ["champion"]), (1, [])]
    assert body["versions_total"] == 2


def test_every_move_of_an_alias_is_told_with_when_it_was_seen(ana, now):
    rows = ana.get("models/churn/alias-events/").json()["results"]

    assert [(row["from"], row["to"], row["seen_at"], row["by"]) for row in rows] == [
        (1, 2, ago(now, 2), "unknown"),
        (None, 1, ago(now, 8), "unknown"),
    ]


def test_the_model_that_the_record_named_then_counts_and_not_that_of_today(ana, people, past, now):
    other = factories.SourceModelFactory.create(
        server=past.server, name="churn-2", first_seen_at=now - 9 * DAY
    )
    AliasEvent.objects.create(
        source_model=other, alias="champion", to_number=7, seen_at=now - 9 * DAY
    )
    ana.patch("models/churn/", {"mlflow": {"server": "lab", "model": "churn-2"}})

    assert ana.get(f"models/churn/?as_of={ago(now, 1)}").json()["aliases"] == {"champion": 2}
    assert ana.get("models/churn/aliases/").json()["aliases"][0]["number"] == 7


def test_a_model_that_mlflow_renamed_since_is_found_by_its_tie(ana, past, now):
    SourceModel.objects.filter(pk=past.pk).update(name="leavers")

    assert ana.get(f"models/churn/?as_of={ago(now, 1)}").json()["aliases"] == {"champion": 2}


def test_an_alias_that_went_pointed_nowhere(ana, past, now):
    AliasEvent.objects.create(
        source_model=past, alias="champion", from_number=2, to_number=None, seen_at=now - DAY
    )

    assert ana.get("models/churn/aliases/").json()["aliases"] == []


def export(caller, query):
    answer = caller.get(f"exports/inventory/?{query}")
    assert answer.status_code == 200, answer.content
    return answer, answer.getvalue().decode()


def test_the_csv_file_reads_back_as_the_register_of_that_day(ana, now):
    answer, text = export(ana, f"format=csv&as_of={ago(now, 6)}")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].endswith('.csv"')
    assert row["model_owner"] == "ana@example.com"
    assert (row["risk_rating"], row["model_version"]) == ("1", "1")
    assert row["deployment_date"] == (now - 8 * DAY).isoformat()
    assert row["as_of"] == (now - 6 * DAY).isoformat()
    slug, body = inventory.body(row, text=True)
    assert slug == "churn"
    assert {key: body[key] for key in FIRST} == FIRST


def test_what_was_exported_can_be_put_again_and_changes_nothing(ana, people, now):
    _, text = export(ana, "format=json")
    (row,) = json.loads(text)["models"]
    slug, body = inventory.body(row, text=False)
    catalogue.put_model(acting(people.ana), slug, body, at=now)

    assert ana.get("models/churn/revisions/?count=true").json()["count"] == 2
    assert json.loads(text).keys() == {"as_of", "generated_at", "models"}


def test_no_cell_of_the_file_is_a_formula(ana):
    ana.patch("models/churn/", {"name": "=HYPERLINK(1)", "purpose": "@cmd\n-1"})
    _, text = export(ana, "format=csv")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))

    assert (row["model_name"], row["intended_purpose"]) == ("'=HYPERLINK(1)", "'@cmd\n-1")


def test_an_export_takes_the_filters_of_the_list_and_no_other(ana):
    assert len(export(ana, "tag=early")[1].splitlines()) == 1
    assert len(export(ana, "tag=late")[1].splitlines()) == 2
    assert pointers(ana.get("exports/inventory/?limit=1")) == ["/limit"]
    assert pointers(ana.get("exports/inventory/?format=xlsx")) == ["/format"]


def test_an_empty_register_is_a_valid_file(ana, now):
    query = f"as_of={ago(now, 30)}"

    assert export(ana, f"format=csv&{query}")[1].count("\n") == 1
    assert json.loads(export(ana, f"format=json&{query}")[1])["models"] == []


def test_another_unit_sees_nothing_of_it(people, past, now):
    chris = Caller(people.chris)

    assert chris.get(f"models/?as_of={ago(now, 1)}").json()["results"] == []
    assert "churn" not in export(chris, "format=json")[1]
    assert chris.get(f"models/churn/?as_of={ago(now, 1)}").status_code == 404


def test_a_model_that_changed_hands_shows_neither_unit_the_time_of_the_other(people, ana, now):
    pat, chris = Caller(people.pat), Caller(people.chris)
    moved = {"business_unit": "retail", "owner": "chris@example.com"}
    assert pat.patch("models/churn/", moved).status_code == 200

    for caller in (ana, chris):
        assert caller.get(f"models/churn/?as_of={ago(now, 1)}").status_code == 404
        assert caller.get(f"models/?as_of={ago(now, 1)}").json()["results"] == []
    (row,) = chris.get("models/churn/revisions/").json()["results"]
    assert (row["number"], row["changes"]) == (3, None)
    assert "ben@example.com" not in chris.get("models/churn/revisions/").content.decode()
    assert pat.get(f"models/churn/?as_of={ago(now, 1)}").json()["owner"]["name"] == "Ben"


def test_the_number_of_queries_does_not_grow_with_the_models(
    ana, people, now, django_assert_max_num_queries
):
    for n in range(12):
        body = {**FIRST, "mlflow": {"server": "lab", "model": f"m{n}"}}
        catalogue.put_model(acting(people.ana), f"m{n}", body, at=now - 4 * DAY)
    with django_assert_max_num_queries(12):
        ana.get(f"models/?as_of={ago(now, 1)}")
    with django_assert_max_num_queries(12):
        export(ana, "format=csv")
