"""Start parts in order, restart those that die, stop all of them in the reverse order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from script.runner.keeper import Keeper
from script.runner.part import Part, PartFailed
from script.runner.spawn import signal_family, spawn

_BACK_OFF_SECONDS = (0.5, 1, 2, 5, 10, 30)
_STEADY_SECONDS = 60.0  # after this long a part counts as healthy again
_TICK_SECONDS = 0.1
_LOG_BYTES = 10 * 2**20  # a log larger than this is put aside at the next start


@dataclass
class Running:
    """A part and the process that plays it at the moment."""

    part: Part
    log: Path
    process: subprocess.Popen[bytes] | None = None
    log_offset: int = 0
    started_at: float = 0.0
    ready_at: float = 0.0
    is_ready: bool = False
    was_ready: bool = False
    failures: int = 0
    restarts: int = 0
    next_start_at: float = 0.0


@dataclass
class Supervisor:
    """All parts of one stack. Single-threaded: call `tick` often while doing something else."""

    logs: Path
    say: Callable[[str], None]
    keeper: Keeper = field(default_factory=Keeper)
    running: dict[str, Running] = field(default_factory=dict)

    def launch(self, part: Part) -> None:
        """Start one part without waiting for it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{part.name}.log"
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))
        running = self.running[part.name] = Running(part, log)
        try:
            self._spawn(running)
        except OSError as error:
            raise PartFailed(f"{part.name} cannot be started: {error}") from error

    def await_ready(self, name: str) -> float:
        """Wait until a launched part works, return its seconds; PartFailed says why it does not."""
        running = self.running[name]
        deadline = running.started_at + running.part.ready_seconds
        while not running.is_ready and not self._works(running):
            self.tick()
            if running.process is None or running.process.poll() is not None:
                raise PartFailed(self._obituary(running))
            if time.monotonic() > deadline:
                late = f"{name} was not ready after {running.part.ready_seconds:.0f} s"
                raise PartFailed(late + self._tail(running))
            time.sleep(_TICK_SECONDS)
        return running.ready_at - running.started_at

    def start(self, part: Part) -> float:
        """Start one part and wait until it works; return how long that took."""
        self.launch(part)
        return self.await_ready(part.name)

    def tick(self) -> None:
        """Look after every part once: restart what died, report what came back."""
        for running in self.running.values():
            if running.was_ready:
                self._look_after(running)
            else:  # a part that never worked is buried by who waits for it
                self._works(running)

    def wait(self, seconds: float) -> None:
        """Look after the parts for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.tick()
            time.sleep(_TICK_SECONDS)

    def down(self) -> list[str]:
        """Name the parts that do not work at the moment."""
        return [name for name, running in self.running.items() if not self._works(running)]

    def stop_part(self, name: str) -> None:
        """Stop one part and forget it."""
        self._stop_together([self.running.pop(name)])

    def stop(self) -> None:
        """Stop all parts, those of the highest order first, those of one order at once."""
        for order in sorted(
            {running.part.order for running in self.running.values()}, reverse=True
        ):
            self._stop_together(
                [running for running in self.running.values() if running.part.order == order]
            )
        self.running.clear()
        self.keeper.dismiss()

    def _spawn(self, running: Running) -> None:
        part = running.part
        environment = {**os.environ, **part.environment}
        with running.log.open("ab") as log:
            running.log_offset = log.tell()
            running.process = spawn(
                part.command,
                environment=environment,
                log=log.fileno(),
                folder=part.folder,
                identity=part.identity,
                stop_signal=part.stop_signal,
            )
        running.started_at = time.monotonic()
        running.is_ready = False
        self.keeper.hold(running.process.pid, part.stop_signal)

    def _works(self, running: Running) -> bool:
        if running.process is None or running.process.poll() is not None:
            return False
        if not running.is_ready:
            settled = time.monotonic() - running.started_at >= running.part.settle_seconds
            announced = not running.part.announces or running.part.announces in self._new_log(
                running
            )
            running.is_ready = settled and announced and running.part.ready()
            if running.is_ready:
                running.was_ready, running.ready_at = True, time.monotonic()
        return running.is_ready

    def _look_after(self, running: Running) -> None:
        now = time.monotonic()
        if running.process is not None:
            if running.process.poll() is None:
                if not running.is_ready and self._works(running):
                    self.say(f"{running.part.name} is back")
                return
            self._bury(running, now)
        elif now >= running.next_start_at:
            running.restarts += 1
            try:
                self._spawn(running)
            except OSError as error:
                self._postpone(running, now, f"{running.part.name} cannot be started: {error}")

    def _bury(self, running: Running, now: float) -> None:
        """Note a death, end what it left behind, and set the time of the next try."""
        if now - running.started_at > _STEADY_SECONDS:
            running.failures = 0
        reason = self._obituary(running)
        self._end_family(running)
        self._postpone(running, now, reason)

    def _postpone(self, running: Running, now: float, reason: str) -> None:
        pause = _BACK_OFF_SECONDS[min(running.failures, len(_BACK_OFF_SECONDS) - 1)]
        running.failures += 1
        running.next_start_at = now + pause
        self.say(f"{reason.splitlines()[0]}; starting it again in {pause:g} s (see {running.log})")

    def _stop_together(self, leaving: list[Running]) -> None:
        for running in leaving:
            if running.process is not None and running.process.poll() is None:
                running.process.send_signal(running.part.stop_signal)
        asked_at = time.monotonic()
        for running in leaving:
            if running.process is not None:
                patience = asked_at + running.part.stop_seconds - time.monotonic()
                try:
                    running.process.wait(max(patience, 0))
                except subprocess.TimeoutExpired:
                    self.say(f"{running.part.name} did not stop in time and is killed")
            self._end_family(running)

    def _end_family(self, running: Running) -> None:
        """Kill what is left of the part's process group, so that nothing runs twice."""
        if running.process is None:
            return
        signal_family(running.process.pid, signal.SIGKILL)
        running.process.wait()
        self.keeper.release(running.process.pid)
        running.process = None
        running.is_ready = False

    def _obituary(self, running: Running) -> str:
        code = running.process.returncode if running.process else None
        if code is not None and code < 0:
            how = f"was killed by {signal.Signals(-code).name} (exit code {code})"
        else:
            how = f"died (exit code {code})"
        return f"{running.part.name} {how}{self._tail(running)}"

    def _new_log(self, running: Running) -> str:
        with running.log.open("rb") as log:
            log.seek(running.log_offset)
            return log.read().decode(errors="replace")

    def _tail(self, running: Running) -> str:
        lines = self._new_log(running).strip().splitlines()[-15:]
        return "\n" + "\n".join(f"    {line}" for line in lines) if lines else ""
