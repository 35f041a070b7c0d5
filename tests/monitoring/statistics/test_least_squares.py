"""Our least squares with HC3 errors are statsmodels'."""

import numpy as np
import pytest
import statsmodels.api as sm

from monitoring.statistics import least_squares


def people(seed=3, count=900, groups=3):
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, count)
    years, grade = rng.uniform(0, 30, count), rng.normal(500, 120, count)
    family = rng.integers(0, 4, count)
    factors = np.column_stack(
        [years, (grade - 500) / 120, (family[:, None] == [1, 2, 3]).astype(float)]
    )
    noise = rng.normal(0, 0.05 + 0.004 * years)
    pay = np.exp(10.6 + 0.01 * years + 0.1 * factors[:, 1] - 0.04 * (group == 1) + noise)
    return pay, group, factors


@pytest.mark.parametrize("seed", range(5))
def test_coefficients_and_errors_are_statsmodels(seed):
    pay, group, factors = people(seed)
    design = np.column_stack([(group[:, None] == [0, 1, 2]).astype(float), factors])

    found = least_squares.fit(design, np.log(pay))

    wanted = sm.OLS(np.log(pay), design).fit(cov_type="HC3")
    assert np.abs(found.coefficients - wanted.params).max() < 1e-9
    assert np.abs(found.covariance - wanted.cov_params()).max() < 1e-9


def test_the_gap_is_what_a_regression_on_the_group_says():
    pay, group, factors = people()
    design = sm.add_constant(
        np.column_stack([(group == 1).astype(float), (group == 2).astype(float), factors])
    )
    wanted = sm.OLS(np.log(pay), design).fit(cov_type="HC3")
    low, high = wanted.conf_int(0.05)[1]

    gaps = least_squares.adjusted_gaps(
        pay, group, factors, count=3, against=0, quantile=1.959963984540054
    )

    assert gaps[0].value == pytest.approx(1 - np.exp(wanted.params[1]), abs=1e-9)
    assert gaps[0].p_value == pytest.approx(wanted.pvalues[1], abs=1e-9)
    assert (gaps[0].low, gaps[0].high) == pytest.approx(
        (1 - np.exp(high), 1 - np.exp(low)), abs=1e-9
    )


def test_the_best_paid_group_is_what_others_are_compared_with():
    pay, group, factors = people()

    gaps = least_squares.adjusted_gaps(pay, group, factors, count=3, against=None, quantile=1.96)

    assert all(gap.value >= 0 for gap in gaps)


def test_a_factor_that_says_the_group_gives_no_gap():
    pay, group, factors = people(groups=2)

    with pytest.raises(least_squares.NoFit):
        least_squares.adjusted_gaps(
            pay, group, np.column_stack([factors, group]), count=2, against=None, quantile=1.96
        )


def test_a_row_alone_in_its_category_spoils_nothing():
    pay, group, factors = people()
    alone = np.zeros((len(pay), 1))
    alone[17] = 1.0

    gaps = least_squares.adjusted_gaps(
        pay, group, np.column_stack([factors, alone]), count=3, against=0, quantile=1.96
    )

    without = np.arange(len(pay)) != 17
    wanted = least_squares.adjusted_gaps(
        pay[without], group[without], factors[without], count=3, against=0, quantile=1.96
    )
    assert [gap.value for gap in gaps] == pytest.approx([gap.value for gap in wanted], abs=1e-9)
    assert [gap.low for gap in gaps] == pytest.approx([gap.low for gap in wanted], abs=1e-9)
