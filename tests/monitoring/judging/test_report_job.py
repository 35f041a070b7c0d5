"""The full report: what both sides hold is in it, what they do not is named."""

from dataclasses import replace

import pytest

from monitoring.judging.learn_job import learn_contract
from monitoring.judging.protocol import Job, dump_result
from monitoring.judging.report_job import make_report
from tests.monitoring import tables

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("reports")
    reference = tables.reference()
    tables.write(reference.assign(**{HOSTILE: reference["age"]}), path / "reference.parquet")
    return path


@pytest.fixture(scope="module")
def contract(folder):
    job = Job(kind="learn", reference=str(folder / "reference.parquet"), roles=tables.ROLES)
    return learn_contract(job).contract


def test_the_report_holds_what_both_sides_hold(folder, contract):
    table = tables.batch().drop(columns=["balance"]).assign(employed="often")
    table[HOSTILE] = table["age"]

    found = make_report(tables.data_job(folder, table, contract))

    assert (found.state, found.rows) == ("made", 1000)
    assert found.document.lstrip().lower().startswith(("<!doctype", "<html"))
    assert len(found.document) > 1_000_000
    assert found.summary["left_out"] == {
        "balance": "missing in the batch",
        "time": "neither numbers nor categories",
    }
    assert found.summary["columns"] == 6
    assert "income" in found.document
    dump_result(found)


def test_a_batch_that_shares_no_column_gives_a_reason(folder, contract):
    table = tables.batch()[["request_id"]].assign(other=1.0)

    found = make_report(tables.data_job(folder, table, contract))

    assert (found.state, found.document) == ("not_evaluated", "")
    assert found.reason.startswith("No column can be compared")


def test_a_batch_that_is_gone_gives_a_reason(folder, contract):
    job = tables.data_job(folder, None, contract)
    (folder / "batch.parquet").unlink(missing_ok=True)

    assert make_report(job).reason == (
        "The file reports0/batch.parquet is no longer there; deliver it again"
    )


def test_the_report_is_drawn_on_the_rows_that_the_check_compares_with(folder, contract):
    job = tables.data_job(folder, tables.batch(), contract, baseline="season")
    season = make_report(job)
    assert season.summary["against"] == "in the same weeks of last year"
    assert season.summary["rows"]["reference"] < 400

    spec = {**job.spec, "baseline": "training", "numeric": {"method": "total_variation"}}
    found = make_report(replace(job, spec=spec))
    assert found.summary["rows"]["reference"] == 4000
    assert found.summary["methods"] == ["jensenshannon", "psi"]
