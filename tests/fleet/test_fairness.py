"""Models that are watched for fair treatment keep their limits: the groups differ by chance."""

from datetime import timedelta

import pytest

from examples.fleet import batches
from examples.fleet.catalogue import MODELS, find
from examples.fleet.fairness import LIMITS, limits_of
from monitoring.judging.fairness_job import judge_fairness
from monitoring.judging.protocol import Job


@pytest.mark.parametrize(("slug", "seed"), [(slug, seed) for slug in LIMITS for seed in (7, 1007)])
def test_no_two_weeks_of_three_break_a_limit(slug, seed, rehearse, calendar, tmp_path):
    spec, world, trained = rehearse(slug, seed=seed)
    own = {**limits_of(spec), "start": calendar.start.isoformat()}

    states = []
    for number in range(1, 14):
        week = batches.week(spec, world, trained, calendar, number)
        paths = tmp_path / "batch.parquet", tmp_path / "labels.parquet"
        week.requests.to_parquet(paths[0])
        week.labels.to_parquet(paths[1])
        job = Job(kind="fairness", spec=own, batch=str(paths[0]), labels=(str(paths[1]),))
        states.append(judge_fairness(job).state)

    assert set(states) <= {"ok", "breach"}
    assert all(states[n : n + 3].count("breach") < 2 for n in range(13))


def test_the_models_are_in_the_catalogue_and_wait_for_their_labels():
    assert {spec.slug for spec in MODELS} >= set(LIMITS)
    spec = find("credit-scoring")

    assert limits_of(spec)["label_delay_days"] == timedelta(weeks=spec.weeks_late).days
    assert "label_delay_days" not in limits_of(find("cv-screening"))
    assert limits_of(find("pay-band")) == {}
