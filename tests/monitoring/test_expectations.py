"""What somebody says is expected shows as before, and alerts nobody until its day is over."""

from datetime import timedelta

import pytest

from monitoring import expectations
from monitoring.models import Alert, Delivery, Expectation, Incident, Run
from registry import actors
from registry.access import NotAllowed
from registry.models import AuditEvent
from registry.problems import Invalid
from tests import factories
from tests.monitoring.history import History, of_week

pytestmark = pytest.mark.django_db
DRIFT = {"income": 0.41}


@pytest.fixture
def owner(model):
    factories.MembershipFactory.create(person=model.owner, unit=model.unit, role="owner")
    return actors.of_person(model.owner)


@pytest.fixture
def model():
    return factories.tracked_model(slug="credit")


@pytest.fixture
def history(model):
    return History(model)


def expected(owner, history, **changes):
    given = {
        "reason": "the spring campaign",
        "until": of_week(12),
        "at": of_week(4),
        "feature": "income",
    }
    return expectations.expect(owner, history.check, **{**given, **changes})


def open_alerts():
    return Alert.objects.exclude(state="resolved")


def test_what_is_expected_is_stored_and_alerts_nobody(owner, history):
    history.week(1, "drift", **DRIFT)
    expected(owner, history, at=of_week(2) + timedelta(days=1))
    for number in (2, 3):
        history.week(number, "drift", **DRIFT)

    assert not Alert.objects.exists()
    assert list(Run.objects.values_list("state", flat=True)) == ["drift"] * 3


def test_what_else_moves_alerts_as_ever(owner, history):
    history.week(1, "drift", **DRIFT)
    expected(owner, history)
    for number in (2, 3):
        history.week(number, "drift", age=0.9, **DRIFT)

    assert open_alerts().get().condition == "drift"


def test_when_its_day_is_over_it_counts_again(owner, history):
    history.week(1, "drift", **DRIFT)
    expected(owner, history, until=of_week(5) + timedelta(days=1))
    for number in (2, 3, 4):
        history.week(number, "drift", **DRIFT)
    assert not Alert.objects.exists()

    for number in (5, 6):
        history.week(number, "drift", **DRIFT)
    assert open_alerts().get().since == of_week(5)


def test_who_takes_it_back_is_heard_at_the_next_verdict(owner, history):
    history.week(1, "drift", **DRIFT)
    made = expected(owner, history)
    history.week(2, "drift", **DRIFT)
    expectations.end(owner, made, at=of_week(3) + timedelta(minutes=1))
    expectations.end(owner, made, at=of_week(4))
    for number in (3, 4):
        history.week(number, "drift", **DRIFT)

    assert open_alerts().count() == 1
    made.refresh_from_db()
    assert made.ended_at == of_week(3) + timedelta(minutes=1)
    assert AuditEvent.objects.filter(action="expectation.ended").count() == 1


def test_an_open_alert_ends_and_its_incident_is_closed_as_expected(owner, history):
    for number in (1, 2):
        history.week(number, "drift", **DRIFT)
    incident = Incident.objects.get()
    assert open_alerts().count() == 1

    expected(owner, history)

    incident.refresh_from_db()
    assert not open_alerts().exists()
    assert (incident.state, incident.verdict) == ("closed", "expected")
    assert incident.closed_by == owner.person
    assert "the spring campaign" in incident.root_cause
    assert Delivery.objects.filter(kind="resolved").exists()


def test_an_alert_that_tells_of_more_stays_open(owner, history):
    for number in (1, 2):
        history.week(number, "drift", age=0.9, **DRIFT)

    expected(owner, history)

    assert open_alerts().count() == 1
    assert Incident.objects.get().state == "open"


def test_faults_are_never_excused(owner, history):
    history.week(1, "drift", **DRIFT)
    expected(owner, history, feature="")
    history.week(2, "data_fault", "The column income is missing")

    assert open_alerts().get().condition == "data_fault"


def test_one_segment_can_be_excused_alone(owner, history):
    for number in (1, 2):
        history.week(number, "drift", segment="region=EU", **DRIFT)
    expected(owner, history, segment="region=EU")
    assert not open_alerts().exists()

    for number in (3, 4):
        history.week(number, "drift", segment="region=US", **DRIFT)
    assert open_alerts().get().segment == "region=US"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"reason": " "}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"until": of_week(4)}, "/until"),
        ({"until": of_week(4) + timedelta(days=91)}, "/until"),
        ({"feature": "incomes"}, "/feature"),
        ({"segment": "region=Mars"}, "/segment"),
    ],
)
def test_nonsense_is_refused_with_the_field(owner, history, changes, pointer):
    history.week(1, "drift", **DRIFT)

    with pytest.raises(Invalid) as refused:
        expected(owner, history, **changes)

    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert not Expectation.objects.exists()


def test_who_may_only_look_may_not_expect(history, model):
    viewer = factories.PersonFactory.create()
    factories.MembershipFactory.create(person=viewer, unit=model.unit, role="viewer")

    with pytest.raises(NotAllowed):
        expected(actors.of_person(viewer), history)
