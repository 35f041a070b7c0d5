"""The landing folder: files are written aside and renamed, so that no reader sees half a file."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pandas as pd

from examples.fleet.batches import Week
from examples.fleet.calendar import Calendar
from examples.fleet.scenarios import corrupt


def batch_path(landing: Path, slug: str, calendar: Calendar, number: int) -> Path:
    """Say where the requests of window `number` lie."""
    return landing / slug / "batches" / calendar.file_name(number)


def label_path(landing: Path, slug: str, calendar: Calendar, number: int) -> Path:
    """Say where the labels of window `number` lie."""
    return landing / slug / "labels" / calendar.file_name(number)


def as_parquet(frame: pd.DataFrame) -> bytes:
    """Encode a frame."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def put(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, even after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


def land_requests(landing: Path, slug: str, calendar: Calendar, number: int, week: Week) -> None:
    """Put down one week of requests, broken if so scripted."""
    content = as_parquet(week.requests)
    put(
        batch_path(landing, slug, calendar, number),
        corrupt(content) if week.broken_file else content,
    )


def land_labels(landing: Path, slug: str, calendar: Calendar, number: int, week: Week) -> None:
    """Put down the labels of one week."""
    put(label_path(landing, slug, calendar, number), as_parquet(week.labels))
