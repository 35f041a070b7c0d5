"""Ask the judge: one connection a job, over its unix socket."""

import socket as sockets
import time

from monitoring.judging.protocol import (
    MAX_MESSAGE,
    Job,
    Result,
    dump_job,
    load_answer,
    load_result,
)

# Waiting for a free child comes on top of the job's own time.
_QUEUE_SECONDS = 60.0


class JudgeUnavailable(Exception):
    """The judge process cannot be reached; the work stays due."""


class JudgeDied(Exception):
    """The child that judged this batch died, or took too long and was ended."""


def judge(job: Job, *, socket: str, seconds: float | None = None) -> Result:
    """Send a job and wait for its result."""
    deadline = time.monotonic() + (seconds or job.seconds + _QUEUE_SECONDS)
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as connection:
        try:
            connection.settimeout(5.0)
            connection.connect(socket)
            connection.sendall(dump_job(job))
            connection.shutdown(sockets.SHUT_WR)
        except OSError as error:
            raise JudgeUnavailable(f"The judge does not answer: {error}") from error
        answer = _receive(connection, deadline)
    if not answer:
        raise JudgeUnavailable("The judge went away before it answered")
    try:
        raw = load_answer(answer)
    except ValueError as error:
        raise JudgeDied("The judge's answer broke off") from error
    if "error" in raw:
        kind = JudgeUnavailable if raw["error"] == "unavailable" else JudgeDied
        raise kind(raw["message"])
    return load_result(raw)


def _receive(connection: sockets.socket, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise JudgeDied("The judge took too long")
        connection.settimeout(left)
        try:
            part = connection.recv(1 << 16)
        except TimeoutError as error:
            raise JudgeDied("The judge took too long") from error
        except OSError as error:
            raise JudgeUnavailable(f"The judge went away: {error}") from error
        if not part:
            return b"".join(parts)
        size += len(part)
        if size > MAX_MESSAGE:
            raise JudgeDied("The judge's answer is too large")
        parts.append(part)
