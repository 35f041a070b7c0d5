"""An estimate without labels is near what the labels give, as long as scores keep their meaning."""

import numpy as np
import pytest

from monitoring.integrations import sklearn
from monitoring.statistics import estimate


def answers(rows, seed, shift=0.0):
    """Scores that are wrong by a bend, and the outcomes that they really mean."""
    rng = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-rng.normal(shift, 1.5, rows)))
    return chance**0.5, (rng.random(rows) < chance).astype(int)


def metric(name):
    return lambda truth, answer, weights: sklearn.measure(name, truth, answer, weights=weights)


@pytest.mark.parametrize("name", ["roc_auc", "pr_auc", "accuracy", "recall", "precision", "f1"])
def test_the_estimate_is_near_what_comes_although_the_inputs_have_moved(name):
    scores, truth = answers(20_000, 1)
    now, came = answers(20_000, 2, shift=0.7)
    learned = estimate.calibrate(scores, truth)
    said = now if sklearn.needs_score(name) else (now >= 0.6).astype(int)

    expected = estimate.expected(metric(name), learned(now), said)

    assert expected == pytest.approx(sklearn.measure(name, came, said), abs=0.015)


def test_the_calibration_learns_what_scores_mean():
    scores, truth = answers(50_000, 3)

    learned = estimate.calibrate(scores, truth)

    places = np.linspace(0.2, 0.95, 20)
    assert np.abs(learned(places) - places**2).max() < 0.05
    assert (np.diff(learned(places)) >= 0).all()


def test_a_changed_relation_is_what_it_cannot_see():
    scores, truth = answers(20_000, 4)
    now, came = answers(20_000, 5)
    learned = estimate.calibrate(scores, truth)

    expected = estimate.expected(metric("roc_auc"), learned(now), now)

    assert expected > 0.8
    assert sklearn.measure("roc_auc", 1 - came, now) < 0.3


def test_it_is_tried_out_on_what_it_did_not_learn_from():
    scores, truth = answers(5_000, 6)

    tried = estimate.try_out(metric("roc_auc"), scores, truth, scores, rows=400)

    assert tried.stretches == 5
    assert 0 < tried.error < 0.05


@pytest.mark.parametrize(
    ("rows", "outcome", "words"), [(50, None, "50 labeled scores"), (500, 0, "are the same")]
)
def test_a_poor_reference_gives_none(rows, outcome, words):
    scores, truth = answers(rows, 7)

    with pytest.raises(estimate.NoEstimate, match=words):
        estimate.calibrate(scores, truth if outcome is None else truth * 0)
