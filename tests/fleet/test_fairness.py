"""Models that are watched for fair treatment keep their limits: the groups differ by chance."""

from dataclasses import replace
from datetime import timedelta

import pytest

from examples.fleet import batches
from examples.fleet.catalogue import MODELS, find
from examples.fleet.fairness import LIMITS, limits_of
from examples.fleet.specification import Script
from monitoring.judging.fairness_job import judge_fairness
from monitoring.judging.protocol import Job

UNFAIR = [spec.slug for spec in MODELS if spec.script.kind == "unfair"]
FAIR = [slug for slug in LIMITS if slug not in UNFAIR]


def thirteen_weeks(spec, world, trained, calendar, tmp_path):
    """What the fairness check says week by week."""
    own = {**limits_of(spec), "start": calendar.start.isoformat()}

    states = []
    for number in range(1, 14):
        week = batches.week(spec, world, trained, calendar, number)
        paths = tmp_path / "batch.parquet", tmp_path / "labels.parquet"
        week.requests.to_parquet(paths[0])
        week.labels.to_parquet(paths[1])
        job = Job(kind="fairness", spec=own, batch=str(paths[0]), labels=(str(paths[1]),))
        states.append(judge_fairness(job).state)

    return states


@pytest.mark.parametrize(("slug", "seed"), [(slug, seed) for slug in FAIR for seed in (7, 1007)])
def test_no_two_weeks_of_three_break_a_limit(slug, seed, rehearse, calendar, tmp_path):
    states = thirteen_weeks(*rehearse(slug, seed=seed), calendar, tmp_path)

    assert set(states) <= {"ok", "breach"}
    assert all(states[n : n + 3].count("breach") < 2 for n in range(13))


@pytest.mark.parametrize(("slug", "seed"), [(slug, seed) for slug in UNFAIR for seed in (7, 1007)])
def test_unfair_treatment_breaks_the_limit_from_its_first_week_on(
    slug, seed, rehearse, calendar, tmp_path
):
    spec, *_ = rehearsed = rehearse(slug, seed=seed)

    states = thirteen_weeks(*rehearsed, calendar, tmp_path)

    before = spec.script.first - 1
    assert states == ["ok"] * before + ["breach"] * (13 - before)


def test_unfair_treatment_leaves_inputs_and_scores_as_they_were(rehearse, calendar):
    spec, world, trained = rehearse(UNFAIR[0])
    fair = replace(spec, script=Script())
    number = spec.script.first

    theirs = batches.week(spec, world, trained, calendar, number).requests
    usual = batches.week(fair, world, trained, calendar, number).requests

    same = [name for name in usual.columns if name != "prediction"]
    assert theirs[same].equals(usual[same])
    turned = theirs[theirs["prediction"] != usual["prediction"]]
    assert set(turned["gender"]) == {"female"}
    assert set(turned["prediction"]) == {0}


def test_the_models_are_in_the_catalogue_and_wait_for_their_labels():
    assert {spec.slug for spec in MODELS} >= set(LIMITS)
    spec = find("credit-scoring")

    assert limits_of(spec)["label_delay_days"] == timedelta(weeks=spec.weeks_late).days
    assert "label_delay_days" not in limits_of(find("cv-screening"))
    assert limits_of(find("pay-band")) == {}
