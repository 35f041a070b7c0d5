"""`script/demo`: everything on one machine, from nothing to a live fleet."""

import argparse
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from script.runner import embedded, fleet, processes, surroundings
from script.runner.addresses import Addresses, addresses
from script.runner.keeper import Keeper
from script.runner.part import Part, RunnerError
from script.runner.ready import accepts
from script.runner.state import State
from script.runner.supervisor import Supervisor
from script.runner.tasks import Tasks

CHECKOUT = Path(__file__).resolve().parents[2]


class Stopped(BaseException):
    """Somebody asked the runner to stop."""


@dataclass
class Demo:
    """One run of the demo."""

    state: State
    given: dict[str, str]  # the environment the person started it with
    port: int | None = None
    began_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Watch over the parts; the lock is free only when the last of them has ended."""
        self.supervisor = Supervisor(
            logs=self.state.folder / "logs", say=say, keeper=Keeper(lock=self.state.lock)
        )
        self.at: Addresses = addresses(self.state, port=self.port, given=self.given)
        self.environment = surroundings.environment(self.state, self.at)
        surroundings.keep(self.state, self.environment)
        self.tasks = Tasks(self.supervisor, self.environment, self.at.owner)

    def start(self, part: Part) -> None:
        """Start a part and wait for it, with a progress line."""
        self.launch(part)
        self.await_ready(part)

    def launch(self, part: Part) -> None:
        """Start a part whose readiness is waited for later: the slow ones warm up side by side."""
        self.supervisor.launch(part)

    def await_ready(self, part: Part) -> None:
        """Wait for a launched part, with a progress line."""
        seconds = self.supervisor.await_ready(part.name)
        say(f"{part.name:<9} ready after {seconds:4.1f} s  {part.detail}")

    def start_database(self) -> bool:
        """Start PostgreSQL unless the environment names one; say whether it is our own."""
        own = not self.given.get("DATABASE_URL")
        if own:
            self.start(embedded.prepare_cluster(self.state))
            embedded.prepare_databases(self.state)
        return own

    def start_servers(self) -> None:
        """Start what holds data: PostgreSQL, Valkey, MLflow, the mail catcher."""
        own_database = self.start_database()
        slow: list[Part] = [processes.judge(self.environment)]
        if not self.given.get("MLFLOW_TRACKING_URI"):
            slow.insert(0, embedded.mlflow_part(self.state, own_database=own_database))
        for part in slow:
            self.launch(part)
        if not self.given.get("REDIS_URL"):
            self.start(embedded.store_part(self.state))
        if not self.given.get("EMAIL_URL"):
            port = self.state.port("mail")
            self.start(processes.mail(port=port, folder=self.state.folder / "mail"))
        self.tasks.migrate()
        for part in slow:
            self.await_ready(part)

    def start_muster(self) -> None:
        """Start Muster's own processes side by side, then the fleet's trainer."""
        parts = [
            processes.web(self.environment, port=self.at.web_port),
            processes.worker(self.environment),
            processes.beat(self.environment),
            processes.sweep(self.environment),
        ]
        for part in parts:
            self.launch(part)
        for part in parts:
            self.await_ready(part)

    def stop(self) -> None:
        """Stop everything, and let no impatient second Ctrl-C leave a part behind."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self.supervisor.running:
            say("stopping " + ", ".join(reversed(self.supervisor.running)))
        self.supervisor.stop()
        say("stopped")


def say(line: str) -> None:
    """Print one line of the runner's own."""
    print(f"[{time.strftime('%H:%M:%S')}] {line}", flush=True)


def stop_on_signals() -> None:
    """Turn the signals that end a program into an exception, so that everything is stopped."""

    def stop(number: int, frame: object) -> None:
        raise Stopped(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def run(demo: Demo, *, models: int | None, once: bool) -> tuple[int, str]:
    """Go through the demo's steps; return the exit code and the last line to print."""
    demo.start_servers()
    token = demo.tasks.token(demo.state)
    demo.start_muster()
    if not accepts(demo.at.web, token):
        say("the demo's API token was revoked or is over: making a new one")
        token = demo.tasks.token(demo.state, renew=True)
    landed = fleet.Fleet(demo.tasks, demo.state, demo.at, token)
    demo.start(landed.trainer())
    published = landed.publish(models=models)
    print(landed.welcome(), flush=True)
    if once:
        return landed.see_through(demo.began_at, sound=published)
    say("Ctrl-C stops everything")
    while True:
        demo.supervisor.wait(3600)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="script/demo",
        description="Run Muster with a reference fleet on this machine alone.",
        epilog="DATABASE_URL, REDIS_URL, MLFLOW_TRACKING_URI and EMAIL_URL in the environment "
        "replace the embedded part of that kind, one by one.",
    )
    parser.add_argument(
        "--once", action="store_true", help="wait for the first full cycle, print its table, stop"
    )
    parser.add_argument("--reset", action="store_true", help="remove all data and begin anew")
    parser.add_argument("--models", type=int, metavar="N", help="scale the fleet to N models")
    parser.add_argument("--port", type=int, help="the dashboard's port (default: 8000 or next)")
    return parser.parse_args(arguments)


def main() -> int:
    """Run the demo and leave nothing running, whatever happens."""
    options = parse()
    stop_on_signals()
    demo: Demo | None = None
    code, last_line = 1, ""
    try:
        state = State(CHECKOUT, say)
        state.open()
        if options.reset:
            state.reset()
        demo = Demo(state, dict(os.environ), options.port)
        code, last_line = run(demo, models=options.models, once=options.once)
    except Stopped as stopped:
        say(f"asked to stop ({stopped})")
        code = 130 if options.once else 0
    except RunnerError as error:
        say(f"script/demo cannot go on: {error}")
    finally:
        if demo is not None:
            demo.stop()
    if last_line:
        print(last_line, flush=True)
    return code
