from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.fleet.calendar import Calendar

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(now=MOMENTS)
def test_the_last_window_is_the_last_full_week(now):
    calendar = Calendar.ending_before(now)

    assert calendar.start.weekday() == 0
    assert calendar.window(13) + timedelta(days=7) == calendar.end
    assert calendar.end <= now < calendar.end + timedelta(days=7)


def test_a_monday_at_midnight_ends_the_week_before():
    monday = datetime(2026, 11, 16, tzinfo=UTC)

    assert Calendar.ending_before(monday).end == monday


def test_times_move_by_whole_weeks_and_the_original_stays(calendar):
    frame = pd.DataFrame({"original_time": [pd.Timestamp("2013-07-03 08:30")]})

    placed = calendar.place(frame, pd.Timestamp("2013-07-01"))

    moved = placed["time"][0]
    assert placed["original_time"][0] == pd.Timestamp("2013-07-03 08:30")
    assert moved == pd.Timestamp(calendar.start) + pd.Timedelta(days=2, hours=8, minutes=30)
    assert moved.dayofweek == placed["original_time"][0].dayofweek


@pytest.mark.parametrize("number", [1, 13])
def test_a_file_is_named_after_its_window(number, calendar):
    assert calendar.file_name(number) == f"{calendar.window(number):%Y-%m-%d}.parquet"
