"""Our tests and intervals of two proportions are those of scipy and statsmodels."""

import numpy as np
import pytest
from scipy.stats import fisher_exact, norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from monitoring.checks import proportions
from monitoring.checks.proportions import Share


def tables(count=300, seed=5):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        n, m = (int(x) for x in rng.integers(5, 3000, 2))
        rate = rng.choice([0.002, 0.05, 0.3, 0.9])
        yield Share(int(rng.binomial(n, rate)), n), Share(int(rng.binomial(m, rate)), m)


def test_the_test_is_fishers_for_few_and_the_z_test_for_many():
    seen = set()
    for a, b in tables():
        p_value, name = proportions.test(a, b)
        if name == proportions.FISHER:
            table = [[a.count, a.of - a.count], [b.count, b.of - b.count]]
            wanted = fisher_exact(table).pvalue
        else:
            wanted = proportions_ztest([a.count, b.count], [a.of, b.of])[1]
        seen.add(name)
        assert p_value == pytest.approx(wanted, rel=1e-8, abs=1e-12)

    assert seen == {proportions.FISHER, proportions.Z_TEST}


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_the_intervals_are_newcombes_and_katzs(confidence):
    for a, b in tables(100):
        counts = (a.count, a.of, b.count, b.of)
        alpha = 1 - confidence
        wanted = confint_proportions_2indep(*counts, compare="diff", method="newcomb", alpha=alpha)
        assert proportions.difference(a, b, confidence=confidence) == pytest.approx(
            wanted, abs=1e-9
        )
        if a.count and b.count:
            wanted = confint_proportions_2indep(*counts, compare="ratio", method="log", alpha=alpha)
            found = proportions.ratio(a, b, confidence=confidence)
            assert found == pytest.approx(wanted, rel=1e-9)


def test_a_group_without_a_single_case_still_has_an_interval():
    low, high = proportions.ratio(Share(0, 40), Share(12, 40), confidence=0.95)

    wanted = confint_proportions_2indep(
        0, 40, 12, 40, compare="ratio", method="log-adjusted", alpha=0.05
    )
    assert (low, high) == pytest.approx(wanted, rel=1e-9)


def test_everybody_alike_is_no_difference():
    assert proportions.test(Share(0, 50), Share(0, 70)) == (1.0, proportions.FISHER)
    assert proportions.test(Share(50, 50), Share(70, 70))[0] == 1.0
    assert proportions.quantile(0.95) == pytest.approx(norm.ppf(0.975), rel=1e-12)
