import pandas as pd
import pytest

from examples.fleet import batches
from examples.fleet.catalogue import MODELS
from tests.fleet.psi import psi


def weeks(rehearsal, calendar, *numbers):
    spec, world, trained = rehearsal
    return [batches.week(spec, world, trained, calendar, number) for number in numbers]


def worst(rehearsal, week, *, segment=None):
    """The largest PSI of any input or the answer, in the batch or in one segment of it."""
    spec, world, trained = rehearsal
    answer = "score" if "score" in week.requests.columns else "prediction"
    reference, requests = trained.reference, week.requests
    if spec.seasonal:
        middle = requests["time"].min().normalize() - pd.Timedelta(days=364)
        near = reference["time"] - middle
        reference = reference[(near >= pd.Timedelta(days=-10)) & (near < pd.Timedelta(days=17))]
    if segment:
        column, value = segment
        reference = reference[reference[column] == value]
        requests = requests[requests[column] == value]
    return max(psi(reference[c], requests[c]) for c in (*world.features, answer))


def test_a_batch_holds_what_the_contract_of_the_folder_asks(rehearse, calendar):
    spec, world, _ = rehearsal = rehearse("card-fraud")

    (week,) = weeks(rehearsal, calendar, 5)

    asked = {*world.features, "prediction", "score", "time", "original_time", "request_id"}
    assert asked | {"region", "cohort"} == set(week.requests.columns)
    assert len(week.requests) == spec.rows
    assert week.requests["request_id"].is_unique
    assert week.requests["time"].min() >= pd.Timestamp(calendar.window(5))
    assert week.requests["time"].max() < pd.Timestamp(calendar.window(6))
    assert set(week.labels.columns) == {"request_id", "label"}
    assert len(week.labels) >= 0.9 * spec.rows
    assert set(week.labels["request_id"]) <= set(week.requests["request_id"])


def test_the_reference_has_all_that_batches_have_and_the_label(rehearse, calendar):
    rehearsal = rehearse("card-fraud")

    (week,) = weeks(rehearsal, calendar, 1)

    reference = rehearsal[2].reference
    assert set(reference.columns) == {*week.requests.columns, "label"}
    assert reference["time"].max() < pd.Timestamp(calendar.start)
    assert len(reference) <= 5000


@pytest.mark.parametrize("slug", ["telecom-churn-consumer", "recommender-films", "pay-equity"])
def test_the_same_seed_gives_the_same_week(slug, rehearse, calendar):
    first = weeks(rehearse(slug), calendar, 3)[0]
    rehearse.cache_clear()
    again = weeks(rehearse(slug), calendar, 3)[0]

    pd.testing.assert_frame_equal(first.requests, again.requests)
    pd.testing.assert_frame_equal(first.labels, again.labels)


def test_another_seed_gives_another_week(rehearse, calendar):
    first = weeks(rehearse("telecom-churn-consumer"), calendar, 3)[0]
    other = weeks(rehearse("telecom-churn-consumer", seed=8), calendar, 3)[0]

    assert not first.requests["monthly_charges"].equals(other.requests["monthly_charges"])


@pytest.mark.parametrize(
    ("slug", "missing"),
    [("telecom-churn-business", "dropped_calls"), ("care-progression", "bmi")],
)
def test_a_missing_column_is_missing_from_the_scripted_week_on(slug, missing, rehearse, calendar):
    before, during = weeks(rehearse(slug), calendar, 8, 13)

    assert missing in before.requests.columns
    assert missing not in during.requests.columns


def test_a_unit_change_in_the_middle_is_over_afterwards(rehearse, calendar):
    before, during, after = weeks(rehearse("supplier-lead-time"), calendar, 4, 5, 8)

    usual = before.requests["order_weight_kg"].median()
    assert during.requests["order_weight_kg"].median() > 50 * usual
    assert after.requests["order_weight_kg"].median() < 2 * usual


def test_empty_new_twice_and_broken(rehearse, calendar):
    assert weeks(rehearse("basket-value"), calendar, 12)[0].requests.empty
    (new,) = weeks(rehearse("saas-lead-scoring"), calendar, 11)
    assert (new.requests["channel"] == batches.NEW_LEVEL).mean() > 0.15
    (twice,) = weeks(rehearse("merchant-risk"), calendar, 10)
    assert twice.requests["request_id"].duplicated().mean() > 0.2
    sound, broken = weeks(rehearse("chargeback-outcome"), calendar, 9, 10)
    assert (sound.broken_file, broken.broken_file) == (False, True)


@pytest.mark.parametrize("slug", ["loan-default", "saas-expansion"])
def test_concept_drift_leaves_the_inputs_alone_and_turns_the_outcome(slug, rehearse, calendar):
    spec, _, trained = rehearsal = rehearse(slug)
    before, during = weeks(rehearsal, calendar, spec.script.first - 1, spec.script.first)

    assert worst(rehearsal, during) < 0.1
    for week, holds in ((before, True), (during, False)):
        joined = week.requests.merge(week.labels, on="request_id")
        said_yes = joined.loc[joined["score"] > joined["score"].median(), "label"].mean()
        said_no = joined.loc[joined["score"] <= joined["score"].median(), "label"].mean()
        assert bool(said_yes > 2 * said_no) is holds
    assert trained.limits


@pytest.mark.parametrize("slug", [s.slug for s in MODELS if s.script.kind == "sudden"])
def test_a_sudden_drift_is_far_over_the_limit_and_was_far_below(slug, rehearse, calendar):
    rehearsal = rehearse(slug)
    before, during, last = weeks(
        rehearsal, calendar, rehearsal[0].script.first - 1, rehearsal[0].script.first, 13
    )

    assert worst(rehearsal, before) < 0.12
    assert worst(rehearsal, during) > 0.8
    assert worst(rehearsal, last) > 0.8


@pytest.mark.parametrize("slug", [s.slug for s in MODELS if s.script.kind == "segment"])
def test_a_drift_in_one_segment_shows_there_and_hardly_outside(slug, rehearse, calendar):
    spec, world, _ = rehearsal = rehearse(slug)
    (week,) = weeks(rehearsal, calendar, 11)
    column, value = spec.script.segment

    assert (week.requests[column] == value).sum() >= 320
    assert worst(rehearsal, week, segment=(column, value)) > 0.7
    elsewhere = {v for v in week.requests[column].unique() if v != value}
    assert all(worst(rehearsal, week, segment=(column, v)) < 0.25 for v in elsewhere)
    assert worst(rehearsal, week) < 0.2, world.features


@pytest.mark.parametrize("slug", [s.slug for s in MODELS if s.script.kind == "gradual"])
def test_a_gradual_drift_is_certain_once_it_has_settled(slug, rehearse, calendar):
    rehearsal = rehearse(slug)
    late = weeks(rehearsal, calendar, rehearsal[0].script.settled, 12, 13)

    assert all(worst(rehearsal, week) > 0.22 for week in late)
