"""Fairness checks among the others: they wait, are judged, alert by group and hide small groups."""

import pytest

from monitoring import rejudging
from monitoring.alerts import message, stories
from monitoring.models import Alert, Delivery, GroupCount, Run
from monitoring.queries.groups import shown_groups
from registry import clock
from registry.problems import Invalid
from tests.cast import cast
from tests.monitoring import watching
from tests.monitoring.judging.test_performance_job import outcomes
from tests.monitoring.watching import after, look, watched, week

pytestmark = pytest.mark.django_db(transaction=True)

LABELED = {
    "label": "label",
    "limits": {"impact_ratio": 0.8, "equal_opportunity": 0.2},
    "min_labels": 50,
}


def unequal(number=0):
    """A week in which those without work are refused more often."""
    table = week(number)
    return table.assign(prediction=table["prediction"].where(table["employed"], 0.1))


def test_without_labels_it_is_judged_as_soon_as_the_batch_is_there(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "fair", "fairness")
    made.land(week())

    look(after(1))

    (run,) = made.runs(check)
    assert (run.state, run.reason, run.completeness) == ("ok", "", None)
    reading = run.readings.get()
    assert (reading.stage, reading.method, reading.direction) == ("fairness", "impact_ratio", "min")
    assert sum(GroupCount.objects.filter(run=run).values_list("n", flat=True)) == 600


def test_with_labels_it_waits_for_them(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "fair", "fairness", **LABELED)
    table = week()
    made.land(table)
    look(after(1))
    assert made.states(check) == []

    made.land_labels(outcomes(table), "2026-08-03")
    look(after(1, days=9))

    (run,) = made.runs(check)
    assert (run.state, run.completeness) == ("ok", 1.0)


def test_labels_that_never_come_are_not_evaluated(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "fair", "fairness", **LABELED)
    made.land(week())

    look(after(1, days=30))

    (run,) = made.runs(check)
    assert (run.state, run.reason) == ("not_evaluated", "labels: 0 % of rows after 28 days")


def test_labels_of_one_group_only_leave_the_other_unknown(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "fair", "fairness", **LABELED, min_completeness=0.5)
    table = week()
    made.land(table)
    made.land_labels(outcomes(table)[table["employed"].to_numpy()], "2026-08-03")

    look(after(1, days=30))

    (run,) = made.runs(check)
    assert run.state == "not_evaluated"
    assert "of employed false is unknown" in run.reason


def test_two_of_three_windows_of_the_same_group_alert_in_words_of_their_own(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "fair", "fairness")
    for number in range(2):
        made.land(unequal(number), number)
        look(after(number + 1))
        assert Alert.objects.count() == number

    alert = Alert.objects.get()
    assert made.states(check) == ["breach", "breach"]
    assert (alert.condition, alert.segment, alert.severity) == (
        "breach", "employed=false", "critical",
    )  # fmt: skip
    assert alert.headline.startswith("impact ratio of employed 0")
    assert alert.incident.title == "credit: groups are treated differently"
    letter = message.compose(
        stories.tell(Delivery.objects.select_related("alert", "channel").earliest("pk"))
    )
    assert "more than chance explains" in str(letter.parts)
    assert "employed false: 0 % favored, against" in str(letter.parts)


def test_broken_data_leave_fairness_unjudged(tmp_path, judge):
    made = watched(tmp_path)
    watching.check(made)
    check = watching.check(made, "fair", "fairness")
    made.land(week().drop(columns=["income"]))

    look(after(1))

    (run,) = made.runs(check)
    assert run.state == "not_evaluated"
    assert run.reason == "the data check of this window says: The column income is missing"


