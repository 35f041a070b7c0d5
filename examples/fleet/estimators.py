"""Small scikit-learn pipelines: cheap to train on one thread, different in kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

CLUSTERS = 4


def build(kind: str, features: pd.DataFrame, seed: int) -> Pipeline:
    """Make an untrained pipeline for these columns."""
    numeric = [c for c in features.columns if features[c].dtype.kind == "f"]
    named = [c for c in features.columns if c not in numeric]
    encode = ColumnTransformer(
        [
            ("numbers", StandardScaler(), numeric),
            ("names", OneHotEncoder(handle_unknown="ignore", sparse_output=False), named),
        ]
    )
    return Pipeline([("encode", encode), ("model", _estimator(kind, seed))])


def _estimator(kind: str, seed: int) -> Any:
    if kind == "logistic":
        return LogisticRegression(max_iter=300)
    if kind == "ridge":
        return Ridge(alpha=1.0)
    if kind == "forest":
        return RandomForestClassifier(
            n_estimators=40, max_depth=7, min_samples_leaf=10, n_jobs=1, random_state=seed
        )
    if kind == "boosting":
        return HistGradientBoostingClassifier(
            max_iter=25, learning_rate=0.15, max_leaf_nodes=12, random_state=seed
        )
    if kind == "boosting_amount":
        return HistGradientBoostingRegressor(
            max_iter=30, learning_rate=0.2, max_leaf_nodes=16, random_state=seed
        )
    if kind == "kmeans":
        return KMeans(n_clusters=CLUSTERS, n_init=3, random_state=seed)
    raise ValueError(f"no estimator {kind!r}")


def inputs(frame: pd.DataFrame, features: tuple[str, ...]) -> pd.DataFrame:
    """Take the model's inputs: numbers as floats, so that the signature allows gaps."""
    chosen = frame[list(features)]
    # Strings get a type of their own: MLflow looks at objects one by one.
    return chosen.astype({c: float if chosen[c].dtype.kind in "iuf" else "str" for c in features})


def more_of_the_few(
    features: pd.DataFrame, label: pd.Series, *, share: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.Series]:
    """Add synthetic cases of the rare class between real neighbors (the idea of SMOTE)."""
    rare = features[label == 1].reset_index(drop=True)
    if len(rare) < 2:
        raise ValueError("synthetic cases need at least two real ones")
    wanted = int(share * len(features)) - len(rare)
    numeric = [c for c in features.columns if features[c].dtype.kind == "f"]
    scaled = (rare[numeric] - rare[numeric].mean()) / rare[numeric].std().replace(0, 1)
    distance = ((scaled.to_numpy()[:, None] - scaled.to_numpy()[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    neighbors = np.argsort(distance, axis=1)[:, : min(5, len(rare) - 1)]
    base = rng.integers(0, len(rare), wanted)
    other = neighbors[base, rng.integers(0, neighbors.shape[1], wanted)]
    between = rng.random((wanted, 1))
    made = rare.iloc[base].reset_index(drop=True)
    start, end = rare[numeric].to_numpy()[base], rare[numeric].to_numpy()[other]
    made[numeric] = start + between * (end - start)
    return (
        pd.concat([features, made], ignore_index=True),
        pd.concat([label, pd.Series(1, index=range(wanted))], ignore_index=True),
    )
