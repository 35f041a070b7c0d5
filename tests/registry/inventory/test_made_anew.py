"""A model deleted in MLflow and made anew is another one: nothing ties it but a person's word."""

import time

import pytest

from monitoring import events as news
from monitoring import incidents, series
from monitoring.models import Alert
from monitoring.states import AlertState
from registry import actors, anew, catalogue, clock, discovery, history, queries, serving
from registry.imports import from_mlflow
from registry.models import AuditEvent, ModelEvent, SourceModel
from registry.problems import Invalid
from tests import factories
from tests.registry.inventory.sweeping import events, sweep

pytestmark = pytest.mark.django_db
Kind = ModelEvent.Kind
SYSTEM = actors.system("test")


def deleted(team, name):
    team.call("DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": name})
    time.sleep(0.01)


def made(team, name, *, versions=1):
    team.model(name)
    numbers = [team.version(name, team.run()) for _ in range(versions)]
    team.alias(name, "champion", numbers[-1])


def look(server):
    at = clock.now()
    sweep(server, at=at)
    news.answer_due(at=clock.now(), seconds=5)
    return at


def told():
    rows = Alert.objects.exclude(state=AlertState.RESOLVED).order_by("pk")
    return [f"{alert.condition} {alert.segment}".strip() for alert in rows]


@pytest.fixture
def swapped(team, server, model, name):
    """A record whose model was replaced between two looks: champion v2, then v1 of the new one."""
    type(model).objects.filter(pk=model.pk).update(created_at=clock.now())
    made(team, name, versions=2)
    look(server)
    deleted(team, name)
    made(team, name)
    look(server)
    return model


def body(server, name, **more):
    return {"mlflow": {"server": server.slug, "model": name, **more}}


def test_the_record_stays_with_the_model_it_was_tied_to(swapped, server, name):
    old, new = SourceModel.objects.filter(name=name).order_by("created_ms")

    assert (old.presence, new.presence) == ("missing", "present")
    assert (old.registered_model, new.registered_model) == (swapped, None)
    assert events(swapped, Kind.MODEL_MISSING) == []
    made_at = discovery.created_at(new)
    assert events(swapped, Kind.MODEL_MADE_ANEW) == [
        {"name": name, "created_at": made_at.isoformat()}
    ]
    assert told() == ["remade_in_mlflow"]
    assert "it is not the same model: confirm by tying the record to it" in (
        Alert.objects.get().headline
    )
    assert anew.waiting(swapped) == new
    assert discovery.queue(SYSTEM).get(name=name).made_anew_for == swapped.slug
    # A metric of the old champion is not judged: its source is not there.
    assert "does not show the model" in series.watched_of(queries.champion(swapped)).fault


def test_nothing_but_its_time_of_creation_confirms_it(swapped, server, name):
    catalogue.patch_model(SYSTEM, swapped, body(server, name), at=clock.now())
    catalogue.put_model(SYSTEM, swapped.slug, body(server, name), at=clock.now())
    wanted = from_mlflow.read(SYSTEM, {"server": server.slug, "models": [name]}, at=clock.now())
    row = from_mlflow.work(SYSTEM, wanted, start=0, stop=1, at=clock.now())[0]
    old = SourceModel.objects.filter(name=name).earliest("created_ms")

    assert row.errors[0].code == "made_anew"
    with pytest.raises(Invalid) as refused:
        wrong = body(server, name, created_at=discovery.created_at(old).isoformat())
        catalogue.patch_model(SYSTEM, swapped, wrong, at=clock.now())
    assert refused.value.errors[0].pointer == "/mlflow/created_at"
    look(server)
    assert queries.source_of(swapped) == old
    assert told() == ["remade_in_mlflow"]