def test_small_groups_stay_hidden_on_the_page_and_in_the_api(tmp_path, judge, client):
    made = watched(tmp_path)
    people = cast()
    made.model.unit = people.ana.memberships.first().unit
    made.model.save()
    check = watching.check(made, "fair", "fairness", attributes=["region"])
    table = week()
    rare = table.index < 7
    made.land(table.assign(region=table["region"].mask(rare, "Malta")))
    look(after(1))
    (run,) = made.runs(check)

    shown = {one.group: one for one in shown_groups(run)}
    assert shown["Malta"].suppressed
    assert shown["Malta"].n is None
    # With the total, the three others would give seven away.
    assert shown["UK"].suppressed
    assert not shown["EU"].suppressed

    client.force_login(people.ana)
    page = client.get(f"/m/credit/runs/{run.pk}/").content.decode()
    assert "Groups: were they treated alike?" in page
    assert "too few rows to compare, so left out: Malta" in page
    assert ">7<" not in page
    body = client.get(f"/api/v1/runs/{run.pk}/").json()
    (malta,) = [one for one in body["groups"] if one["group"] == "Malta"]
    assert malta["suppressed"] is True
    assert {malta[name] for name in ("n", "selected", "selection_rate", "tp")} == {None}
    (uk,) = [one for one in body["readings"] if one["segment"] == "region=UK"] or [{}]
    assert uk.get("n_current") is None


def test_the_page_says_what_is_not_known(tmp_path, judge, client):
    made = watched(tmp_path)
    people = cast()
    made.model.unit = people.ana.memberships.first().unit
    made.model.save()
    check = watching.check(made, "fair", "fairness", attributes=["sex"])
    made.land(week())
    look(after(1))
    (run,) = made.runs(check)

    client.force_login(people.ana)
    page = client.get(f"/m/credit/runs/{run.pk}/").content.decode()

    assert run.state == "not_evaluated"
    assert "the batch has no column sex: nobody&#x27;s group is known" in page


def test_a_fairness_check_is_made_on_its_form(client, tmp_path):
    made = watched(tmp_path)
    people = cast()
    made.model.unit = people.ana.memberships.first().unit
    made.model.save()
    client.force_login(people.ana)
    assert (
        "Columns of the groups"
        in client.get("/m/credit/checks/new/?kind=fairness").content.decode()
    )
    form = {
        "key": "fair", "every_days": "7", "start": "2026-08-03T00:00:00Z", "grace_hours": "24",
        "source": "requests", "attributes": "sex, age_band", "decision": "prediction",
        "favorable.values": "", "favorable.at_least": "", "favorable.at_most": "0.4",
        "limits.impact_ratio": "0.8", "limits.selection_difference": "", "label": "",
        "min_cell": "30", "when.bad": "2", "when.of": "3", "when.good": "2",
        "severity.breach": "critical",
    }  # fmt: skip

    answer = client.post("/m/credit/checks/new/?kind=fairness", form)

    assert answer.status_code == 302, answer.content.decode()
    spec = made.model.checks.get().versions.get().spec
    assert spec["favorable"]["at_most"] == 0.4
    assert spec["limits"]["impact_ratio"] == 0.8
    again = client.post(
        "/m/credit/checks/fair/",
        {**form, "favorable.at_most": "", "favorable.values": "0", "limits.impact_ratio": ""}
        | {"limits.selection_difference": "0.1"},
    )
    assert again.status_code == 302, again.content.decode()
    spec = made.model.checks.get().versions.latest("number").spec
    assert spec["favorable"]["values"] == ["0"]
    assert spec["limits"]["impact_ratio"] is None


def test_a_good_batch_that_is_replaced_by_a_broken_one_takes_the_green_with_it(tmp_path, judge):
    made = watched(tmp_path)
    watching.check(made)
    check = watching.check(made, "fair", "fairness")
    made.land(week())
    look(after(1))
    assert made.states(check) == ["ok"]

    made.land(week().drop(columns="income"))
    # The fairness check may be planned before the data check has seen the new batch.
    look(after(1, days=1))
    look(after(1, days=1))

    run = made.runs(check)[-1]
    assert (run.state, run.summary["cause"]) == ("not_evaluated", "data_check")
    with pytest.raises(Invalid) as error:
        rejudging.rejudge(watching.ACTOR, run, reason="", at=clock.now())
    assert [one.code for one in error.value.errors] == ["data_at_fault"]


def test_of_several_data_checks_the_one_that_finds_a_fault_speaks(tmp_path, judge):
    made = watched(tmp_path)
    watching.check(made, "another", "data")
    watching.check(made)
    check = watching.check(made, "fair", "fairness")
    made.land(week().drop(columns="income"))
    look(after(1))
    look(after(1))

    Run.objects.filter(window__check_ref__slug="another").update(state="ok")
    Run.objects.filter(window__check_ref=check).delete()
    look(after(1, days=1))

    assert made.runs(check)[-1].summary["cause"] == "data_check"
