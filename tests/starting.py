"""Start a server for tests on a port of its own."""

import sys
from collections.abc import Callable

from script.runner.part import Part, PartFailed
from script.runner.ports import free_port
from script.runner.supervisor import Supervisor


def tell(line: str) -> None:
    """Say something that pytest's capture does not swallow."""
    print(line, file=sys.__stderr__, flush=True)


def start_on_free_port(supervisor: Supervisor, make: Callable[[int], Part]) -> int:
    """Start a server on a port that was free a moment ago; once more if somebody was quicker."""
    for _ in range(3):
        port = free_port()
        try:
            supervisor.start(make(port))
        except PartFailed as failed:
            failure = failed
            supervisor.stop_part(make(port).name)
        else:
            return port
    raise failure
