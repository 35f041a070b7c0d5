"""Publish one model: train it, log its versions, land its batches, register it with its checks."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd
from mlflow import MlflowClient

from examples.fleet import batches, experiments, landing, registrations, training, worlds
from examples.fleet.calendar import Calendar
from examples.fleet.muster_client import Muster
from examples.fleet.specification import ModelSpec
from examples.fleet.worlds.world import WEEKS, World

EDITION = "1"  # raised when the same catalogue must be trained anew
# Muster says that a window was missed once the earlier ones are judged: on a slow machine, at the
# end of a long queue. Waiting costs nothing, the queue has to be worked off anyway.
LATE_SECONDS = 150.0
SLOWED = 3.1  # how much longer answers take once a latency script begins


@dataclass(frozen=True)
class Publication:
    """Where the fleet is published to."""

    muster: Muster
    mlflow: MlflowClient
    landing: Path
    calendar: Calendar


def publish_model(to: Publication, spec: ModelSpec) -> str:
    """Publish one model, or only tell Muster again where an earlier start did the rest."""
    world = worlds.build(spec.world, rows=spec.rows)
    fingerprint = _fingerprint(spec, to.calendar)
    known = experiments.published(to.mlflow, spec.slug)
    if known is not None and known.fingerprint == fingerprint and not _missing(to, spec):
        limits, done = known.limits, "known"
    else:
        history = batches.history(spec, world, to.calendar)
        trained = training.train(spec, world, history)
        limits, versions = trained.limits, 0
        if known is None or known.fingerprint != fingerprint:
            versions = _log_versions(to, spec, world, history, trained)
        files = _land(to, spec, world, trained)
        experiments.mark_published(to.mlflow, spec.slug, fingerprint, limits)
        done = f"{versions} versions, {files} files"
    registrations.register_model(to.muster, spec, world, to.landing)
    registrations.register_checks(to.muster, spec, world, limits, to.calendar)
    return done


def land_late(to: Publication, spec: ModelSpec) -> str:
    """Land the withheld batch once Muster has noticed that it is missing."""
    number = spec.script.first
    path = landing.batch_path(to.landing, spec.slug, to.calendar, number)
    if path.exists():
        return f"the late batch of window {number} is there"
    noticed = _await_missed(to, spec, number)
    world = worlds.build(spec.world, rows=spec.rows)
    trained = training.train(spec, world, batches.history(spec, world, to.calendar))
    week = batches.week(spec, world, trained, to.calendar, number)
    landing.land_requests(to.landing, spec.slug, to.calendar, number, week)
    before = "Muster had missed it" if noticed else "Muster had not noticed by then"
    return f"the batch of window {number} landed late ({before})"


def _await_missed(to: Publication, spec: ModelSpec, number: int) -> bool:
    start = f"{to.calendar.window(number):%Y-%m-%d}"
    until = time.monotonic() + LATE_SECONDS
    while time.monotonic() < until:
        for run in to.muster.every("models", spec.slug, "runs"):
            if run["state"] == "missed" and str(run["window_start"]).startswith(start):
                return True
        time.sleep(1.0)
    return False


def _fingerprint(spec: ModelSpec, calendar: Calendar) -> str:
    text = f"{EDITION} {calendar.start:%Y-%m-%d} {spec!r}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _log_versions(
    to: Publication,
    spec: ModelSpec,
    world: World,
    history: pd.DataFrame,
    champion: training.Trained,
) -> int:
    """Log the version before, the champion and the challenger, as far as the model has them."""
    limits_set_at = f"{to.calendar.start - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
    versions = 1
    if spec.version_before:
        older = history.head(len(history) * 2 // 3)
        before = training.train(spec, world, older, version="before")
        experiments.log_version(
            to.mlflow, spec, world, before, limits_set_at=limits_set_at, label="before"
        )
        versions += 1
    points = experiments.latency_points(to.calendar, latencies(spec)) if spec.latency else ()
    experiments.log_version(
        to.mlflow,
        spec,
        world,
        champion,
        limits_set_at=limits_set_at,
        label="champion",
        alias="champion",
        points=points,
    )
    if spec.challenger:
        other = training.train(spec, world, history, version="challenger")
        experiments.log_version(
            to.mlflow,
            spec,
            world,
            other,
            limits_set_at=limits_set_at,
            label="challenger",
            alias="challenger",
        )
        versions += 1
    return versions


def latencies(spec: ModelSpec) -> list[float]:
    """Draw one reading of the 95th percentile a week."""
    if spec.latency is None:
        raise ValueError(f"{spec.slug} has no latency")
    rng = training.stream(spec, "latency")
    values = []
    for number in range(1, WEEKS + 1):
        slowed = SLOWED if spec.script.kind == "latency" and spec.script.covers(number) else 1.0
        values.append(round(float(spec.latency[0] * slowed * rng.uniform(0.92, 1.08)), 1))
    return values


def _withheld(spec: ModelSpec) -> int:
    return spec.script.first if spec.late else 0


def _missing(to: Publication, spec: ModelSpec) -> bool:
    wanted = [
        landing.batch_path(to.landing, spec.slug, to.calendar, number)
        for number in range(1, WEEKS + 1)
        if number != _withheld(spec)
    ]
    wanted += [
        landing.label_path(to.landing, spec.slug, to.calendar, number)
        for number in range(1, batches.labels_known(spec) + 1)
    ]
    return not all(path.exists() for path in wanted)


def _land(to: Publication, spec: ModelSpec, world: World, trained: training.Trained) -> int:
    """Land what has not landed yet: a batch that is there is never written again."""
    files = 0
    for number in range(1, WEEKS + 1):
        requests = landing.batch_path(to.landing, spec.slug, to.calendar, number)
        labels = landing.label_path(to.landing, spec.slug, to.calendar, number)
        due = number != _withheld(spec) and not requests.exists()
        known = number <= batches.labels_known(spec) and not labels.exists()
        if not due and not known:
            continue
        week = batches.week(spec, world, trained, to.calendar, number)
        if due:
            landing.land_requests(to.landing, spec.slug, to.calendar, number, week)
        if known:
            landing.land_labels(to.landing, spec.slug, to.calendar, number, week)
        files += due + known
    return files
