"""Monitoring's endpoints for alerts, incidents, channels, deliveries and health."""

import base64

import pytest

from monitoring.models import Channel, Incident
from registry.models import AuditEvent
from tests.monitoring.history import History
from tests.registry.api import Caller, pointers

pytestmark = [pytest.mark.django_db]
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture
def history(people):
    made = History(people.model)
    made.week(1, "drift", income=0.41)
    made.week(2, "drift", income=0.41)
    return made


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def test_alerts_are_listed_with_their_numbers_and_filtered(people, history):
    ana = Caller(people.ana)

    [alert] = ana.get("alerts/?state=open&model=card-fraud&bu=fraud&severity=watch").json()[
        "results"
    ]

    assert alert["headline"] == "PSI of income 0.41 > 0.2, 2 of 3 windows"
    assert alert["detail"]["crossings"][0]["feature"] == "income"
    assert ids(ana.get("alerts/?state=resolved")) == []
    assert ids(ana.get("alerts/?bu=retail")) == []
    assert ana.get(f"alerts/{alert['id']}/").json() == alert
    assert ids(Caller(people.chris).get("alerts/")) == []
    assert Caller(people.chris).get(f"alerts/{alert['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("address", "pointer"),
    [
        ("alerts/?state=burning", "/state"),
        ("alerts/?sate=open", "/sate"),
        ("incidents/?state=firing", "/state"),
        ("deliveries/?state=lost", "/state"),
        ("deliveries/?alert=x", "/alert"),
        ("models/card-fraud/health/?days=0", "/days"),
        ("alerts/?model=%00", "/"),
        ("deliveries/?kind=%00", "/"),
    ],
)
def test_a_wrong_filter_is_refused_by_name(people, address, pointer):
    assert pointers(Caller(people.ana).get(address)) == [pointer]


@pytest.mark.parametrize("number", ["x", "0", "99999999999999999999", "²"])
def test_an_incident_that_is_no_number_is_not_found(people, number):
    ana = Caller(people.ana)

    assert ana.get(f"incidents/{number}/").status_code == 404
    assert ana.post(f"incidents/{number}/acknowledge/", {}).status_code == 404
    assert ana.get(f"alerts/{number}/").status_code == 404


def test_an_incident_is_acknowledged_and_closed(people, history):
    ben, number = Caller(people.ben), Incident.objects.get().pk

    assert ids(ben.get("incidents/?state=open&model=card-fraud")) == [number]
    assert ben.post(f"incidents/{number}/acknowledge/", {}).json()["state"] == "acknowledged"
    body = {"verdict": "real_drift", "root_cause": "The campaign"}
    assert ben.post(f"incidents/INC-{number}/close/", body).json()["verdict"] == "real_drift"

    detail = ben.get(f"incidents/{number}/").json()
    assert detail["state"] == "closed"
    assert [delivery["to"] for delivery in detail["deliveries"]] == ["Ana", "Ana"]
    assert detail["alerts"][0]["state"] == "resolved"


def test_another_units_incident_is_not_found_and_seeing_is_not_acting(people, history):
    number = Incident.objects.get().pk
    chris, pat = Caller(people.chris), Caller(people.pat)
    body = {"verdict": "real_drift", "root_cause": "x"}

    for address, sent in [("acknowledge/", {}), ("close/", body)]:
        assert chris.post(f"incidents/{number}/{address}", sent).status_code == 404
        assert pat.post(f"incidents/{number}/{address}", sent).status_code == 403
    assert ids(chris.get("incidents/?model=card-fraud")) == []


def test_a_wrong_close_names_the_fields(people, history):
    ana, number = Caller(people.ana), Incident.objects.get().pk

    assert pointers(ana.post(f"incidents/{number}/close/", {})) == ["/root_cause", "/verdict"]
    body = {"verdict": "shrug", "root_cause": " "}
    assert pointers(ana.post(f"incidents/{number}/close/", body)) == ["/root_cause", "/verdict"]


