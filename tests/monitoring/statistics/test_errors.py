"""Figures of our own are scikit-learn's where it has them, and what their names say elsewhere."""

import numpy as np
import pytest
from sklearn import metrics

from monitoring.statistics import errors


@pytest.fixture
def said():
    rng = np.random.default_rng(1)
    chance = rng.beta(2, 3, 800)
    return (rng.random(800) < chance).astype(int), chance, (chance > 0.45).astype(int)


def test_brier_and_fbeta_are_scikit_learns(said):
    truth, chance, answer = said

    assert errors.brier(truth, chance) == pytest.approx(metrics.brier_score_loss(truth, chance))
    for beta in (0.5, 1.0, 2.0):
        wanted = metrics.fbeta_score(truth, answer, beta=beta)
        assert errors.fbeta(truth, answer, beta) == pytest.approx(wanted, abs=1e-12)
    assert errors.fbeta(truth * 0, answer * 0, 2.0) == 0.0


def test_calibration_weighs_the_bins_by_their_rows(said):
    truth, chance, _ = said
    place = np.digitize(chance, np.linspace(0, 1, 11)[1:-1])
    wanted = sum(
        (place == b).mean() * abs(chance[place == b].mean() - truth[place == b].mean())
        for b in np.unique(place)
    )

    assert errors.calibration(truth, chance) == pytest.approx(wanted, abs=1e-12)
    assert errors.calibration(np.array([1, 0]), np.array([1.0, 0.0])) == 0.0


def test_cost_is_the_matrix_per_row(said):
    truth, _, answer = said
    _, fp, fn, tp = metrics.confusion_matrix(truth, answer).ravel()

    found = errors.cost(truth, answer, {"tp": -1.0, "fp": 2.0, "fn": 30.0, "tn": 0.0})

    assert found == pytest.approx((-tp + 2 * fp + 30 * fn) / len(truth))


def test_the_naive_error_stays_within_each_series():
    values = np.array([10.0, 1, 12, 5, 14, 9])
    times = np.array([1, 1, 2, 2, 3, 3])
    series = np.array([0, 1, 0, 1, 0, 1])

    assert errors.naive_error(values, times, series, 1) == pytest.approx((2 + 2 + 4 + 4) / 4)
    assert errors.naive_error(values, times, series, 2) == pytest.approx((4 + 8) / 2)
    assert errors.naive_error(values, times, series, 3) is None
    # The same time twice, as forecasts of several horizons are logged: it counts once.
    twice = np.repeat([0, 1, 2, 3, 4, 5], 2)
    assert errors.naive_error(values[twice], times[twice], series[twice], 1) == pytest.approx(3.0)
