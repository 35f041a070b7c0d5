"""What broke first is the verdict, whatever else was found."""

from hypothesis import given
from hypothesis import strategies as st

from monitoring.checks import drift, words
from monitoring.checks.order import ORDER, verdict
from monitoring.data import landing


@given(st.lists(st.sampled_from(ORDER), min_size=1))
def test_the_earliest_step_is_the_verdict(states):
    found = verdict(states)

    assert found in states
    assert all(ORDER.index(found) <= ORDER.index(state) for state in states)
    assert verdict(reversed(states)) == found


def test_nothing_found_is_not_evaluated():
    assert verdict([]) == "not_evaluated"


def test_source_faults_come_before_data_faults_before_drift():
    assert verdict(["drift", "data_fault", "source_fault"]) == "source_fault"
    assert verdict(["ok", "drift", "data_fault"]) == "data_fault"


def test_numbers_read_as_people_write_them():
    values = [31_200, 36_800.4, 0.41, 1234.5, 12.34, 2_500_000, 0.00001, 0, -5200]

    assert [words.number(value) for value in values] == [
        "31.2k", "36.8k", "0.41", "1,234", "12.3", "2.5M", "1.00e-05", "0", "-5,200",
    ]  # fmt: skip
    assert [words.percent(share) for share in (0.18, 0.005, 0.0001, 1, 0)] == [
        "18 %", "0.5 %", "under 0.1 %", "100 %", "0 %",
    ]  # fmt: skip


def test_drift_is_said_in_the_words_of_an_owner():
    then = {"median": 31_200.0, "mean": 33_000.0, "std": 9000.0}
    now = {"median": 36_800.0, "mean": 39_000.0, "std": 9000.0}

    sentence = drift.numeric_sentence("income", then, now, "at training")

    assert sentence == "income is 18 % higher than at training: median 36.8k against 31.2k"
    assert drift.categorical_sentence("region", {"EU": 0.2}, {"EU": 0.45}, "at training") == (
        "region = EU rose from 20 % at training to 45 %"
    )


def test_the_name_of_a_file_says_its_window():
    assert f"{landing.window_start('2026-08-17')}" == "2026-08-17 00:00:00+00:00"
    assert f"{landing.window_start('2026-08-17T063000Z')}" == "2026-08-17 06:30:00+00:00"
    for other in ("2026-02-31", "all", "2026-8-17", "2026-08-17T0630Z", "2026-08-17T256000Z"):
        assert landing.window_start(other) is None


def test_only_whole_files_of_the_right_kind_count():
    assert landing.stem("2026-08-17.parquet", kind="parquet") == "2026-08-17"
    assert landing.stem("2026-08-17.csv.gz", kind="csv") == "2026-08-17"
    for name in (".2026-08-17.parquet", "_temporary.parquet", "x.csv", ".parquet", "x.parquet.tmp"):
        assert landing.stem(name, kind="parquet") is None