def test_deliveries_say_who_was_told_and_nothing_of_other_units(people, history):
    [row] = Caller(people.ana).get("deliveries/?state=owed&kind=firing").json()["results"]

    assert (row["to"], row["model"], row["state"]) == ("Ana", "card-fraud", "owed")
    assert ids(Caller(people.chris).get("deliveries/")) == []


def test_health_has_reasons_and_a_history(people, history):
    found = Caller(people.ana).get("models/card-fraud/health/?days=400").json()

    assert found["state"] == "watch"
    assert found["reasons"] == ["PSI of income 0.41 > 0.2, 2 of 3 windows (since 17 Aug 2026)."]
    assert found["history"][-1]["ended_at"] is None
    assert Caller(people.chris).get("models/card-fraud/health/").status_code == 404


def test_a_model_nobody_watches_is_unknown(people):
    found = Caller(people.ana).get("models/card-fraud/health/").json()

    assert (found["state"], found["history"]) == ("unknown", [])
    assert found["reasons"] == ["Nothing watches this model: nobody has ever looked."]


CHANNEL = {
    "business_unit": "fraud",
    "kind": "webhook",
    "address": "https://hooks.example.com/muster",
    "secret": SECRET,
}


def test_a_channel_is_made_once_and_never_shows_its_secret(people):
    pat = Caller(people.pat)

    first = pat.put("channels/fraud-hook/", CHANNEL)
    second = pat.put("channels/fraud-hook/", CHANNEL)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["has_secret"] is True
    assert SECRET not in first.content.decode()
    assert Channel.objects.get().secret == SECRET
    [event] = AuditEvent.objects.filter(object_type="channel")
    assert event.action == "channel.created"
    assert SECRET not in str(event.after)


def test_a_channel_that_was_given_up_is_switched_on_again(people):
    pat = Caller(people.pat)
    pat.put("channels/fraud-hook/", CHANNEL)
    pat.put("channels/fraud-hook/", {"enabled": False, "change_reason": "moving"})
    assert Channel.objects.get().disabled_reason.startswith("switched off by pat@example.com")

    found = pat.put("channels/fraud-hook/", {"enabled": True}).json()

    assert (found["enabled"], found["disabled_reason"]) == (True, "")
    assert AuditEvent.objects.filter(action="channel.changed").count() == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"address": "ftp://x"}, "/address"),
        ({"address": "https://user:pw@hooks.example.com/"}, "/address"),
        ({"address": "http://hooks.example.com/"}, "/address"),
        ({"secret": "short"}, "/secret"),
        ({"secret": ""}, "/secret"),
        ({"kind": "pigeon"}, "/kind"),
        ({"business_unit": "nowhere"}, "/business_unit"),
        ({"kind": "mail"}, "/address"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_wrong_channel_names_the_field(people, change, pointer):
    response = Caller(people.pat).put("channels/fraud-hook/", {**CHANNEL, **change})

    assert pointer in pointers(response)
    assert not Channel.objects.exists()


def test_a_team_mailbox_is_a_channel_too(people):
    body = {"business_unit": "fraud", "kind": "mail", "address": "fraud-models@example.com"}

    assert Caller(people.pat).put("channels/fraud-team/", body).status_code == 201


def test_channels_stay_inside_their_unit(people):
    Caller(people.pat).put("channels/fraud-hook/", CHANNEL)

    assert Caller(people.ana).get("channels/fraud-hook/").status_code == 200
    assert Caller(people.ana).put("channels/fraud-hook/", CHANNEL).status_code == 403
    for method in ("get", "put"):
        call = getattr(Caller(people.chris), method)
        assert (
            call("channels/fraud-hook/", *([CHANNEL] if method == "put" else [])).status_code == 404
        )


def test_nobody_can_write_a_persons_mailbox(people, history):
    [box] = Channel.objects.all()

    response = Caller(people.pat).put(f"channels/{box.slug}/", {"address": "evil@example.com"})

    assert response.status_code == 404
