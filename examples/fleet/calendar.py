"""Thirteen whole weeks that end with the last full one, and how a world's own time maps to them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from examples.fleet.worlds.world import WEEKS


@dataclass(frozen=True)
class Calendar:
    """The thirteen windows; `start` is the Monday on which the first one begins."""

    start: datetime

    @classmethod
    def ending_before(cls, now: datetime) -> Calendar:
        """Place window 13 on the last full week, Monday to Monday in UTC, before `now`."""
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        monday = today - timedelta(days=today.weekday())
        return cls(monday - timedelta(weeks=WEEKS))

    @classmethod
    def kept_in(cls, landing: Path, *, now: datetime) -> Calendar:
        """Take the weeks that the landing folder was begun with, or begin it with today's."""
        note = landing / "fleet.json"
        if note.exists():
            return cls(datetime.fromisoformat(json.loads(note.read_text())["start"]))
        calendar = cls.ending_before(now)
        landing.mkdir(parents=True, exist_ok=True)
        aside = note.with_name(".fleet.json.part")
        aside.write_text(json.dumps({"start": calendar.start.isoformat()}))
        os.replace(aside, note)
        return calendar

    @property
    def end(self) -> datetime:
        """Give the moment at which the last window ends."""
        return self.start + timedelta(weeks=WEEKS)

    def window(self, number: int) -> datetime:
        """Give the start of window `number`."""
        return self.start + timedelta(weeks=number - 1)

    def file_name(self, number: int) -> str:
        """Name the file of window `number` as Muster reads it."""
        return f"{self.window(number):%Y-%m-%d}.parquet"

    def place(self, frame: pd.DataFrame, first_monday: pd.Timestamp) -> pd.DataFrame:
        """Add `time`: the world's time moved by whole weeks, in UTC."""
        # A survey year has no weeks: such a world says itself where in its weeks a row belongs.
        own = "world_time" if "world_time" in frame.columns else "original_time"
        moved = frame[own] + (pd.Timestamp(self.start).tz_localize(None) - first_monday)
        placed = frame.assign(time=moved.dt.tz_localize("UTC"))
        return placed.drop(columns=["world_time"], errors="ignore")
