"""Scores of counts and sketches against those of the values themselves."""

import numpy as np
import pytest

from monitoring.statistics import distances, effects, told
from monitoring.statistics.ranks import Ranks
from monitoring.statistics.told import Moments, Sketch, Tally

METHODS = ["psi", "ks", "wasserstein", "jensenshannon", "hellinger", "total_variation"]


def tally(values):
    different, counts = np.unique(values, return_counts=True)
    return Tally(different, counts, where=values)


class Here:
    """A holder whose values are arrays of this process."""

    def below(self, where, points):
        return np.searchsorted(np.sort(where), points)

    def tally(self, where):
        return tally(where)

    def different(self, where, other):
        return len(np.unique(np.concatenate([where, other])))


def sketch(values, cells=1000, seed=0):
    """Count into cells of which a few are far larger than they should be."""
    order = np.sort(values)
    places = np.sort(np.random.default_rng(seed).integers(0, len(values), cells))
    low, high = order[0], order[-1]
    often = order[places][:-1][np.diff(order[places]) == 0]
    ends = [low, high, *(np.nextafter(end, np.inf) for end in (low, high))]
    edges = np.unique(np.r_[order[places], often, np.nextafter(often, np.inf), ends])
    counts = np.histogram(values, edges)[0]
    ranks = Ranks(values)
    known = Moments(len(values), ranks.low, ranks.high, ranks.mean, ranks.std, ranks.zeros)
    return Sketch(edges, counts, known, holder=Here(), where=values)


def samples():
    rng = np.random.default_rng(5)
    yield rng.normal(0, 1, 30_000), rng.normal(0.05, 1, 20_000)
    yield rng.lognormal(0, 2, 30_000), rng.lognormal(0.1, 2, 20_000)
    yield rng.integers(0, 80, 9_000).astype(float), rng.integers(3, 90, 30_000).astype(float)
    yield np.r_[np.zeros(9_000), rng.normal(5, 1, 9_000)], np.r_[np.zeros(5_000), rng.random(9_000)]
    yield rng.choice([1.0, 2.0, 3.0], 20_000), rng.choice([1.0, 2.0, 4.0], 20_000)
    yield np.full(20_000, 7.0), np.full(20_000, 7.0)
    yield rng.standard_cauchy(20_000), rng.standard_cauchy(20_000) * 1.1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", range(7))
def test_a_tally_scores_as_its_values_do(method, number):
    then, now = list(samples())[number]

    # Above 10,000 values scipy takes the p-value as for large samples, as a tally always does.
    expected = distances.numeric(method, Ranks(then), Ranks(now))
    found = distances.numeric(method, tally(then), tally(now))

    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("method", ["psi", "jensenshannon", "hellinger", "total_variation"])
@pytest.mark.parametrize("number", [0, 1, 6])
def test_a_sketch_scores_the_same_bins_exactly(method, number):
    then, now = list(samples())[number]

    expected = distances.numeric(method, Ranks(then), Ranks(now))

    assert distances.numeric(method, sketch(then), sketch(now, seed=1)) == expected


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("method", ["ks", "wasserstein"])
def test_the_true_score_lies_in_the_room_a_sketch_leaves(method, number):
    then, now = list(samples())[number]
    expected = distances.numeric(method, Ranks(then), Ranks(now))
    for seed in range(5):
        sides = sketch(then, seed=seed), sketch(now, seed=seed + 9)

        value = distances.numeric(method, *sides)
        low, high = told.room(method, *sides, value)

        assert low - 1e-12 <= expected <= high + 1e-12
        assert low <= value <= high
        gap = effects.of_numbers("ks", *sides)
        real = effects.of_numbers("ks", Ranks(then), Ranks(now))
        assert abs(gap - real) <= sides[0].error + sides[1].error


def test_a_sketch_and_a_tally_compare_with_each_other():
    then, now = next(samples())

    value = distances.numeric("ks", sketch(then), tally(now))

    low, high = told.room("ks", sketch(then), tally(now), value)
    assert low <= distances.numeric("ks", Ranks(then), Ranks(now)) <= high
    few = np.random.default_rng(0).choice([1.0, 2.0], 9_000)
    expected = distances.numeric("psi", Ranks(few), Ranks(now[:6_000]))
    assert distances.numeric("psi", tally(few), sketch(now[:6_000])) == expected


@pytest.mark.parametrize("number", range(7))
def test_what_contracts_and_pages_ask(number):
    values, _ = list(samples())[number]
    real, counted, sketched = Ranks(values), tally(values), sketch(values)

    assert (counted.low, counted.high, counted.zeros) == (real.low, real.high, real.zeros)
    assert (counted.mean, counted.std) == pytest.approx((real.mean, real.std), rel=1e-9)
    assert counted.spots == pytest.approx(real.spots)
    for low, high in ((-1.0, 1.0), (0.0, 80.0), (real.low, real.high)):
        assert counted.beyond(low, high) == sketched.beyond(low, high) == real.beyond(low, high)
    order = np.sort(values)
    for share, spot in zip((0.005, 0.25, 0.5, 0.75, 0.995), sketched.spots, strict=True):
        first, last = (
            int(len(values) * np.clip(share + side * sketched.error, 0, 1)) for side in (-1, 1)
        )
        assert order[max(first - 1, 0)] <= spot <= order[min(last + 1, len(order) - 1)]
    for points in (order[::97], np.r_[-np.inf, order[0], order[-1], order[-1] + 1, np.inf]):
        below = np.searchsorted(order, points)
        assert sketched.below(points).tolist() == counted.below(points).tolist() == below.tolist()
        away = np.abs(sketched.share_below(points) - below / len(values))
        assert (away <= sketched.slack(points) + 1e-12).all()


def test_what_was_asked_ahead_is_not_asked_again():
    values = next(samples())[0]
    points = np.array([-9.0, -1.0, 0.5, 9.0])
    one = sketch(values)
    assert one.unknown(np.r_[points, points, one.marks]).tolist() == [-1.0, 0.5]

    one.learn(np.array([-1.0, 0.5]), [11, 12])

    assert one.below(points).tolist() == [0, 11, 12, len(values)]


def test_frequent_values_leave_no_room():
    """A value with a cell to itself is known exactly, however often it occurs."""
    rng = np.random.default_rng(3)
    values = np.r_[np.zeros(50_000), rng.normal(0, 1, 50_000), np.full(20_000, 0.25)]

    assert sketch(values).error < 0.01
