"""Judge one batch on Spark, in a process of its own that ends with all it started.

The Java process belongs to the judging process, both to one process group: what hangs or
outgrows its memory is ended as a whole, and nothing of it is left for the next batch.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from monitoring.judging.client import JudgeDied
from monitoring.judging.protocol import (
    MAX_MESSAGE,
    Job,
    Result,
    dump_job,
    load_answer,
    load_result,
)

_LAST_WORDS = 2000
# Where a process of our own is started, so that it finds our modules.
CHECKOUT = Path(__file__).resolve().parents[2]


def judge(job: Job, *, master: str, memory: str, seconds: float) -> Result:
    """Have a batch judged on Spark, for at most so many seconds."""
    command = [sys.executable, "-m", "monitoring.judging.spark_job", master, memory]
    with tempfile.TemporaryDirectory(prefix="muster-spark-") as folder:
        errors = os.path.join(folder, "errors")
        with open(errors, "wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own module, settings as arguments
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                cwd=CHECKOUT, start_new_session=True,
                env={**os.environ, "SPARK_LOCAL_DIRS": folder, "DO_NOT_TRACK": "true"},
            )  # fmt: skip
            try:
                answer, _ = process.communicate(
                    dump_job(replace(job, seconds=seconds + 10)), timeout=seconds
                )
            except subprocess.TimeoutExpired:
                return Result(
                    "not_evaluated",
                    f"Spark needed more than {seconds:.0f} seconds and was ended; give it more"
                    " (MUSTER_SPARK_SECONDS, or a larger cluster), or deliver fewer rows",
                )
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode != 0 or len(answer) > MAX_MESSAGE:
            raise JudgeDied(_cause(process.returncode, errors))
        return load_result(load_answer(answer.splitlines()[-1]))


def _cause(code: int, errors: str) -> str:
    with open(errors, "rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST_WORDS))
        lines = log.read().decode(errors="replace").strip().splitlines()
    ended = f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
    return f"The process that judges on Spark ended {ended}: {(lines or [''])[-1][:300]}"
