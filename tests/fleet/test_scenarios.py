import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.fleet import scenarios


def table(rows=400, seed=3):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": np.round(rng.gamma(2.0, 40.0, rows), 2),
            "count": rng.poisson(1.5, rows).astype(float),
            "plan": rng.choice(["a", "b"], rows),
            "region": rng.choice(["north", "south"], rows),
            "request_id": [f"r{i}" for i in range(rows)],
            "time": pd.date_range("2026-01-05", periods=rows, freq="min", tz="UTC"),
        }
    )


@settings(max_examples=40, deadline=None)
@given(
    deviations=st.floats(-3, 3),
    column=st.sampled_from(["amount", "count"]),
    seed=st.integers(0, 50),
)
def test_a_shift_never_leaves_what_the_reference_has_seen(deviations, column, seed):
    reference, frame = table(900, seed), table(200, seed + 1)

    moved = scenarios.shift(frame, [column], reference, deviations=deviations)

    assert moved[column].min() >= reference[column].min()
    assert moved[column].max() <= reference[column].max()
    others = [name for name in frame.columns if name != column]
    pd.testing.assert_frame_equal(moved[others], frame[others])


def test_a_shift_moves_the_mean_by_its_deviations():
    rng = np.random.default_rng(1)
    reference = pd.DataFrame({"x": rng.normal(10, 2, 20_000)})
    frame = pd.DataFrame({"x": rng.normal(10, 2, 5_000)})

    moved = scenarios.shift(frame, ["x"], reference, deviations=1.0)

    assert moved["x"].mean() == pytest.approx(12.0, abs=0.15)


def test_no_deviation_is_no_shift():
    reference = table(5000)
    frame = reference.sample(800, random_state=1)

    moved = scenarios.shift(frame, ["amount"], reference, deviations=0.0)

    assert moved["amount"].mean() == pytest.approx(frame["amount"].mean(), rel=0.02)


def test_a_shift_in_one_segment_leaves_the_others_alone():
    frame = table()
    south = frame["region"] == "south"

    moved = scenarios.shift(frame, ["amount"], frame, deviations=1.5, where=south)

    pd.testing.assert_series_equal(moved.loc[~south, "amount"], frame.loc[~south, "amount"])
    assert moved.loc[south, "amount"].mean() > 1.3 * frame.loc[south, "amount"].mean()


def test_a_gradual_change_begins_and_ends_where_it_says():
    shares = [scenarios.gradual_share(n, first=4, last=13) for n in range(1, 14)]

    assert shares[:3] == [0.0, 0.0, 0.0]
    assert shares[3] == pytest.approx(0.1)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)


def test_faults_do_what_they_are_called():
    frame, rng = table(), np.random.default_rng(5)

    assert "amount" not in scenarios.drop_column(frame, "amount").columns
    assert scenarios.change_unit(frame, "amount")["amount"].equals(frame["amount"] * 100)
    assert len(scenarios.empty(frame)) == 0
    assert list(scenarios.empty(frame).columns) == list(frame.columns)
    new = scenarios.add_category(frame, "plan", "z", 0.25, rng)["plan"]
    assert 0.15 < (new == "z").mean() < 0.35
    twice = scenarios.duplicate(frame, 0.4, rng)
    assert len(twice) == 560
    assert twice["request_id"].duplicated().sum() == 160
    assert twice["time"].is_monotonic_increasing
    assert scenarios.corrupt(b"PAR1....PAR1") == b"PAR1.."


def test_scenarios_leave_their_input_as_it_was():
    frame = table()
    before = frame.copy(deep=True)
    rng = np.random.default_rng(5)

    scenarios.shift(frame, ["amount"], frame, deviations=1.0)
    scenarios.change_unit(frame, "amount")
    scenarios.add_category(frame, "plan", "z", 0.5, rng)
    scenarios.duplicate(frame, 0.4, rng)

    pd.testing.assert_frame_equal(frame, before)
