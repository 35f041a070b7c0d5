"""The judge's parent: warm, single-threaded, without a database; it forks a child per job."""

import contextlib
import gc
import logging
import os
import resource
import select
import signal
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from monitoring.judging import child
from monitoring.judging.protocol import dump_error

logger = logging.getLogger(__name__)
MEMORY_ABOVE_PARENT = 4 * 2**30


@dataclass
class Work:
    """A child at work and the connection that waits for it."""

    connection: socket.socket
    deadline: float
    overdue: bool = False


class Server:
    """Accepts jobs while a core is free, and ends children that overstay."""

    def __init__(self, path: str, *, cores: int, seconds: float) -> None:
        self.path = path
        self.cores = max(1, cores)
        self.seconds = seconds
        self.working: dict[int, Work] = {}
        self.stopping = False

    def serve(self) -> None:
        """Serve until SIGTERM or SIGINT.

        1. Load everything a child will need, and freeze it, so that forks share its pages.
        2. Accept a connection while fewer than `cores` children work; the rest wait in line.
        3. Reap the children that ended; say of those that died what ended them.
        4. Kill the children past their deadline.
        """
        logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s judge %(message)s")
        child.warm_up()
        gc.collect()
        gc.freeze()
        _refuse_threads()
        listener = self._listen()
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        logger.info("ready on %s with %d cores", self.path, self.cores)
        while not self.stopping:
            waiting: list[int | socket.socket] = [wake_read]
            if len(self.working) < self.cores:
                waiting.append(listener)
            ready, _, _ = select.select(waiting, [], [], self._patience())
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, 4096)
            self._reap()
            self._end_overdue()
            if listener in ready and not self.stopping:
                self._start(listener)
        listener.close()
        Path(self.path).unlink(missing_ok=True)
        for pid in list(self.working):
            os.kill(pid, signal.SIGKILL)

    def _listen(self) -> socket.socket:
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        Path(self.path).unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        previous = os.umask(0o077)  # who may connect may have any file read
        try:
            listener.bind(self.path)
        finally:
            os.umask(previous)
        listener.listen(256)
        return listener

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _patience(self) -> float | None:
        if not self.working:
            return None
        soonest = min(work.deadline for work in self.working.values())
        return max(0.01, soonest - time.monotonic())

    def _start(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        pid = os.fork()
        if pid == 0:
            try:
                listener.close()
                _limit(self.seconds)
                code = child.serve(connection)
            except BaseException:
                logger.exception("Unable to judge")
                code = 1
            os._exit(code)
        self.working[pid] = Work(connection, time.monotonic() + self.seconds)

    def _reap(self) -> None:
        for pid in list(self.working):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            work = self.working.pop(pid)
            if status != 0:
                message = _cause(status, overdue=work.overdue, seconds=self.seconds)
                logger.warning("child %d: %s", pid, message)
                with contextlib.suppress(OSError):
                    work.connection.setblocking(False)
                    work.connection.send(dump_error("died", message))
            work.connection.close()

    def _end_overdue(self) -> None:
        for pid, work in self.working.items():
            if time.monotonic() >= work.deadline and not work.overdue:
                work.overdue = True
                os.kill(pid, signal.SIGKILL)


def _limit(seconds: float) -> None:
    """Hold the child to its share of memory and of CPU time."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + MEMORY_ABOVE_PARENT
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    cpu = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _refuse_threads() -> None:
    """A fork copies only the calling thread; locks that others hold stay locked for ever."""
    tasks = len(os.listdir("/proc/self/task"))
    if tasks > 1 or threading.active_count() > 1:
        raise RuntimeError(f"The judge has {tasks} threads before its first fork; it needs one")


def _cause(status: int, *, overdue: bool, seconds: float) -> str:
    if overdue:
        return f"The judge needed more than {seconds:.0f} seconds and was ended"
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"The judge's child was ended by {signal.Signals(-code).name}"
    if code == child.OUT_OF_MEMORY:
        return "The judge ran out of memory on this batch"
    return f"The judge's child ended with code {code}"
