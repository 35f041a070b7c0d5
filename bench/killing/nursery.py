"""Fork sweeps from a warm process and kill them: `python -m bench.killing.nursery SEED SLOTS`.

Each child is the real `manage.py sweep`. Half of them are told to die at one of the named crash
points, the others are killed after a random while; all die by SIGKILL. It goes on until its input
ends, and then prints how many it killed.
"""

import os
import random
import select
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

import config.management.commands.sweep  # noqa: E402, F401 - warm before the first fork
from bench.killing.hurried import hurry, warm  # noqa: E402
from monitoring.chaos import POINTS  # noqa: E402

_POINTS = [name for name in POINTS if name.startswith(("run.", "delivery.", "messages."))]
_LIFE = 0.06  # how long at most, once it holds a lease
_POINTED = 0.6  # how long it may take to its crash point
_PATIENCE = 3.0  # how long without anything to do


class Watch:
    """Stands where the name of a crash point would: tells the parent of the first claim too."""

    def __init__(self, pipe: int, point: str) -> None:
        self.pipe: int | None = pipe
        self.point = point

    def __eq__(self, name: object) -> bool:
        if self.pipe is not None and str(name).endswith(".claimed"):
            os.close(self.pipe)
            self.pipe = None
        return name == self.point

    __hash__ = None  # type: ignore[assignment]


@dataclass
class Child:
    """One sweep, and when it will be killed if it lives so long."""

    pid: int
    pipe: int  # closed by the child with its first claim
    life: float  # from then on
    dies_at: float


def fork(dice: random.Random) -> Child:
    """Start a sweep that will not grow old."""
    point = dice.choice(_POINTS) if dice.random() < 0.5 else ""
    only = dice.choice(["plan,judge", "deliver"])
    if point:
        only = "plan,judge" if point.startswith("run.") else "deliver"
    mine, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(mine)
        settings.MUSTER_CHAOS = Watch(theirs, point)
        try:
            call_command("sweep", "--every=0.02", f"--only={only}")
        finally:
            os._exit(1)
    os.close(theirs)
    life = _POINTED if point else dice.uniform(0, _LIFE)
    return Child(pid, mine, life, time.monotonic() + _PATIENCE)


def main() -> None:
    """Keep so many sweeps alive, and let none of them live long."""
    seed, slots = int(sys.argv[1]), int(sys.argv[2])
    dice = random.Random(seed)
    hurry()
    warm()
    print("warm", flush=True)
    children: dict[int, Child] = {}
    killed = 0
    while True:
        waiting: list[Any] = [sys.stdin, *(pipe for pipe in children if pipe > 0)]
        ready, _, _ = select.select(waiting, [], [], 0.003)
        if sys.stdin in ready:
            break
        now = time.monotonic()
        for pipe in (one for one in ready if isinstance(one, int)):
            child = children.pop(pipe)
            os.close(pipe)
            child.dies_at = min(child.dies_at, now + child.life)
            children[-child.pid] = child
        for key, child in list(children.items()):
            if now >= child.dies_at:
                os.kill(child.pid, signal.SIGKILL)
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                killed += os.WIFSIGNALED(status)
                if key > 0:
                    os.close(key)
                del children[key]
        while len(children) < slots:
            born = fork(dice)
            children[born.pipe] = born
    for child in children.values():
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
    print(killed + len(children), flush=True)


if __name__ == "__main__":
    main()
