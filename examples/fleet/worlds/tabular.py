"""Synthetic worlds as declarations: bounded columns, and a rule for what comes true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
import pandas as pd
from scipy.special import expit, ndtr

from examples.fleet.worlds.world import (
    FIRST_MONDAY,
    SEASON_DAYS,
    WEEKS,
    times_within,
    week_start,
)

# Kumaraswamy's a and b: bounded like a beta, with a closed quantile function, so drawing is cheap.
SHAPES = {"bell": (2.4, 4.5), "low": (1.3, 5.0), "high": (4.0, 1.6), "even": (1.0, 1.0)}
FACTOR = 0.35  # how much of each column the hidden factor explains (as a correlation's root)


@dataclass(frozen=True)
class Number:
    """A bounded numeric column."""

    name: str
    low: float
    high: float
    shape: str = "bell"
    digits: int = 2
    season: float = 0.0

    def values(self, latent: np.ndarray) -> np.ndarray:
        """Turn standard normal draws into values between the bounds."""
        a, b = SHAPES[self.shape]
        share = (1.0 - (1.0 - ndtr(latent)) ** (1.0 / b)) ** (1.0 / a)
        return np.asarray(np.round(self.low + (self.high - self.low) * share, self.digits))

    def standardized(self, values: pd.Series) -> np.ndarray:
        """Measure values in standard deviations of the undisturbed column."""
        mean, deviation = _moments(self)
        return np.asarray((values.to_numpy(dtype=float) - mean) / deviation)


@dataclass(frozen=True)
class Choice:
    """A column of named levels with their shares."""

    name: str
    levels: Mapping[str, float]

    def values(self, rows: int, rng: np.random.Generator) -> np.ndarray:
        """Draw levels by their shares."""
        shares = np.array(list(self.levels.values()), dtype=float)
        return rng.choice(np.array(list(self.levels), dtype=object), rows, p=shares / shares.sum())


@cache
def _moments(column: Number) -> tuple[float, float]:
    grid = np.linspace(-3.5, 3.5, 1401)
    weight = np.exp(-(grid**2) / 2)
    values = column.values(grid)
    mean = float(np.average(values, weights=weight))
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=weight))) or 1.0


REGIONS = Choice("region", {"north": 0.3, "south": 0.25, "east": 0.25, "west": 0.2})
COHORTS = Choice("cohort", {"new": 0.3, "settled": 0.45, "long_standing": 0.25})


@dataclass(frozen=True)
class Rule:
    """How inputs lead to an outcome: weights per standardized column or `column=level`."""

    kind: str  # yes_no, amount, none
    weights: Mapping[str, float] = field(default_factory=dict)
    twisted: Mapping[str, float] = field(default_factory=dict)
    rate: float = 0.3  # share of yes
    center: float = 100.0  # typical amount
    spread: float = 0.25  # effect of one unit of the score on the logarithm of the amount
    noise: float = 0.1


@dataclass(frozen=True)
class TabularWorld:
    """A world drawn from its declaration."""

    numbers: tuple[Number, ...]
    choices: tuple[Choice, ...]
    rule: Rule
    rows: int = 1000
    history_rows: int = 6000
    history_weeks: int = 26
    places: tuple[Choice, ...] = (REGIONS, COHORTS)
    people: tuple[Choice, ...] = ()
    identifiers: tuple[Choice, ...] = ()
    list_length: int = 0
    first_monday: pd.Timestamp = FIRST_MONDAY
    replays: bool = False

    @property
    def features(self) -> tuple[str, ...]:
        """Name the model's inputs."""
        numbers = tuple(number.name for number in self.numbers)
        return (*numbers, *(choice.name for choice in self.choices))

    @property
    def segments(self) -> tuple[str, ...]:
        """Name the columns that split a batch."""
        return tuple(place.name for place in self.places)

    @property
    def protected(self) -> tuple[str, ...]:
        """Name the columns that serve fairness counts only."""
        return tuple(person.name for person in self.people)

    def history(self, rng: np.random.Generator) -> pd.DataFrame:
        """Draw the rows known before the first watched week."""
        start = self.first_monday - pd.Timedelta(weeks=self.history_weeks)
        return self._draw(times_within(start, 7 * self.history_weeks, self.history_rows, rng), rng)

    def week(self, number: int, rng: np.random.Generator) -> pd.DataFrame:
        """Draw the rows of one watched week."""
        if not 1 <= number <= WEEKS:
            raise ValueError(f"there are weeks 1 to {WEEKS}, not {number}")
        start = week_start(self.first_monday, number)
        return self._draw(times_within(start, 7, self.rows, rng), rng)

    def outcome(self, frame: pd.DataFrame, rng: np.random.Generator, twist: float) -> pd.Series:
        """Draw what comes true under the rule, or under the rule turned by `twist`."""
        if self.rule.kind == "none":
            return pd.Series(np.nan, index=frame.index)
        score = self._score(frame, twist)
        if self.rule.kind == "yes_no":
            chance = expit(score + self._intercept)
            return pd.Series((rng.random(len(frame)) < chance).astype(int), index=frame.index)
        noise = rng.normal(0.0, self.rule.noise, len(frame))
        amount = self.rule.center * np.exp(self.rule.spread * score + noise)
        return pd.Series(np.round(amount, 2), index=frame.index)

    def _draw(self, times: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
        rows = len(times)
        factor = rng.normal(size=rows)
        year = 2 * np.pi * ((times - pd.Timestamp("2024-01-01")).days % SEASON_DAYS) / SEASON_DAYS
        columns: dict[str, object] = {}
        for number in self.numbers:
            own = rng.normal(size=rows)
            latent = FACTOR * factor + np.sqrt(1 - FACTOR**2) * own
            columns[number.name] = number.values(latent - number.season * np.cos(year))
        for choice in (*self.choices, *self.places, *self.people, *self.identifiers):
            columns[choice.name] = choice.values(rows, rng)
        if self.list_length:
            # A list is one answer to one visitor: its rows stand together.
            columns["session"] = [
                f"{times[0]:%Y%m%d}-{i // self.list_length:05d}" for i in range(rows)
            ]
        frame = pd.DataFrame(columns)
        frame["original_time"] = times
        frame["label"] = self.outcome(frame, rng, 0.0)
        return frame

    def _score(self, frame: pd.DataFrame, twist: float) -> np.ndarray:
        standardized = {n.name: n.standardized(frame[n.name]) for n in self.numbers}
        score = np.zeros(len(frame))
        for name in sorted({*self.rule.weights, *self.rule.twisted}):
            usual = self.rule.weights.get(name, 0.0)
            weight = usual + twist * (self.rule.twisted.get(name, usual) - usual)
            column, _, level = name.partition("=")
            if level:
                score += weight * (frame[column] == level).to_numpy(dtype=float)
            else:
                score += weight * standardized[column]
        return score

    @cached_property
    def _intercept(self) -> float:
        """Find the intercept that gives the wanted share of yes, by bisection on a fixed sample."""
        rng = np.random.default_rng(2013)
        columns: dict[str, object] = {n.name: n.values(rng.normal(size=8000)) for n in self.numbers}
        for choice in (*self.choices, *self.places, *self.people):
            columns[choice.name] = choice.values(8000, rng)
        score = self._score(pd.DataFrame(columns), 0.0)
        low, high = -30.0, 30.0
        for _ in range(60):
            middle = (low + high) / 2
            too_low = expit(score + middle).mean() < self.rule.rate
            low, high = (middle, high) if too_low else (low, middle)
        return (low + high) / 2
