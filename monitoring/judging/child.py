"""One job in one child: read, judge, answer, end."""

import os
import signal
import socket
import time
from collections.abc import Callable

from monitoring.integrations import evidently, sklearn
from monitoring.judging.data_job import judge_data
from monitoring.judging.fairness_job import judge_fairness
from monitoring.judging.forecast_job import forecast_alarms
from monitoring.judging.learn_job import learn_contract
from monitoring.judging.performance_job import judge_performance
from monitoring.judging.protocol import MAX_MESSAGE, Job, Result, dump_result, load_job
from monitoring.judging.report_job import make_report
from monitoring.judging.skew_job import judge_skew

OUT_OF_MEMORY = 12
_OF_BATCHES = ("data", "performance", "fairness", "skew")
_TOO_LARGE = (
    "Judging this batch needs more memory than the judge may use; it is too large:"
    " deliver fewer rows, or only the columns that the model needs"
)
_RECEIVE_SECONDS = 10.0


def warm_up() -> None:
    """Load and touch, in the parent, all that a child uses first; a fork then costs little."""
    evidently.warm_up()
    sklearn.warm_up()


def serve(connection: socket.socket) -> int:
    """Answer the one job that comes over the connection; return the exit code."""
    connection.settimeout(_RECEIVE_SECONDS)
    parts: list[bytes] = []
    while part := connection.recv(1 << 16):
        parts.append(part)
        if sum(map(len, parts)) > MAX_MESSAGE:
            return 2
    if not parts:
        return 0  # somebody only looked whether the socket answers
    job = load_job(b"".join(parts))
    os.environ.update(job.environment)
    # Beside the parent's own deadline: a job may ask for less, and this works in C code too.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, job.seconds)
    try:
        answer = dump_result(_JOBS[job.kind](job))
    except MemoryError:
        if job.kind not in _OF_BATCHES:
            return OUT_OF_MEMORY
        # The same bytes would need as much again: that is a verdict, no reason to try once more.
        answer = dump_result(Result("data_fault", _TOO_LARGE))
    connection.settimeout(_RECEIVE_SECONDS)
    connection.sendall(answer)
    return 0


def _exit(job: Job) -> Result:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _hang(job: Job) -> Result:
    signal.setitimer(signal.ITIMER_REAL, 0)
    while True:
        time.sleep(60)


def _eat(job: Job) -> Result:
    bytearray(2**36)
    return Result("ok")


# The last three are what a poison batch can do to a judge; tests ask for them by name.
_JOBS: dict[str, Callable[[Job], Result]] = {
    "data": judge_data,
    "performance": judge_performance,
    "fairness": judge_fairness,
    "skew": judge_skew,
    "learn": learn_contract,
    "forecast": forecast_alarms,
    "report": make_report,
    "exit": _exit,
    "hang": _hang,
    "eat": _eat,
}
