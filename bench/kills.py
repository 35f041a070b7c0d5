"""10,000 interruptions of leased work, database crashes, broker faults: what is lost or doubled.

Real sweeps (forked from a warm process) and a real Celery worker judge windows and send messages
to receivers that refuse 5 % and sometimes accept and hang up. Everything dies by SIGKILL, at
random and at every named crash point; PostgreSQL is stopped `immediate`, the broker killed,
flushed, cut, silenced. Interrupted work is counted, not kills: claims of runs and messages that
came to nothing. Beside it plain Celery tasks on the same broker and database.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from bench.killing import count, world
from bench.killing.proxy import Proxy
from bench.killing.sinks import Sinks
from script.runner import embedded, processes
from script.runner.demo import CHECKOUT, Demo, say
from script.runner.part import Part, RunnerError
from script.runner.spawn import signal_family

DATABASE_ONLY = True
OPTIONS: Mapping[str, tuple[type, Any, str]] = {
    "hits": (int, 10_000, "interruptions of leased work"),
    "crashes": (int, 20, "stops of PostgreSQL without a shutdown"),
    "faults": (int, 100, "faults of the broker"),
    "plain": (int, 1500, "plain Celery tasks of the baseline; 0 for none"),
    "seed": (int, 1, "of all chance"),
}
_SLOTS = 3  # sweeps at a time, beside the two processes of the Celery worker
_ROUND = 80  # models that are added when work runs out
_LOW = 250  # pieces of work that are to do at least, while there is to be killed
_CELERY_SECONDS = 0.8  # between two deaths in the pool of the Celery worker
_DRAIN_SECONDS = 90.0
_REDELIVERY_SECONDS = 130.0  # kombu looks for what was never acknowledged each 100 seconds


@dataclass
class Arena:
    """The parts, and the one who disturbs them."""

    demo: Demo
    seed: int
    sinks: Sinks = field(init=False)
    proxy: Proxy = field(init=False)
    nursery: subprocess.Popen[str] | None = None
    celery_killed: int = 0
    faults: int = 0
    crashes: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.sinks = Sinks(self.seed)
        self.sinks.start()
        demo = self.demo
        demo.start(embedded.store_part(demo.state))
        self.proxy = Proxy(demo.state.port("valkey"))
        self.proxy.start()
        broker = demo.environment["REDIS_URL"]
        broker = broker.replace(f":{demo.state.port('valkey')}", f":{self.proxy.port}")
        self.broker = broker
        demo.environment.update(
            REDIS_URL=broker,
            EMAIL_URL=f"smtp://127.0.0.1:{self.sinks.mail_port}",
            MUSTER_ALLOWED_ORIGINS=self.hooks,
            MUSTER_RING_SECONDS="0.5",
            MUSTER_GROUP_WAIT_SECONDS="0",
            MUSTER_GROUP_INTERVAL_SECONDS="0",
            MUSTER_CHECKPOINT_KEY="",  # nobody signs here
            LOG_LEVEL="ERROR",
        )

    @property
    def hooks(self) -> str:
        """Where webhooks go."""
        return f"http://127.0.0.1:{self.sinks.web_port}"

    def worker(self, module: str, *arguments: str, **more: str) -> Part:
        """Declare a Celery worker of the harness."""
        return Part(
            name="worker",
            command=(
                sys.executable, "-m", module, *arguments, "--concurrency=2",
                "--prefetch-multiplier=1", "--without-gossip", "--without-mingle",
                "--without-heartbeat",
            ),
            environment={**self.demo.environment, **more},
            folder=CHECKOUT,
            settle_seconds=3,
            order=3,
        )  # fmt: skip

    def breed(self) -> None:
        """Start the nursery of sweeps."""
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "bench.killing.nursery", str(self.seed), str(_SLOTS)],
            env={**os.environ, **self.demo.environment},
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.demo.supervisor.logs / "nursery.log").open("w"),
            text=True,
        )
        self.demo.supervisor.keeper.hold(self.nursery.pid, signal.SIGTERM)
        assert self.nursery.stdout is not None
        if self.nursery.stdout.readline() != "warm\n":
            raise RunnerError(f"the nursery did not start; see {self.demo.supervisor.logs}")

    def end_breeding(self) -> int:
        """Let no more sweeps die; return how many did."""
        assert self.nursery is not None
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.close()
        killed = self.nursery.stdout.read().strip()
        self.demo.supervisor.keeper.release(self.nursery.pid)
        if self.nursery.wait() or not killed:
            raise RunnerError(f"the nursery ended early; see {self.demo.supervisor.logs}")
        return int(killed)

    def wait(self, seconds: float) -> None:
        """Let time pass; what died is started again at once, however often it did."""
        for running in self.demo.supervisor.running.values():
            running.failures = 0
        self.demo.supervisor.wait(seconds)

    def kill(self, part: str, number: signal.Signals) -> None:
        """Kill a whole part."""
        running = self.demo.supervisor.running[part]
        if running.process is not None:
            with suppress(ProcessLookupError):
                signal_family(running.process.pid, number)

    def kill_a_child(self) -> None:
        """Kill one process of the Celery worker's pool, or now and then all of it."""
        if self.random.random() < 0.02:
            self.kill("worker", signal.SIGKILL)
            return
        running = self.demo.supervisor.running["worker"]
        children = _children(running.process.pid) if running.process else []
        if children:
            with suppress(ProcessLookupError):
                os.kill(self.random.choice(children), signal.SIGKILL)
                self.celery_killed += 1

    def crash(self) -> None:
        """Stop PostgreSQL as a power cut would: no checkpoint, no farewell."""
        process = self.demo.supervisor.running["postgres"].process
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            self.crashes += 1

    def disturb(self) -> None:
        """Do something to the broker."""
        self.faults += 1
        deeds: list[Callable[[], object]] = [
            self.proxy.reset,
            self.proxy.swallow,
            lambda: self.proxy.go_silent(1.5),
            self.flush,
            lambda: self.kill("valkey", signal.SIGKILL),
        ]
        deeds[self.faults % len(deeds)]()

    def flush(self) -> None:
        """Forget every message that the broker holds."""
        import redis

        with suppress(redis.RedisError):
            redis.Redis.from_url(self.broker, socket_timeout=2).flushall()


