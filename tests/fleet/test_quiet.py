"""Models to which nothing happens stay below every limit, by a margin."""

import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from examples.fleet import batches, estimators, metrics
from tests.fleet.psi import psi
from tests.fleet.test_batches import worst

MARGIN = 0.8  # of a limit


WEEKS = (1, 4, 7, 10, 13)


def some_weeks(rehearsal, calendar):
    spec, world, trained = rehearsal
    return [batches.week(spec, world, trained, calendar, number) for number in WEEKS]


@pytest.mark.parametrize(
    ("slug", "seed"),
    [
        ("telecom-churn-consumer", 7),
        ("telecom-churn-consumer", 1007),
        ("demand-articles", 7),
        ("demand-articles", 1007),
        ("recommender-films", 7),
        ("wire-fraud", 7),
        ("flight-delay-schedule", 7),
        ("tumor-screening", 7),
        ("apprentice-screening", 7),
        ("apprentice-screening", 1007),
    ],
)
def test_a_quiet_model_stays_below_the_limits_of_drift(slug, seed, rehearse, calendar):
    spec, world, _ = rehearsal = rehearse(slug, seed=seed)
    limit, segment_limit = 0.2, 0.35

    for week in some_weeks(rehearsal, calendar):
        assert worst(rehearsal, week) < MARGIN * limit
        for column in world.segments:
            for value, rows in week.requests.groupby(column):
                if len(rows) >= 300:
                    here = worst(rehearsal, week, segment=(column, value))
                    assert here < MARGIN * segment_limit, (spec.slug, column, value)


def test_births_stay_below_their_limit_against_the_season_but_not_against_the_year(
    rehearse, calendar
):
    spec, world, trained = rehearsal = rehearse("births-forecast")
    reference = trained.reference
    numbers = [name for name in world.features if name != "weekend"]

    for number, week in zip(WEEKS, some_weeks(rehearsal, calendar), strict=True):
        start = pd.Timestamp(calendar.window(number)) - pd.Timedelta(days=364)
        near = reference["time"] - start
        season = reference[(near >= pd.Timedelta(days=-10)) & (near < pd.Timedelta(days=17))]
        for name in numbers:
            away = wasserstein_distance(season[name], week.requests[name]) / season[name].std()
            assert away < MARGIN * spec.drift[1]


def test_the_season_would_alarm_if_it_were_not_known(rehearse, calendar):
    _, _, trained = rehearsal = rehearse("demand-articles")

    against_the_year = [
        psi(trained.reference["temperature"], week.requests["temperature"])
        for week in some_weeks(rehearsal, calendar)
    ]

    assert sum(value > 0.2 for value in against_the_year) >= 2


@pytest.mark.parametrize(
    "slug", ["telecom-churn-consumer", "pay-band", "recommender-films", "customer-segments"]
)
def test_a_quiet_model_keeps_its_performance(slug, rehearse, calendar):
    spec, world, trained = rehearsal = rehearse(slug)

    for week in some_weeks(rehearsal, calendar):
        rows = week.requests
        if spec.task != "clustering":
            rows = rows.merge(week.labels, on="request_id")
        values = estimators.inputs(rows, world.features)
        found = metrics.measure(spec.task, rows, trained.pipeline, values)
        for limit in spec.limits:
            side = 1 if limit.direction == "min" else -1
            assert side * found[limit.metric] > side * trained.limits[limit.metric]
