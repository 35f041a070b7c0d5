"""Ranks from cells are the ranks of the sorted sample, whatever the sample looks like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.statistics.ranks import Ranks

SHARES = np.array([0.0, 0.005, 0.25, 0.5, 0.75, 0.995, 1.0])
SHAPES = {
    "normal": lambda rng, n: rng.normal(size=n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "steps": lambda rng, n: rng.integers(0, 40, n).astype(float),
    "one far away": lambda rng, n: np.append(rng.random(n - 1), 1e300),
    "constant": lambda rng, n: np.full(n, 7.0),
    "subnormal": lambda rng, n: rng.random(n) * 1e-310,
    "both ends": lambda rng, n: rng.choice([-1.7e308, 0.0, 1.7e308], n),
    "thirds": lambda rng, n: rng.integers(0, 4096 * 3, n) / 3.0,
}


@settings(deadline=None, max_examples=60)
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    n=st.sampled_from([1, 2, 50, 4001, 20_000]),
    seed=st.integers(0, 999),
)
def test_every_answer_is_that_of_the_sorted_sample(shape, n, seed):
    rng = np.random.default_rng(seed)
    values = SHAPES[shape](rng, n)
    ranks, ordered = Ranks(values), np.sort(values)
    points = np.concatenate([rng.choice(values, 20), ordered[[0, -1]], [-np.pi, 0.5, 1e9]])

    assert (ranks.below(points) == np.searchsorted(ordered, points)).all()
    with np.errstate(all="ignore"):
        assert np.array_equal(ranks.quantiles([0.0, 1.0]), ordered[[0, -1]])
    if shape != "both ends":
        expected = np.quantile(values, SHARES)
        assert ranks.quantiles(SHARES) == pytest.approx(expected, rel=1e-12, abs=1e-320)


def test_few_values_are_told_from_many():
    assert Ranks(np.arange(5000.0)).few(20) is None
    assert Ranks(np.arange(5000.0) % 20).few(20).tolist() == list(range(20))
    late = np.append(np.zeros(5000), np.arange(30.0))
    assert Ranks(late).few(20) is None


@pytest.mark.parametrize("size", [50, 30_000])
def test_points_that_were_expected_are_counted_with_the_next_question(size):
    values = np.random.default_rng(3).normal(size=size)
    points, later = np.linspace(-2, 2, 17), np.linspace(-1, 3, 29)
    ranks = Ranks(values)
    ranks.expect(later)

    found = ranks.below(points)
    ranks.values = None  # nothing is looked at again

    assert found.tolist() == [int((values < point).sum()) for point in points]
    assert ranks.below(later).tolist() == [int((values < point).sum()) for point in later]
    assert ranks.below(points).tolist() == found.tolist()
