"""Judge a batch on Spark: the same contract and scores, from counts and sketches.

`python -m monitoring.judging.spark_job MASTER MEMORY` reads a job and writes its result.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Collection
from typing import Any

from monitoring.checks.shapes import ContractSpec, DataSpec
from monitoring.data import held, queried, readers, sketched
from monitoring.data.landing import tail
from monitoring.integrations import spark
from monitoring.judging import looks
from monitoring.judging.data_job import judge_data
from monitoring.judging.protocol import Job, Result, dump_result, load_job

_KINDS = ("parquet", "csv")
_TOO_SMALL = (
    "Spark ran out of memory; give it more (MUSTER_SPARK_MEMORY, or a larger cluster),"
    " or deliver only the columns that the model needs"
)
_DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


def judge_on_spark(job: Job, session: spark.Session) -> Result:
    """Return the verdict; what Spark cannot answer becomes one too, with its own words."""
    try:
        return judge_data(job, OnSpark(session))
    except spark.Refused as error:
        if error.out_of_memory:
            return Result("not_evaluated", _TOO_SMALL)
        return Result("source_fault", f"Spark could not read {tail(job.batch)}: {error}")


def judge(job: Job, *, master: str, memory: str) -> Result:
    """Start Spark, judge, and end it; without Spark there is a verdict that says what to do."""
    try:
        session = spark.start(master=master, memory=memory)
    except spark.Unavailable as error:
        return Result(
            "not_evaluated", f"this check is judged on Spark, but {error}",
            summary={"cause": "no_spark"},
        )  # fmt: skip
    try:
        return judge_on_spark(job, session)
    finally:
        session.stop()


class OnSpark:
    """The engine past one machine; rows stay where they are, all of them are counted."""

    def __init__(self, session: spark.Session) -> None:
        self.session = session

    def batch(self, job: Job, spec: DataSpec, contract: ContractSpec) -> looks.Seen:
        table = self._describe(
            job.batch, job.batch_format, spec,
            looks.wanted(spec, contract), looks.texts(contract, contract.columns),
        )  # fmt: skip
        out = looks.aside(job)
        profile = queried.profile(
            table, rules=contract.columns, aside=out, ids="request_id", time=spec.time,
            window=looks.window(job),
        )  # fmt: skip
        columns = {name: column for name, column in table.columns.items() if name not in out}
        return looks.Seen(profile, columns)

    def reference(
        self, job: Job, spec: DataSpec, contract: ContractSpec, names: list[str]
    ) -> looks.Columns:
        strings = looks.texts(contract, names)
        try:
            table = self._describe(
                job.reference, job.reference_format, spec, {*names, spec.time}, strings
            )
        except spark.Refused as error:
            raise readers.Unreadable(f"Spark says {error}") from error
        return table.columns

    def made_with(self) -> dict[str, Any]:
        return {
            "engine": "spark",
            "spark": self.session.version,
            "sketch_cells": sketched.CELLS,
            "sketch_sample": sketched.SAMPLED,
            "sketch_seed": sketched.SEED,
        }

    def _describe(
        self, path: str, kind: str, spec: DataSpec, columns: Collection[str], strings: list[str]
    ) -> queried.Table:
        if kind not in _KINDS:
            raise readers.Unreadable(
                f"Spark reads Parquet and CSV, and {tail(path)} is {kind}; deliver one of these,"
                " or set `engine: local`"
            )
        schema = readers.peek(path, kind=kind)
        opened = self.session.open(path, kind=kind)
        source = held.source(
            self.session.ask, opened.view, opened.types, schema,
            wanted=columns, strings=strings, time=spec.time, guess=kind == "csv",
        )  # fmt: skip
        return queried.describe(source, ids="request_id")


def main() -> int:
    """Judge the job that comes in; whoever asked ends this process when it takes too long."""
    master, memory = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    # Whatever a library prints must not become part of the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    job = load_job(sys.stdin.buffer.read())
    # Beside the other process's own deadline: Java ends when this process does.
    signal.setitimer(signal.ITIMER_REAL, job.seconds)
    result = judge(job, master=master, memory=memory)
    answer.write(dump_result(result))
    answer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
