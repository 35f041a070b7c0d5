"""Performance metrics under the names that Muster's checks use."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import metrics as sk
from sklearn.pipeline import Pipeline

TOP = 5
FIRST_METRIC = {
    "classification": "roc_auc",
    "regression": "mape",
    "forecasting": "mape",
    "ranking": "precision_at_k",
    "clustering": "silhouette",
}
LOWER_IS_BETTER = {"rmse", "mae", "mape", "log_loss"}


def measure(
    task: str, frame: pd.DataFrame, pipeline: Pipeline, features: pd.DataFrame
) -> dict[str, float]:
    """Measure predictions against what came true, or groups against one another."""
    if task == "clustering":
        return {"silhouette": _silhouette(frame, pipeline, features)}
    label = frame["label"]
    if task == "classification":
        found = _classification(label, frame["score"], frame["prediction"])
    elif task == "ranking":
        found = _ranking(frame)
    else:
        found = {
            "rmse": sk.root_mean_squared_error(label, frame["prediction"]),
            "mae": sk.mean_absolute_error(label, frame["prediction"]),
            "mape": sk.mean_absolute_percentage_error(label, frame["prediction"]),
            "r2": sk.r2_score(label, frame["prediction"]),
        }
    return {name: float(value) for name, value in found.items()}


def _classification(label: pd.Series, score: pd.Series, decision: pd.Series) -> dict[str, float]:
    found = {
        "accuracy": sk.accuracy_score(label, decision),
        "precision": sk.precision_score(label, decision, zero_division=0),
        "recall": sk.recall_score(label, decision, zero_division=0),
        "f1": sk.f1_score(label, decision, zero_division=0),
        "log_loss": sk.log_loss(label, score, labels=[0, 1]),
    }
    if label.nunique() == 2:
        found["roc_auc"] = sk.roc_auc_score(label, score)
        found["pr_auc"] = sk.average_precision_score(label, score)
    return found


def _ranking(frame: pd.DataFrame) -> dict[str, float]:
    ordered = frame.sort_values(["session", "prediction"], ascending=[True, False], kind="stable")
    place = ordered.groupby("session").cumcount()
    gain = ordered["label"] / np.log2(place + 2)
    best = ordered.groupby("session")["label"].sum()
    ideal = best.map(lambda hits: float(np.sum(1 / np.log2(np.arange(int(hits)) + 2))))
    with_hits = ideal[ideal > 0].index
    return {
        "ctr": float(ordered["label"].mean()),
        "precision_at_k": float(ordered.loc[place < TOP, "label"].mean()),
        "ndcg": float((gain.groupby(ordered["session"]).sum() / ideal)[with_hits].mean()),
    }


def _silhouette(frame: pd.DataFrame, pipeline: Pipeline, features: pd.DataFrame) -> float:
    chosen = features.head(600)
    encoded = pipeline.named_steps["encode"].transform(chosen)
    return float(sk.silhouette_score(encoded, frame["prediction"].head(600)))
