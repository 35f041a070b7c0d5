"""Train one version of a model and measure it on rows it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from examples.fleet import estimators, metrics
from examples.fleet.specification import ModelSpec
from examples.fleet.worlds.world import World

OUT_OF_TIME_WEEKS = 4
REFERENCE_ROWS = 5000
MINORITY_SHARE = 0.1
LEARNED_FROM = {"seasonal": 0.4, "usual": 0.6}


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained pipeline with everything a run reports about it."""

    pipeline: Pipeline
    threshold: float
    learned: pd.DataFrame
    reference: pd.DataFrame
    metrics: dict[str, float]
    limits: dict[str, float]
    importance: dict[str, float]
    groups: dict[str, list[dict[str, Any]]]
    out_of_time: dict[str, Any] | None
    params: dict[str, Any]


def stream(spec: ModelSpec, *parts: str | int) -> np.random.Generator:
    """Give the random stream that belongs to one model and one purpose, in any process."""
    return np.random.default_rng(
        [spec.seed, crc32(":".join(map(str, (spec.slug, *parts))).encode())]
    )


def train(
    spec: ModelSpec,
    world: World,
    history: pd.DataFrame,
    *,
    version: str = "champion",
    out_of_time_weeks: int = OUT_OF_TIME_WEEKS,
) -> Trained:
    """Fit on one part of the history, and measure on the other part and on its last weeks."""
    rng = stream(spec, "train", version)
    late = history["time"] >= history["time"].max() - pd.Timedelta(weeks=out_of_time_weeks)
    share = LEARNED_FROM["seasonal" if spec.seasonal else "usual"]
    chosen = _draw(history, share, rng) & ~late
    learned, held = history[chosen], history[~chosen & ~late]
    features = estimators.inputs(learned, world.features)
    label = learned["label"]
    if spec.synthetic_minority:
        features, label = estimators.more_of_the_few(features, label, share=MINORITY_SHARE, rng=rng)
    pipeline = estimators.build(spec.estimator, features, spec.seed)
    pipeline.fit(features, None if spec.task == "clustering" else label)
    threshold = _threshold(spec, pipeline, learned, world.features)
    measured = serve(spec, world.features, pipeline, threshold, held)
    recent = serve(spec, world.features, pipeline, threshold, history[late])
    found = metrics.measure(
        spec.task, measured, pipeline, estimators.inputs(measured, world.features)
    )
    limits = _limits(spec, found)
    known = history if world.replays else history[~chosen]
    reference = _part(spec, known, rng)
    return Trained(
        pipeline=pipeline,
        threshold=threshold,
        learned=learned,
        reference=serve(spec, world.features, pipeline, threshold, reference),
        metrics=found,
        limits=limits,
        importance=_importance(spec, pipeline, measured, world.features, rng),
        groups=_groups(spec, measured, world.protected),
        out_of_time=_out_of_time(spec, learned, recent, pipeline, world.features, limits),
        params={"estimator": spec.estimator, "threshold": round(threshold, 6), "seed": spec.seed},
    )


def serve(
    spec: ModelSpec,
    features: tuple[str, ...],
    pipeline: Pipeline,
    threshold: float,
    frame: pd.DataFrame,
) -> pd.DataFrame:
    """Answer requests: add `prediction`, and `score` where the answer is a decision."""
    values = estimators.inputs(frame, features)
    if spec.task not in ("classification", "ranking"):
        answer = np.asarray(pipeline.predict(values), dtype=float)
        digits = 0 if spec.task == "clustering" else 4
        return frame.assign(prediction=np.round(answer, digits))
    chance = np.round(pipeline.predict_proba(values)[:, 1], 6)
    if spec.task == "ranking":
        return frame.assign(prediction=chance)
    return frame.assign(prediction=(chance >= threshold).astype(int), score=chance)


