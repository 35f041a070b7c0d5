"""Training-serving skew: two tables of the same rows, from their sources to the verdict."""

import numpy as np
import pandas as pd
import pytest

from monitoring import sourcing
from monitoring.models import Reading
from registry import clock
from registry.problems import Invalid
from tests.monitoring import tables, watching
from tests.monitoring.watching import after, look, watched, week

pytestmark = pytest.mark.django_db(transaction=True)
SPEC = {"every_days": 7, "start": tables.SPEC["start"], "when": {"bad": 1, "of": 1, "good": 1}}
FEATURES = ["income", "age", "region", "employed", "time"]


@pytest.fixture
def made(tmp_path, judge):
    found = watched(tmp_path)
    folder = tmp_path / "offline"
    (folder / "batches").mkdir(parents=True)
    sourcing.put_source(watching.ACTOR, found.model, "offline", at=clock.now(), address=str(folder))
    return found


def land_offline(made, table, name="2026-08-03"):
    tables.write(table, made.folder.parent / "offline" / "batches" / f"{name}.parquet")


def judged(made, serving, offline, **spec):
    check = watching.check(made, "skew", "skew", **{**SPEC, **spec})
    made.land(serving)
    land_offline(made, offline)
    look(after(1))
    (run,) = made.runs(check)
    return run


def test_equal_tables_are_ok_in_any_order_of_rows(made):
    run = judged(made, week(), week().sample(frac=1, random_state=3), features=FEATURES)

    assert (run.state, run.reason) == ("ok", "")
    readings = Reading.objects.filter(run=run)
    assert {one.feature: one.value for one in readings} == dict.fromkeys(FEATURES, 0.0)
    assert {one.stage for one in readings} == {"skew"}
    assert run.made_with["offline"]


@pytest.mark.parametrize(
    ("change", "feature", "share"),
    [
        (lambda t: t.assign(income=t["income"].where(t.index >= 60, t["income"] * 1.01)),
         "income", 0.1),
        (lambda t: t.assign(income=t["income"].where(t.index >= 60)), "income", 0.1),
        (lambda t: t.assign(region=t["region"].where(t.index >= 60, "MARS")), "region", 0.1),
        (lambda t: t.assign(employed=t["employed"] ^ (t.index < 60)), "employed", 0.1),
        (lambda t: t.assign(time=t["time"] + pd.to_timedelta((t.index < 60) * 1, unit="s")),
         "time", 0.1),
        (lambda t: t.assign(age=t["age"].astype(str)), "age", 1.0),
    ],
)  # fmt: skip
def test_what_differs_is_told_by_feature_and_share(made, change, feature, share):
    run = judged(made, week(), change(week()), features=FEATURES)

    assert run.state == "data_fault"
    crossed = Reading.objects.get(run=run, crossed=True)
    assert (crossed.feature, crossed.value) == (feature, pytest.approx(share))
    assert feature in run.reason


def test_tolerances_hold_for_their_feature(made):
    changed = week().assign(age=lambda t: t["age"] + 1, income=lambda t: t["income"] * (1 + 1e-9))
    run = judged(made, week(), changed, features=["income", "age"], tolerance={"age": 1})

    assert run.state == "ok"


def test_rows_join_on_entity_and_time(made):
    serving = week().assign(customer=np.arange(600) % 20).drop(columns=["request_id"])
    offline = serving.assign(time=serving["time"].astype("datetime64[ms, UTC]"))
    run = judged(made, serving, offline, keys=["customer", "time"], features=["income"])

    assert (run.state, run.reason) == ("ok", "")


@pytest.mark.parametrize(
    ("offline", "state", "words"),
    [
        (lambda t: t.drop(columns=["age"]), "data_fault", "offline table has no column age"),
        (lambda t: t.drop(columns=["request_id"]), "data_fault", "no column request_id"),
        (lambda t: t.assign(request_id="x" + t["request_id"]), "not_evaluated", "only 0 rows of"),
        (lambda t: t.iloc[:300], "not_evaluated", "only 300 rows of 600"),
        (lambda t: t.iloc[:0], "not_evaluated", "only 0 rows of"),
        (lambda t: pd.concat([t, t]), "data_fault", "no row can be told"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_never_ok(made, offline, state, words):
    run = judged(made, week(), offline(week()), features=FEATURES)

    assert run.state == state
    assert words in run.reason


def test_the_offline_table_may_come_late_and_again(made):
    check = watching.check(made, "skew", "skew", **SPEC, features=["income"])
    made.land(week())
    look(after(1))
    assert made.states(check) == []

    look(after(1, hours=25))
    (run,) = made.runs(check)
    assert (run.state, run.reason) == (
        "not_evaluated", "no offline table came from the source offline",
    )  # fmt: skip

    land_offline(made, week())
    look(after(1, hours=26))
    assert made.states(check) == ["ok"]
    land_offline(made, week().assign(income=1.0))
    look(after(1, hours=27))
    assert made.states(check) == ["data_fault"]
    look(after(1, hours=28))
    assert made.runs(check)[0].revision == 3


def test_both_sources_cannot_be_one(made):
    with pytest.raises(Invalid, match="another source"):
        watching.check(made, "skew", "skew", **SPEC, offline="requests")
