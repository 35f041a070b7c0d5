"""Texts of a batch that PostgreSQL cannot store must not keep its verdict from being written."""

import pytest

from monitoring.judging.protocol import load_answer
from tests.monitoring import watching
from tests.monitoring.watching import after, look, watched, week


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["name", "value"])
def test_a_nul_in_a_batch_ends_in_a_verdict(tmp_path, judge, where):
    made = watched(tmp_path)
    check = watching.check(made)
    table = week()
    table["in\0come" if where == "name" else "region"] = "E\0U"
    made.land(table)

    look(after(1))

    (run,) = made.runs(check)
    assert run.state in ("ok", "data_fault")
    assert run.attempts == 1
    assert where == "name" or "“E\ufffdU”" in run.reason


def test_only_what_cannot_be_stored_is_replaced():
    sent = b'{"a\\u0000": ["\\ud800", "\\ud83d\\ude00", "\\\\u0000", 1.5, null]}'

    assert load_answer(sent) == {"a\ufffd": ["\ufffd", "\U0001f600", "\\u0000", 1.5, None]}