def _children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(number) for number in file.read().split()]
    except OSError:
        return []


def run(
    demo: Demo, *, hits: int, crashes: int, faults: int, plain: int, seed: int
) -> dict[str, float]:
    """Interrupt until enough was interrupted, let the rest go through, and count."""
    arena = Arena(demo, seed)
    enter_django(demo)
    made = world.World(arena.hooks, seed)
    made.settle()
    made.grow(_ROUND)
    say(f"interrupting until {hits} pieces of leased work were hit (seed {seed})")
    demo.start(arena.worker("bench.killing.worker"))
    demo.start(processes.beat(demo.environment))
    arena.breed()
    began_at = time.monotonic()
    reached = interrupt(arena, made, hits=hits, crashes=crashes, faults=faults)
    seconds = time.monotonic() - began_at
    killed = arena.end_breeding() + arena.celery_killed
    say(f"{reached} hits by {killed} kills in {seconds:.0f} s; letting the rest go through")
    arena.sinks.steady = True
    drain(arena, made)
    found = count.losses(made.planned, arena.sinks.accepted)
    for name, lines in vars(found).items():
        for line in lines[:20]:
            say(f"{name}: {line}")
    for part in ("beat", "worker"):
        demo.supervisor.stop_part(part)
    figures = {
        "hits": reached,
        "windows_lost": len(found.windows),
        "alerts_lost": len(found.alerts),
        "doubled": len(found.doubled),
        "repeats_without_key": len(found.keyless),
        "invariants_broken": len(found.broken),
        "kills": killed,
        "database_crashes": arena.crashes,
        "broker_faults": arena.faults,
        "windows": sum(len(one.crossed) for one in made.planned),
        "alerts": sum(len(one.episodes) for one in made.planned),
        "repeats": len(arena.sinks.accepted) - len({one.key for one in arena.sinks.accepted}),
        "seconds": round(seconds, 1),
    }
    return {**figures, **(baseline(arena, plain) if plain else {})}


