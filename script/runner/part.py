"""What the runner has to know about one process."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from script.runner.ready import always


class RunnerError(Exception):
    """The runner cannot go on; the message says why and what to do."""


class PartFailed(RunnerError):
    """A part did not start or did not become ready."""


@dataclass(frozen=True)
class Identity:
    """The operating-system user a part runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Part:
    """One process: how to start it, how to see that it works, how to end it."""

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool] = always
    announces: str = ""  # what it writes to its log once it works
    settle_seconds: float = 0  # for a part that gives no sign: how long it has to live
    environment: Mapping[str, str] = field(default_factory=dict)
    order: int = 0
    folder: Path | None = None
    identity: Identity | None = None
    ready_seconds: float = 120  # generous: a part that died is noticed at once anyway
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15
    detail: str = ""
