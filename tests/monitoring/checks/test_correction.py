"""The corrected p-values are scipy's."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from monitoring.checks.correction import benjamini_hochberg


@pytest.mark.parametrize("count", [1, 2, 7, 300])
def test_the_adjusted_p_values_are_scipys(count):
    p_values = np.random.default_rng(count).beta(0.4, 2, count)
    p_values[0] = p_values[-1]

    assert benjamini_hochberg(list(p_values)) == pytest.approx(
        false_discovery_control(p_values), abs=1e-12
    )


def test_what_was_not_tested_does_not_count():
    assert benjamini_hochberg([None, 0.01, None, 0.04]) == [None, 0.02, None, 0.04]
    assert benjamini_hochberg([]) == []