def _draw(history: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.Series:
    """Choose what is learned from; lists stay whole."""
    if "session" not in history.columns:
        return pd.Series(rng.random(len(history)) < share, index=history.index)
    names = history["session"].unique()
    return history["session"].isin(names[rng.random(len(names)) < share])


def _part(spec: ModelSpec, known: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Keep the reference small, unless a season needs every week of it."""
    if spec.seasonal or len(known) <= REFERENCE_ROWS:
        return known
    if "session" in known.columns:
        return known.tail(REFERENCE_ROWS)
    return known.iloc[np.sort(rng.choice(len(known), REFERENCE_ROWS, replace=False))]


def _threshold(
    spec: ModelSpec, pipeline: Pipeline, learned: pd.DataFrame, features: tuple[str, ...]
) -> float:
    """Cut where as many are said yes to as really were yes."""
    if spec.task != "classification":
        return 0.5
    chance = pipeline.predict_proba(estimators.inputs(learned, features))[:, 1]
    return float(np.quantile(chance, 1.0 - max(learned["label"].mean(), 0.002)))


def _limits(spec: ModelSpec, found: dict[str, float]) -> dict[str, float]:
    sides = {"min": -1.0, "max": 1.0}
    return {
        limit.metric: round(found[limit.metric] + sides[limit.direction] * limit.margin, 3)
        for limit in spec.limits
    }


def _importance(
    spec: ModelSpec,
    pipeline: Pipeline,
    frame: pd.DataFrame,
    features: tuple[str, ...],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Share out how much the answers move when one column is shuffled."""
    sample = frame.head(400)
    answer = "score" if spec.task == "classification" else "prediction"
    usual = sample[answer].to_numpy(dtype=float)
    # One call for all columns: most of a call's time does not depend on its rows.
    mixed = pd.concat(
        sample.assign(**{column: rng.permutation(sample[column].to_numpy())}) for column in features
    )
    other = serve(spec, features, pipeline, 0.5, mixed)[answer].to_numpy(dtype=float)
    other = other.reshape(len(features), len(sample))
    change = (other != usual) if spec.task == "clustering" else np.abs(other - usual)
    moved = change.mean(axis=1)
    shares = moved / (moved.sum() or 1.0)
    return {column: round(float(share), 4) for column, share in zip(features, shares, strict=True)}


def _groups(
    spec: ModelSpec, frame: pd.DataFrame, attributes: tuple[str, ...]
) -> dict[str, list[dict[str, Any]]]:
    """Count per group how many were given the favorable answer."""
    if spec.task == "classification":
        chosen = frame["prediction"] == spec.favorable
    else:
        chosen = frame["prediction"] > frame["prediction"].median()
    counted: dict[str, list[dict[str, Any]]] = {}
    for attribute in attributes:
        counts = chosen.groupby(frame[attribute]).agg(["size", "sum"])
        counted[attribute] = [
            {
                "group": str(group),
                "n": int(row["size"]),
                "selected": int(row["sum"]),
                "rate": round(float(row["sum"] / row["size"]), 4),
            }
            for group, row in counts.iterrows()
        ]
    return counted


def _out_of_time(
    spec: ModelSpec,
    learned: pd.DataFrame,
    recent: pd.DataFrame,
    pipeline: Pipeline,
    features: tuple[str, ...],
    limits: dict[str, float],
) -> dict[str, Any] | None:
    """Measure on the weeks after the last one that was learned from."""
    if spec.limit is None or recent.empty:
        return None
    found = metrics.measure(spec.task, recent, pipeline, estimators.inputs(recent, features))
    return {
        "metric": spec.limit.metric,
        "direction": spec.limit.direction,
        "value": round(found[spec.limit.metric], 4),
        "limit": limits[spec.limit.metric],
        "train_end": _moment(learned["time"].max()),
        "oot_start": _moment(recent["time"].min()),
        "oot_end": _moment(recent["time"].max()),
        "n": len(recent),
    }


def _moment(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
