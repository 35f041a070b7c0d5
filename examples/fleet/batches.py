"""A week of one model: the requests that land, and the labels that follow them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from examples.fleet import scenarios
from examples.fleet.calendar import Calendar
from examples.fleet.specification import ModelSpec
from examples.fleet.training import Trained, serve, stream
from examples.fleet.worlds.world import WEEKS, World

LABELED = 0.97  # the rest is never found out
NEW_LEVEL = "unknown_9"
NEW_SHARE = 0.25
TWICE = 0.4


@dataclass(frozen=True, eq=False)
class Week:
    """What one week leaves behind."""

    requests: pd.DataFrame
    labels: pd.DataFrame
    broken_file: bool


def history(spec: ModelSpec, world: World, calendar: Calendar) -> pd.DataFrame:
    """Draw what was known before the first window, with names and moved times."""
    frame = calendar.place(world.history(stream(spec, "history")), world.first_monday)
    return _named(frame, f"{spec.slug}-h")


def week(spec: ModelSpec, world: World, trained: Trained, calendar: Calendar, number: int) -> Week:
    """Draw week `number`, let happen what is scripted, and let the model answer."""
    rng = stream(spec, "week", number)
    frame = _inputs(spec, world.week(number, rng), trained.reference, number)
    twist = 1.0 if spec.script.kind == "concept" and spec.script.covers(number) else 0.0
    frame["label"] = world.outcome(frame, rng, twist)
    frame = _named(calendar.place(frame, world.first_monday), f"{spec.slug}-{number:02d}")
    answered = serve(spec, world.features, trained.pipeline, trained.threshold, frame)
    known = rng.random(len(answered)) < LABELED
    return Week(
        requests=_faults(spec, answered.drop(columns=["label"]), number, rng),
        labels=answered.loc[known, ["request_id", "label"]].reset_index(drop=True),
        broken_file=spec.script.kind == "corrupt_file" and spec.script.covers(number),
    )


def labels_known(spec: ModelSpec) -> int:
    """Say up to which week the labels have arrived."""
    return 0 if spec.task == "clustering" else WEEKS - spec.weeks_late


def _named(frame: pd.DataFrame, stem: str) -> pd.DataFrame:
    return frame.assign(request_id=[f"{stem}-{place:05d}" for place in range(len(frame))])


def _inputs(
    spec: ModelSpec, frame: pd.DataFrame, reference: pd.DataFrame, number: int
) -> pd.DataFrame:
    """Let the inputs drift as scripted."""
    script = spec.script
    if not script.covers(number) or not script.columns:
        return frame
    if script.kind == "sudden":
        return scenarios.shift(frame, script.columns, reference, deviations=script.size)
    if script.kind == "gradual":
        share = scenarios.gradual_share(number, first=script.first, last=script.last)
        return scenarios.shift(frame, script.columns, reference, deviations=script.size * share)
    if script.kind == "segment" and script.segment:
        column, value = script.segment
        return scenarios.shift(
            frame,
            script.columns,
            reference,
            deviations=script.size,
            where=frame[column] == value,
        )
    return frame


def _faults(
    spec: ModelSpec, frame: pd.DataFrame, number: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Let the export break as scripted; by then the model has answered from sound inputs."""
    script = spec.script
    if not script.covers(number):
        return frame
    if script.kind == "missing_column":
        return scenarios.drop_column(frame, script.columns[0])
    if script.kind == "unit_change":
        return scenarios.change_unit(frame, script.columns[0])
    if script.kind == "empty_batch":
        return scenarios.empty(frame)
    if script.kind == "unseen_category":
        return scenarios.add_category(frame, script.columns[0], NEW_LEVEL, NEW_SHARE, rng)
    if script.kind == "duplicated_rows":
        return scenarios.duplicate(frame, TWICE, rng)
    if script.kind == "unfair" and script.segment:
        return scenarios.refuse_some(
            frame, script.segment, script.size, rng, favorable=spec.favorable
        )
    return frame
