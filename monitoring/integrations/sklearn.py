"""The only importer of scikit-learn: metrics of predictions, and a classifier that tells drift."""

import warnings
from typing import Any

import numpy as np
from sklearn import __version__, metrics
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

VERSION = f"scikit-learn {__version__}"
_SAMPLE = 2000  # a silhouette costs the square of its rows
_SEED = 20260101
_FOLDS = 3


class NoMetric(Exception):
    """The metric cannot be computed for these rows."""


def needs_score(name: str) -> bool:
    """Say whether the metric reads the probability rather than the decision."""
    return name in {"roc_auc", "pr_auc", "log_loss"}


def measure(name: str, truth: Any, answer: Any, *, weights: Any = None) -> float:
    """Compute one metric. `truth` is 0/1 for classification; `answer` is what the metric reads."""
    if name in {"roc_auc", "pr_auc"} and len(np.unique(truth)) < 2:
        only = "positive" if truth[0] else "negative"
        raise NoMetric(f"needs both outcomes, but all {len(truth):,} labels are {only}")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return float(_MEASURES[name](truth, answer, sample_weight=weights))
    except ValueError as error:
        raise NoMetric(f"could not be computed: {error}") from error


def silhouette(points: Any, clusters: Any) -> float:
    """Say how well separated the clusters are, from -1 to 1."""
    if not 2 <= len(np.unique(clusters)) < len(clusters):
        raise NoMetric("needs at least two clusters with more than one row each")
    size = min(_SAMPLE, len(points))
    return float(metrics.silhouette_score(points, clusters, sample_size=size, random_state=_SEED))


_MEASURES: dict[str, Any] = {
    "roc_auc": metrics.roc_auc_score,
    "pr_auc": metrics.average_precision_score,
    "log_loss": lambda truth, answer, **more: metrics.log_loss(
        truth, np.clip(answer, 1e-15, 1 - 1e-15), labels=[0, 1], **more
    ),
    "accuracy": metrics.accuracy_score,
    "precision": lambda truth, answer, **more: metrics.precision_score(
        truth, answer, zero_division=0, **more
    ),
    "recall": lambda truth, answer, **more: metrics.recall_score(
        truth, answer, zero_division=0, **more
    ),
    "f1": lambda truth, answer, **more: metrics.f1_score(truth, answer, zero_division=0, **more),
    "rmse": metrics.root_mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "mape": metrics.mean_absolute_percentage_error,
    "r2": metrics.r2_score,
}


def warm_up() -> None:
    """Run every metric once on a few rows."""
    truth, answer = np.array([0, 1, 1, 0]), np.array([0.1, 0.8, 0.6, 0.4])
    for name in _MEASURES:
        whole = name in {"accuracy", "precision", "recall", "f1"}
        measure(name, truth, truth if whole else answer)
    silhouette(np.array([[0.0], [0.1], [1.0], [1.1]]), np.array([0, 0, 1, 1]))
    cloud = np.arange(60.0)[:, None]
    told_apart(cloud, cloud + 30, np.array([0]), seed=_SEED)


def told_apart(
    reference: Any, current: Any, owners: Any, *, seed: int
) -> tuple[float, list[float]]:
    """Return how well a classifier tells two clouds apart (AUC), and what each column adds.

    Every row is judged by a classifier that has not seen it. A column's part is how much of the
    AUC is lost when its values, in all the points it owns, are dealt out anew.
    """
    luck = np.random.default_rng(seed)
    points = np.vstack([reference, current])
    sides = np.repeat([0, 1], [len(reference), len(current)])
    scores, lost = [], np.zeros(int(owners.max()) + 1)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    for seen, unseen in folds.split(points, sides):
        trees = HistGradientBoostingClassifier(
            max_iter=40, max_depth=4, learning_rate=0.2, early_stopping=False, random_state=seed
        ).fit(points[seen], sides[seen])
        held, truth = points[unseen], sides[unseen]
        whole = float(metrics.roc_auc_score(truth, trees.predict_proba(held)[:, 1]))
        scores.append(whole)
        for column in range(len(lost)):
            dealt = held.copy()
            own = np.flatnonzero(owners == column)
            dealt[:, own] = held[luck.permutation(len(held))][:, own]
            without = metrics.roc_auc_score(truth, trees.predict_proba(dealt)[:, 1])
            lost[column] += (whole - float(without)) / _FOLDS
    return float(np.mean(scores)), lost.tolist()
