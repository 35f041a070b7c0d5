import threading
from datetime import timedelta

import pandas as pd
import pytest

from examples.fleet import batches, landing
from examples.fleet.calendar import Calendar


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "batches" / "2026-08-17.parquet"
    contents = [bytes([letter]) * 400_000 for letter in b"ab"]
    landing.put(path, contents[0])
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        landing.put(path, contents[turn % 2])
    stop.set()
    reader.join()

    assert seen <= set(contents)
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "2026-08-17.parquet"
    landing.put(path, b"whole")

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(landing.os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        landing.put(path, b"half")

    assert path.read_bytes() == b"whole"
    assert [found.name for found in tmp_path.iterdir() if not found.name.startswith(".")] == [
        path.name
    ]


def test_files_are_named_by_the_window_they_cover(tmp_path, calendar, rehearse):
    spec, world, trained = rehearse("chargeback-outcome")
    for number in (9, 10):
        week = batches.week(spec, world, trained, calendar, number)
        landing.land_requests(tmp_path, spec.slug, calendar, number, week)
        landing.land_labels(tmp_path, spec.slug, calendar, number, week)

    sound = tmp_path / spec.slug / "batches" / f"{calendar.window(9):%Y-%m-%d}.parquet"
    broken = tmp_path / spec.slug / "batches" / f"{calendar.window(10):%Y-%m-%d}.parquet"
    assert len(pd.read_parquet(sound)) == spec.rows
    with pytest.raises((OSError, ValueError)):
        pd.read_parquet(broken)
    labels = tmp_path / spec.slug / "labels" / sound.name
    assert list(pd.read_parquet(labels).columns) == ["request_id", "label"]


def test_the_weeks_of_a_folder_stay_when_time_goes_on(tmp_path, calendar):
    later = calendar.end + timedelta(weeks=3)
    first = Calendar.kept_in(tmp_path, now=calendar.end)

    assert Calendar.kept_in(tmp_path, now=later) == first
