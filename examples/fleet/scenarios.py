"""What may happen to a batch of requests: pure functions from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri


def shift(
    frame: pd.DataFrame,
    columns: Sequence[str],
    reference: pd.DataFrame,
    *,
    deviations: float,
    where: pd.Series | None = None,
) -> pd.DataFrame:
    """Move columns by so many deviations along the reference's own distribution.

    Values stay between the reference's smallest and largest, so this is another mix of known
    cases (drift), never an impossible value (a fault).
    """
    moved = frame.copy()
    rows = np.ones(len(frame), dtype=bool) if where is None else where.to_numpy(dtype=bool)
    for column in columns:
        known = np.sort(reference[column].to_numpy(dtype=float))
        values = frame[column].to_numpy(dtype=float)
        # Ties are spread over their places, or a count such as 0 would move as one block.
        left = np.searchsorted(known, values, side="left")
        right = np.searchsorted(known, values, side="right")
        spread = (np.arange(len(values)) % 97 + 0.5) / 97
        rank = np.clip((left + (right - left) * spread) / len(known), 1e-4, 1 - 1e-4)
        place = ndtr(ndtri(rank) + deviations)
        new = known[np.minimum((place * len(known)).astype(int), len(known) - 1)]
        moved[column] = np.where(rows, new, values)
    return moved


def gradual_share(number: int, *, first: int, last: int) -> float:
    """Say how far a slow change has come in week `number`: 0 before `first`, 1 from `last` on."""
    return float(np.clip((number - first + 1) / (last - first + 1), 0.0, 1.0))


def refuse_some(
    frame: pd.DataFrame,
    group: tuple[str, str],
    share: float,
    rng: np.random.Generator,
    *,
    favorable: int,
) -> pd.DataFrame:
    """Turn down a share of a group's favorable answers, as a rule behind the model does.

    Inputs and scores stay as they are: only who is favored how often can show it.
    """
    column, value = group
    favored = (frame[column] == value) & (frame["prediction"] == favorable)
    turned = favored.to_numpy(dtype=bool) & (rng.random(len(frame)) < share)
    return frame.assign(prediction=frame["prediction"].mask(turned, 1 - favorable))


def drop_column(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Lose a column, as an export that was rewritten does."""
    return frame.drop(columns=[column])


def change_unit(frame: pd.DataFrame, column: str, factor: float = 100.0) -> pd.DataFrame:
    """Report a column in another unit: cents for euros, centimeters for meters."""
    return frame.assign(**{column: frame[column] * factor})


def empty(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns and no row."""
    return frame.iloc[0:0]


def add_category(
    frame: pd.DataFrame, column: str, level: str, share: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Give a share of the rows a level that training never saw."""
    new = frame[column].to_numpy(dtype=object).copy()
    new[rng.random(len(frame)) < share] = level
    return frame.assign(**{column: new})


def duplicate(frame: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Deliver a share of the rows twice, request id and all, as a replayed queue does."""
    twice = frame.sample(frac=share, random_state=rng)
    return pd.concat([frame, twice]).sort_values("time", kind="stable").reset_index(drop=True)


def corrupt(content: bytes) -> bytes:
    """Break off a file half-way, as a transfer that was cut does."""
    return content[: len(content) // 2]
