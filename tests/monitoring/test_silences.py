"""Silences: who may make one, over what, for how long, and what a second person changes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from monitoring import silences
from monitoring.models import Delivery, Silence
from registry import clock
from registry.access import NotAllowed
from registry.models import AuditEvent
from registry.problems import Invalid
from tests.cast import acting, bearer
from tests.monitoring.history import History, watched

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def make(who, *, at=None, **body):
    at = at or clock.now()
    given = {"model": "card-fraud", "ends_at": (at + 2 * HOUR).isoformat(), "reason": "Feed moves"}
    wanted = {name: value for name, value in {**given, **body}.items() if value is not None}
    return silences.make(acting(who), wanted, at=at)


def test_it_has_a_maker_a_reason_and_an_end(people):
    made = make(people.ben)

    assert (made.unit, made.model, made.made_by) == (people.fraud, people.model, people.ben)
    event = AuditEvent.objects.get()
    assert (event.action, event.reason) == ("silence.made", "Feed moves")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": ""}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"ends_at": None}, "/ends_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "/ends_at"),
        ({"ends_at": "2026-01-01"}, "/ends_at"),
        ({"ends_at": "2999-01-01T00:00:00Z"}, "/ends_at"),
        ({"starts_at": "2020-01-01T00:00:00Z"}, "/starts_at"),
        ({"check": "nonsense"}, "/check"),
        ({"model": "nonsense"}, "/model"),
        ({"model": "", "business_unit": "nonsense"}, "/business_unit"),
        ({"model": "", "check": "data"}, "/model"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(people, body, pointer):
    with pytest.raises(Invalid) as error:
        make(people.ana, **body)
    assert [one.pointer for one in error.value.errors] == [pointer]
    assert not Silence.objects.exists()


def test_a_whole_unit_is_silenced_by_its_admins_only(people):
    with pytest.raises(NotAllowed):
        make(people.ana, model="", business_unit="fraud")
    assert make(people.pat, model="", business_unit="fraud").model is None


def test_another_unit_sees_neither_the_model_nor_its_silence(people):
    with pytest.raises(Invalid):
        make(people.chris)
    made = make(people.ana)
    assert silences.visible(acting(people.chris)).count() == 0
    assert list(silences.visible(acting(people.ben))) == [made]


def test_only_somebody_else_agrees_and_the_database_holds_it(people):
    made = make(people.ana)
    with pytest.raises(Invalid) as error:
        silences.agree(acting(people.ana), made, at=clock.now())
    assert [one.code for one in error.value.errors] == ["same_person"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Silence.objects.filter(pk=made.pk).update(agreed_by=people.ana)

    assert silences.agree(acting(people.vera), made, at=clock.now()).agreed_by == people.vera
    with pytest.raises(Invalid):
        silences.agree(acting(people.ben), made, at=clock.now() + 3 * HOUR)


def test_ending_it_asks_again_what_it_held(people):
    history = History(people.model)
    history.week(1, "missed", "no batch came")
    made = make(people.ana)
    later = clock.now() + HOUR
    Delivery.objects.update(held="silenced until later", due_at=later)

    ended = silences.end(acting(people.ben), made, at=clock.now())

    assert ended.ended_by == people.ben
    assert Delivery.objects.filter(due_at__lt=later).count() == Delivery.objects.count() > 0
    assert silences.end(acting(people.ben), made, at=clock.now()).ends_at == ended.ends_at


def test_a_planned_one_can_be_taken_back_before_it_begins(people):
    at = clock.now()
    starts, ends = at + 5 * HOUR, at + 6 * HOUR
    made = make(people.ana, at=at, starts_at=starts.isoformat(), ends_at=ends.isoformat())
    ended = silences.end(acting(people.ana), made, at=at)
    assert starts < ended.ends_at < starts + HOUR / 3600


def test_the_api_lists_makes_and_ends_but_never_agrees(client, people):
    watched(people.model)
    who = bearer(people.ana)

    def post(address, body):
        return client.post(address, body, content_type="application/json", headers=who)

    ends = (clock.now() + HOUR).isoformat()
    made = post("/api/v1/silences/", {"model": "card-fraud", "check": "data", "ends_at": ends,
                                      "reason": "Feed moves"})  # fmt: skip
    assert (made.status_code, made.json()["check"]) == (201, "data"), made.content
    address = f"/api/v1/silences/{made.json()['id']}/"
    assert client.get(address, headers=bearer(people.chris)).status_code == 404
    agreed = client.post(f"{address}agree/", {}, content_type="application/json",
                         headers=bearer(people.vera))  # fmt: skip
    assert agreed.status_code == 400
    assert "token" in agreed.json()["errors"][0]["detail"]
    assert post(f"{address}end/", {}).json()["ended_by"] == people.ana.email
    assert len(client.get("/api/v1/silences/", headers=who).json()["results"]) == 1


def test_the_page_makes_agrees_and_ends(client, people):
    client.force_login(people.ana)
    day = clock.now().date().isoformat()
    told = client.post("/silences/", {"model": "card-fraud", "last_day": day, "reason": "Move"},
                       follow=True)  # fmt: skip
    assert "Silent until" in told.content.decode()
    assert "Agree" not in told.content.decode().split("<table")[1].split("<form")[0]
    number = Silence.objects.get().pk

    client.force_login(people.vera)
    page = client.get("/silences/").content.decode()
    assert "Agree" in page
    client.post(f"/silences/{number}/agree/")
    client.post(f"/silences/{number}/end/")
    found = Silence.objects.get()
    assert (found.agreed_by, found.ended_by) == (people.vera, people.vera)
    assert "Nothing is silenced" in client.get("/silences/").content.decode()
    assert "ended by Vera" in client.get("/silences/?past=1").content.decode()
    wrong = client.post("/silences/", {"model": "nonsense", "last_day": "soon", "reason": ""})
    assert wrong.status_code == 400
