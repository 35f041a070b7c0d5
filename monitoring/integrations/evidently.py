"""The only importer of Evidently: its registered stat tests, one column at a time.

Verdicts come from monitoring.statistics.distances, which costs a tenth; these are the oracle that
the tests and `script/bench drift` hold it against. Nulls must be gone before.
"""

import os
import warnings
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("DO_NOT_TRACK", "true")

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report, __version__
from evidently.legacy.calculations import stattests
from evidently.legacy.core import ColumnType
from evidently.presets import DataDriftPreset

VERSION = f"evidently {__version__}"
_TESTS = {
    "psi": stattests.psi_stat_test,
    "ks": stattests.ks_stat_test,
    "wasserstein": stattests.wasserstein_stat_test,
    "jensenshannon": stattests.jensenshannon_stat_test,
    "chisquare": stattests.chi_stat_test,
    "hellinger": stattests.hellinger_stat_test,
}


class NoScore(Exception):
    """The method gave no finite number for these values."""


@dataclass(frozen=True)
class Score:
    """One score of one column."""

    value: float
    by: str


def score(method: str, reference: Any, current: Any, *, numeric: bool, limit: float) -> Score:
    """Score two arrays without nulls by the method that the check fixed."""
    kind = ColumnType.Numerical if numeric else ColumnType.Categorical
    try:
        # Tied p-values and empty expected cells are warned about; the score says it already.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = _TESTS[method](pd.Series(reference), pd.Series(current), kind, limit)
    except (ValueError, ZeroDivisionError, FloatingPointError) as error:
        raise NoScore(f"{method} could not be computed: {error}") from error
    value = float(found.drift_score)
    if not np.isfinite(value):
        raise NoScore(f"{method} gave no finite number")
    return Score(value, VERSION)


def report(
    reference: Any,
    current: Any,
    *,
    numeric: list[str],
    categorical: list[str],
    methods: tuple[str, str],
    limits: tuple[float, float],
) -> str:
    """Return the HTML of Evidently's drift report on two pandas tables.

    `methods` and `limits` are those of numeric and of categorical columns. The page holds
    whatever the columns are called, unescaped: it is never served on our own origin.
    """
    definition = DataDefinition(numerical_columns=numeric, categorical_columns=categorical)
    preset = DataDriftPreset(
        num_method=methods[0],
        cat_method=methods[1],
        num_threshold=limits[0],
        cat_threshold=limits[1],
    )
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        snapshot = Report([preset]).run(
            Dataset.from_pandas(current, data_definition=definition),
            Dataset.from_pandas(reference, data_definition=definition),
        )
        return str(snapshot.get_html_str(as_iframe=False))


def warm_up() -> None:
    """Run every method once on a few rows, so that nothing is imported in a child."""
    many, few = np.linspace(0.0, 1.0, 50), np.array([0, 1, 2] * 10)
    for method in ("psi", "ks", "wasserstein", "jensenshannon"):
        score(method, many, many * 0.9, numeric=True, limit=0.1)
    for method in ("psi", "jensenshannon", "chisquare"):
        score(method, few, few[:-1], numeric=False, limit=0.1)
