import json

import pytest

from examples.fleet import score, truth
from examples.fleet.scoring import Alerted, Found, ModelResult, passed, table

KINDS = {told["kind"]: told for told in truth.truth()["models"]}


def perfect(kind):
    """What a faultless Muster would say of a model of this kind."""
    script = KINDS[kind]
    result = ModelResult(script)
    for number, states in enumerate(script["data"], start=1):
        revision = 2 if number == script.get("missed_first") else 1
        result.runs.append(Found("data", number, states.rpartition("|")[2], revision))
    if script["alert"] == "must":
        result.alerts.append(
            Alerted(script["alert_check"], script["alert_condition"], script["from_window"])
        )
        result.told.add(script["owner"])
    return result


def fleet_of_all():
    return [perfect(kind) for kind in KINDS]


def line(lines, text):
    (found,) = [one for one in lines if one.text.strip() == text]
    return found


def test_a_faultless_muster_passes():
    lines = table(fleet_of_all())

    assert passed(lines)
    assert all(one.good for one in lines), [one for one in lines if not one.good]
    assert line(lines, "broken windows called drift").count == 0
    assert line(lines, "nothing or season, but alerted").count == 0


def test_a_fault_that_is_called_drift_fails_twice():
    results = fleet_of_all()
    broken = next(r for r in results if r.kind == "unit_change")
    number = broken.script["from_window"]
    broken.runs[number - 1] = Found("data", number, "drift")

    lines = table(results)

    assert not passed(lines)
    named = f"{broken.script['slug']} window {number}"
    assert line(lines, "broken windows reported as a fault").names == (named,)
    assert line(lines, "broken windows called drift").names == (named,)


def test_a_sudden_drift_must_be_alerted_and_not_before_it_began():
    for alerts in ([], [Alerted("data", "drift", 2)], [Alerted("data", "missed", 9)]):
        results = fleet_of_all()
        next(r for r in results if r.kind == "sudden").alerts = alerts

        lines = table(results)

        assert not passed(lines)
        assert not line(lines, "sudden drifts alerted").good


@pytest.mark.parametrize(
    "alerts",
    [
        [],
        [Alerted("fairness", "breach", 7)],
        [Alerted("fairness", "breach", 8), Alerted("fairness", "breach", 11)],
        [Alerted("fairness", "breach", 8), Alerted("data", "drift", 9)],
    ],
)
def test_an_unfair_model_must_be_told_once_and_not_before_it_began(alerts):
    results = fleet_of_all()
    next(r for r in results if r.kind == "unfair").alerts = alerts

    lines = table(results)

    assert not passed(lines)
    assert not line(lines, "unfair models told, once and in time").good


def test_a_quiet_model_must_not_be_alerted_but_one_in_twenty_of_a_large_fleet_may():
    results = fleet_of_all()
    next(r for r in results if r.kind == "nothing").alerts = [Alerted("data", "drift", 3)]
    assert not passed(table(results))

    quiet = [perfect("nothing") for _ in range(70)]
    quiet[0].alerts = [Alerted("data", "drift", 3)]
    assert passed(table(quiet))
    for loud in quiet[:5]:
        loud.alerts = [Alerted("data", "drift", 3)]
    assert not passed(table(quiet))


def test_an_open_or_absent_window_is_not_accounted_for():
    for change in ("running", None):
        results = fleet_of_all()
        runs = results[0].runs
        runs[4] = Found("data", 5, change) if change else Found("performance", 5, "ok")

        assert not line(table(results), "models with every window accounted for").good


def test_an_owner_of_a_failing_model_must_have_been_told():
    results = fleet_of_all()
    owner = next(r for r in results if r.kind == "sudden").script["owner"]
    for result in results:
        result.told.discard(owner)

    assert line(table(results), "owners of failing models who were told").names == (owner,)


class StandIn:
    """Muster's lists, as the API answers them."""

    def __init__(self, lists):
        self.lists = lists

    def every(self, *path, **query):
        return iter(self.lists.get("/".join(path), []))


def test_lists_of_the_api_become_results():
    weeks = [f"2026-{month:02d}-{day:02d}" for month, day in [(8, 17), (8, 24), (8, 31)]]
    runs = [
        {"check": "data", "window_start": f"{day}T00:00:00Z", "state": "ok", "revision": 1}
        for day in weeks
    ]
    muster = StandIn(
        {
            "models": [{"slug": "card-fraud-02"}, {"slug": "a-model-of-others"}],
            "models/card-fraud-02/runs": runs,
            "alerts": [
                {
                    "model": "card-fraud-02",
                    "check": "data",
                    "condition": "drift",
                    "since": "2026-08-24T00:00:00+00:00",
                }
            ],
            "people": [{"name": "Priya Raman", "email": "priya@example.org"}],
            "deliveries": [{"model": "card-fraud-02", "to": "Priya Raman"}],
        }
    )

    (result,) = score.gather(muster, truth.truth())

    assert result.kind == "sudden"
    assert result.states == {1: "ok", 2: "ok", 3: "ok"}
    assert result.alerts == [Alerted("data", "drift", 2)]
    assert result.told == {"priya@example.org"}


def test_the_table_is_printed_and_written(monkeypatch, capsys, tmp_path):
    results = fleet_of_all()
    results[0].runs.pop()
    monkeypatch.setattr(score, "gather", lambda muster, told: results)
    file = tmp_path / "score.json"

    code = score.main(["--muster-url", "http://x", "--token", "t", "--json", str(file)])

    assert code == 1
    printed = capsys.readouterr().out
    assert "WRONG" in printed and results[0].script["slug"] in printed
    assert json.loads(file.read_text())["passed"] is False


def test_without_a_token_it_says_what_is_needed(monkeypatch, capsys):
    monkeypatch.delenv("MUSTER_TOKEN", raising=False)

    with pytest.raises(SystemExit):
        score.main(["--muster-url", "http://x"])

    assert "--token or MUSTER_TOKEN" in capsys.readouterr().err