def test_who_ties_the_record_to_it_is_told_what_moved_by_that(swapped, server, name):
    before = clock.now()
    new = anew.waiting(swapped)
    confirmed = body(server, name, created_at=discovery.created_at(new).isoformat())
    for _ in range(2):
        catalogue.patch_model(SYSTEM, swapped, confirmed, at=clock.now())
    look(server)

    assert queries.source_of(swapped) == new
    assert told() == ["champion_moved v1"]
    assert Alert.objects.get(condition="champion_moved").headline == (
        "Champion moved from v2 of the model deleted in MLflow to v1 of the new one"
    )
    assert AuditEvent.objects.filter(action="model.retied").count() == 1
    assert events(swapped, Kind.ALIAS_MOVED)[-1] == {
        "alias": "champion", "from": 2, "to": 1, "anew": True
    }  # fmt: skip
    assert anew.waiting(swapped) is None
    assert not discovery.queue(SYSTEM).filter(name=name).exists()
    numbers = [_champion_at(swapped, moment) for moment in (before, clock.now())]
    assert numbers == [2, 1]


def _champion_at(model, moment):
    revision = history.note(SYSTEM, model, history.snapshot(model), at=moment)
    return serving.aliases_as_of(revision, moment)["champion"].to_number


def test_a_new_model_of_the_name_is_told_apart_from_a_missing_one(team, server, model, name):
    type(model).objects.filter(pk=model.pk).update(created_at=clock.now())
    made(team, name)
    look(server)
    deleted(team, name)
    for _ in range(3):
        look(server)
    assert told() == ["missing_in_mlflow"]
    made(team, name)
    look(server)
    look(server)

    assert told() == ["remade_in_mlflow"]
    assert len(events(model, Kind.MODEL_MADE_ANEW)) == 1


def test_a_version_of_the_new_model_is_never_the_one_before(swapped, server, name, team):
    new = anew.waiting(swapped)
    confirmed = body(server, name, created_at=discovery.created_at(new).isoformat())
    catalogue.patch_model(SYSTEM, swapped, confirmed, at=clock.now())
    look(server)
    team.alias(name, "champion", team.version(name, team.run()))
    look(server)

    # v2 of the new model is not v2 of the old one, from which the champion had moved.
    assert told() == ["champion_moved v1", "champion_moved v2"]


def test_a_model_of_another_unit_is_not_offered(team, server, model, name):
    factories.UnitFactory.create(slug="elsewhere")
    made(team, name)
    look(server)
    deleted(team, name)
    team.model(name)
    tag = {"name": name, "key": "muster.unit", "value": "elsewhere"}
    team.post("registered-models/set-tag", tag)
    look(server)
    new = SourceModel.objects.get(name=name, registered_model=None)

    assert anew.waiting(model) is None
    with pytest.raises(Invalid) as refused:
        confirmed = body(server, name, created_at=discovery.created_at(new).isoformat())
        catalogue.patch_model(SYSTEM, model, confirmed, at=clock.now())
    assert refused.value.errors[0].code == "of_another_unit"


def test_closing_the_incident_ties_nothing(swapped, server):
    incidents.close(
        SYSTEM, Alert.objects.get().incident_id,
        verdict="expected", root_cause="A cleanup.", at=clock.now(),
    )  # fmt: skip
    look(server)

    assert told() == []
    assert anew.waiting(swapped) is not None


def test_the_model_page_asks_and_a_press_of_the_button_ties(swapped, client):
    factories.MembershipFactory.create(person=swapped.owner, unit=swapped.unit, role="owner")
    client.force_login(swapped.owner)
    page = client.get(f"/m/{swapped.slug}/").content.decode()
    made = discovery.created_at(anew.waiting(swapped)).isoformat()
    wrong = client.post(f"/m/{swapped.slug}/tie/", {"created_at": "yesterday"}, follow=True)
    right = client.post(f"/m/{swapped.slug}/tie/", {"created_at": made}, follow=True)

    assert "deleted in MLflow and made anew under its name" in page
    assert f'value="{made}"' in page
    assert "The record was not tied" in wrong.content.decode()
    assert "The record is tied to the model that was made anew." in right.content.decode()
    assert anew.waiting(swapped) is None