def interrupt(arena: Arena, made: world.World, *, hits: int, crashes: int, faults: int) -> int:
    """Kill, crash and disturb, spread over the hits that are wanted."""
    reached, next_look, next_kill, told = 0, 0.0, 0.0, 0
    while reached < hits or arena.crashes < crashes or arena.faults < faults:
        arena.wait(0.03)
        now = time.monotonic()
        if now >= next_kill:
            arena.kill_a_child()
            next_kill = now + arena.random.expovariate(1 / _CELERY_SECONDS)
        if now < next_look:
            continue
        next_look = now + 1.0
        with suppress(_down()):
            reached = max(reached, count.hits(arena.sinks.failed))
            if reached < hits and count.unfinished(made.planned) < _LOW:
                made.grow(_ROUND)
        if reached >= told + max(hits // 20, 50):
            told = reached
            say(f"{reached} hits, {arena.crashes} crashes, {arena.faults} faults")
        share = min(reached / hits, 1.0)
        if arena.faults < faults * share or (share == 1.0 and arena.faults < faults):
            arena.disturb()
        if arena.crashes < crashes * share or (share == 1.0 and arena.crashes < crashes):
            arena.crash()
    return reached


def drain(arena: Arena, made: world.World) -> None:
    """Let a real sweep and the worker finish what is left."""
    arena.demo.start(
        Part(
            name="sweep",
            command=(sys.executable, "-m", "bench.killing.calm"),
            environment=arena.demo.environment,
            folder=CHECKOUT,
            settle_seconds=2,
            order=3,
        )
    )
    deadline, left = time.monotonic() + _DRAIN_SECONDS, -1
    while left and time.monotonic() < deadline:
        arena.wait(1.0)
        with suppress(_down()):
            before, left = left, count.unfinished(made.planned)
            if left != before:  # it goes on, however slowly on a busy machine
                deadline = time.monotonic() + _DRAIN_SECONDS
    if left:
        say(f"{left} things are unfinished, and nothing went on for {_DRAIN_SECONDS:.0f} s")
    arena.demo.supervisor.stop_part("sweep")


def baseline(arena: Arena, tasks: int) -> dict[str, float]:
    """Let plain Celery tasks go through the same, and count the same."""
    demo = arena.demo
    arena.sinks.steady = False
    told = {"PLAIN_BROKER": arena.broker, "PLAIN_SINK": arena.hooks}
    os.environ.update(told)
    url = demo.environment["DATABASE_URL"]
    with psycopg2.connect(demo.at.owner) as session, session.cursor() as cursor:
        cursor.execute("CREATE TABLE plain_done (number integer)")
        cursor.execute("GRANT ALL ON plain_done TO PUBLIC")
    session.close()
    from bench.killing.plain import work

    arena.flush()
    for number in range(tasks):
        work.delay(number)
    say(f"the baseline: {tasks} plain tasks")
    demo.start(arena.worker("celery", "-A", "bench.killing.plain", "worker", **told))
    before, tallies = arena.celery_killed, arena.sinks.tallies
    began_at = last_moved = time.monotonic()
    last = 0
    while len(tallies) < tasks and time.monotonic() - last_moved < _REDELIVERY_SECONDS:
        arena.wait(0.05)
        if len(tallies) != last:
            last, last_moved = len(tallies), time.monotonic()
        if time.monotonic() - last_moved > 5:
            arena.sinks.steady = (
                True  # nothing goes on: whatever is still to come may come in peace
            )
            continue
        if arena.random.random() < 0.3:
            arena.kill_a_child()
        if len(tallies) > tasks * (arena.faults % 11) / 10 and arena.random.random() < 0.02:
            arena.disturb()
    with psycopg2.connect(url) as session, session.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM plain_done GROUP BY number HAVING count(*) > 1) d"
        )
        (twice,) = cursor.fetchone() or (0,)
    session.close()
    return {
        "baseline_tasks": tasks,
        "baseline_kills": arena.celery_killed - before,
        "baseline_lost": tasks - len(tallies),
        "baseline_doubled": twice,
        "baseline_seconds": round(time.monotonic() - began_at, 1),
    }


def enter_django(demo: Demo) -> None:
    """Make Muster's own code work on the bench's database, to plan and to count."""
    import django

    os.environ.update(demo.environment)
    django.setup()


def _down() -> type[Exception]:
    from django.db import DatabaseError, connection

    if connection.connection is not None and not connection.is_usable():
        connection.close()
    return DatabaseError
