"""A model that moves to another unit takes along no word of where it was."""

import pytest
from django.test import Client

from dashboard.queries.incidents import history_of
from monitoring.models import Incident
from registry import actors, audit, clock
from registry.models import AuditEvent
from tests.cast import acting, cast
from tests.registry.api import Caller

pytestmark = pytest.mark.django_db
MOVE = {"business_unit": "retail", "owner": "chris@example.com", "purpose": "new purpose"}


@pytest.fixture
def people():
    return cast()


@pytest.fixture
def moved(people):
    ana, pat = Caller(people.ana), Caller(people.pat)
    before = {"purpose": "SECRET-PURPOSE", "change_reason": "SECRET-REASON"}
    assert ana.patch("models/card-fraud/", before).status_code == 200
    assert pat.patch("models/card-fraud/", MOVE).status_code == 200


def test_each_unit_hears_its_own_side_of_a_move(people, moved):
    left, came = AuditEvent.objects.filter(action="model.changed").order_by("pk")[1:]

    assert (left.unit, came.unit) == (people.fraud, people.retail)
    assert left.before["purpose"] == "SECRET-PURPOSE"
    assert left.after == {"business_unit": "retail"}
    assert came.before == {"business_unit": "fraud"}
    assert (came.after["purpose"], came.after["owner"]) == ("new purpose", "chris@example.com")


@pytest.mark.parametrize(
    "path",
    ["/m/card-fraud/", "/m/card-fraud/history/", "/audit/?model=card-fraud", "/audit/"],
)
def test_the_new_unit_reads_nothing_of_before(people, moved, path):
    client = Client()
    client.force_login(people.chris)

    page = client.get(path)

    assert page.status_code == 200
    assert "SECRET" not in page.content.decode()


def test_the_api_tells_the_new_unit_nothing_of_before(people, moved):
    chris = Caller(people.chris)
    for path in ("audit/", "audit/?model=card-fraud", "models/card-fraud/revisions/"):
        answer = chris.get(path)
        assert answer.status_code == 200
        assert "SECRET" not in answer.content.decode()


def test_what_people_did_to_an_incident_stays_with_their_unit(people, moved):
    incident = Incident.objects.create(
        cause="model:1:drift", title="Drift", severity="watch", opened_at=clock.now()
    )
    audit.record(
        acting(people.ana), "incident.closed", incident, at=clock.now(), unit=people.fraud,
        reason="SECRET-CAUSE",
    )  # fmt: skip

    assert len(history_of(actors.of_person(people.ana), incident)) == 1
    assert history_of(actors.of_person(people.chris), incident) == []
