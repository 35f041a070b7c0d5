"""How useful the rules are, from what people concluded of the cases they opened."""

from datetime import timedelta

import pytest

from monitoring.models import Alert, Incident
from monitoring.queries import rules as queries
from registry import clock
from tests.cast import acting, bearer
from tests.monitoring.history import watched

pytestmark = pytest.mark.django_db


@pytest.fixture
def check(people):
    return watched(people.model)


def case(people, check, verdict="", *, minutes=None, condition="drift", segments=("",)):
    at = clock.now() - timedelta(days=1)
    taken = at + timedelta(minutes=minutes) if minutes is not None else None
    incident = Incident.objects.create(
        cause=f"model:{check.model_id}:{Incident.objects.count()}", title="Drift", opened_at=at,
        severity="watch", state="closed", closed_at=at, verdict=verdict, acknowledged_at=taken,
        closed_by=people.ana if verdict not in ("", "recovered") else None,
    )  # fmt: skip
    for segment in segments:
        Alert.objects.create(
            model=check.model, check_ref=check, condition=condition, segment=segment,
            severity="watch", dedup_key=f"{incident.pk}{segment}", incident=incident, headline="x",
            opened_at=at, since=at, state="resolved", resolved_at=at,
        )  # fmt: skip


def of(who):
    rows = queries.rules(acting(who), at=clock.now()).order_by("condition")
    return [queries.rule(row) for row in rows]


def test_precision_counts_what_people_closed_and_a_case_once(people, check):
    case(people, check, "real_drift", minutes=10, segments=("EU", "US"))
    case(people, check, "pipeline_fault", minutes=30)
    case(people, check, "false_alarm", minutes=50)
    case(people, check, "expected")
    case(people, check, "recovered")
    case(people, check, "real_drift", condition="data_fault")

    fault, drift = of(people.ana)
    assert (drift.alerts, drift.closes, drift.useful, drift.precision) == (6, 4, 2, 0.5)
    assert drift.acknowledged_in == timedelta(minutes=20)
    assert (fault.condition, fault.precision, fault.acknowledged_in) == ("data_fault", 1.0, None)
    assert of(people.chris) == []


@pytest.mark.parametrize(("false", "flagged"), [(10, False), (11, True)])
def test_a_rule_that_is_seldom_right_is_flagged_after_enough_cases(people, check, false, flagged):
    for _ in range(false):
        case(people, check, "false_alarm")
    for _ in range(20 - false):
        case(people, check, "real_drift")
    assert [rule.flagged for rule in of(people.ana)] == [flagged]
    Incident.objects.filter(verdict="real_drift").update(verdict="", closed_by=None)
    assert [rule.flagged for rule in of(people.ana)] == [False], "too few closes say nothing"


def test_page_and_api_tell_the_same(client, people, check):
    for _ in range(20):
        case(people, check, "false_alarm", minutes=200)
    [row] = client.get("/api/v1/rules/", headers=bearer(people.ana)).json()["results"]
    assert (row["precision"], row["flagged"], row["closes"]) == (0.0, True, 20)

    client.force_login(people.ana)
    page = client.get("/alerts/rules/").content.decode()
    assert "seldom right" in page
    assert "3 h" in page
    client.force_login(people.chris)
    assert "No rule has alerted" in client.get("/alerts/rules/").content.decode()


def test_the_list_goes_on_where_it_was_left(client, people, check):
    for condition in ("drift", "data_fault", "missed"):
        case(people, check, condition=condition)
    first = client.get("/api/v1/rules/?limit=2", headers=bearer(people.ana)).json()
    rest = client.get(first["next"], headers=bearer(people.ana)).json()
    found = [row["condition"] for row in [*first["results"], *rest["results"]]]
    assert found == ["data_fault", "drift", "missed"]
