"""How people and units want to be told."""

import pytest

from monitoring.models import NotificationSetting, UnitNotification
from registry.models import AuditEvent
from tests.cast import bearer

pytestmark = pytest.mark.django_db
MINE = "/api/v1/me/notifications/"


def put(client, who, address, body):
    return client.put(address, body, content_type="application/json", headers=bearer(who))


def test_who_never_chose_has_the_usual_hours_and_nothing_is_stored_for_it(client, people):
    answer = client.get(MINE, headers=bearer(people.ana)).json()
    assert (answer["quiet_from"], answer["quiet_until"]) == ("19:00", "07:30")
    assert (answer["digest_at"], answer["interruptions"]) == ("08:30", 2)
    assert not NotificationSetting.objects.exists()


def test_what_is_absent_is_kept_and_sending_it_again_changes_nothing(client, people):
    put(client, people.ana, MINE, {"quiet_from": "20:15", "interruptions": 5})
    answer = put(client, people.ana, MINE, {"quiet_from": "20:15"}).json()

    assert (answer["quiet_from"], answer["interruptions"]) == ("20:15", 5)
    event = AuditEvent.objects.get(action="person.notifications_changed")
    assert (event.before["interruptions"], event.after["interruptions"]) == (2, 5)
    assert client.get(MINE, headers=bearer(people.ben)).json()["interruptions"] == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"interruptions": 0}, "/interruptions"),
        ({"interruptions": 51}, "/interruptions"),
        ({"quiet_from": "25:00"}, "/quiet_from"),
        ({"digest_at": "soon"}, "/digest_at"),
        ({"quiet_form": "19:00"}, "/quiet_form"),
    ],
)
def test_a_wrong_value_is_named(client, people, body, pointer):
    answer = put(client, people.ana, MINE, body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert not NotificationSetting.objects.exists()


def test_a_unit_is_set_by_its_admins(client, people, settings):
    settings.MUSTER_NOISE_LIMITS = True
    address = "/api/v1/business-units/fraud/notifications/"
    assert put(client, people.ana, address, {"budgets": False}).status_code == 403
    assert put(client, people.chris, address, {"budgets": False}).status_code == 404

    assert put(client, people.pat, address, {"budgets": False}).json() == {
        "quiet_hours": True, "budgets": False, "monthly_report": True,
    }  # fmt: skip
    assert UnitNotification.objects.get().budgets is False
    settings.MUSTER_NOISE_LIMITS = False
    found = client.get(address, headers=bearer(people.ana)).json()
    assert found["quiet_hours"] is False, "nobody has chosen that one, so the setting says"
    assert client.get(address, headers=bearer(people.ana)).json()["budgets"] is False


def test_the_pages_set_the_same(client, people, settings):
    client.force_login(people.ana)
    settings.MUSTER_NOISE_LIMITS = False
    page = client.get("/account/notifications/").content.decode()
    assert "MUSTER_NOISE_LIMITS" in page
    settings.MUSTER_NOISE_LIMITS = True
    page = client.get("/account/notifications/").content.decode()
    assert "MUSTER_NOISE_LIMITS" not in page
    assert 'type="time"' in page
    client.post("/account/notifications/", {"quiet_from": "21:00", "watch_in_digest": "on"})
    found = NotificationSetting.objects.get()
    assert (str(found.quiet_from), found.watch_in_digest, found.weekly_report) == (
        "21:00:00", True, False,
    )  # fmt: skip
    wrong = client.post("/account/notifications/", {"interruptions": "many"})
    assert wrong.status_code == 400
    assert client.get("/settings/units/fraud/notifications/").status_code == 403

    client.force_login(people.pat)
    client.post("/settings/units/fraud/notifications/", {"quiet_hours": "on"})
    made = UnitNotification.objects.get()
    assert (made.quiet_hours, made.budgets, made.monthly_report) == (True, False, False)
