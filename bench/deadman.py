"""Stop each part in turn: how soon the outside alarms, and whether it ever does without a reason.

Real processes and a listener outside that waits for the heartbeat, as healthchecks.io would with
a period of a minute and a grace of one more. `--minute` says how long a minute lasts.
"""

import http.client
import signal
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from script.runner import embedded, processes
from script.runner.demo import Demo, say
from script.runner.part import Part, RunnerError
from script.runner.spawn import signal_family

DATABASE_ONLY = True
_STOPPED = ("web", "worker", "beat", "valkey", "postgres", "mail", "judge")
OPTIONS: Mapping[str, tuple[type, Any, str]] = {
    "minute": (float, 60.0, "seconds that a minute lasts"),
    "healthy": (float, 60.0, "minutes of health, in which nothing may alarm"),
    "only": (str, ",".join(_STOPPED), "the parts that are stopped, one after the other"),
}
GRACE = 2.0  # minutes of silence after which the outside alarms
_NEVER = 99.0  # it did not alarm
_RECOVER = 10.0  # minutes a part may take to be back in full


class Listener:
    """The outside: an address, and when it heard something last."""

    def __init__(self) -> None:
        self.heard_at = 0.0
        self.count = 0
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                listener.heard_at = time.monotonic()
                listener.count += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/ping"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def silent(self) -> float:
        """For how many seconds nothing was heard."""
        return time.monotonic() - self.heard_at


def run(demo: Demo, *, minute: float, healthy: float, only: str) -> dict[str, float]:
    """Wait through health, then stop the parts one by one."""
    outside = Listener()
    made = start(demo, outside, minute)
    await_heard(demo, outside, minute)
    alarms = stay_healthy(demo, outside, minute, healthy)
    took = {}
    for name in only.split(","):
        took[name] = stop_one(demo, outside, name, made, minute)
        say(f"{name}: the outside alarmed after {took[name]:.2f} minutes")
    return {
        "parts": len(took),
        "alarms": sum(minutes < _NEVER for minutes in took.values()),
        "longest_alarm_minutes": round(max(took.values()), 2),
        **{f"{name}_minutes": round(minutes, 2) for name, minutes in took.items()},
        "healthy_minutes": healthy,
        "false_alarms": alarms,
        "minute_seconds": minute,
    }


def start(demo: Demo, outside: Listener, minute: float) -> dict[str, Callable[[], Part]]:
    """Start everything, told how long a minute is; return how to start what will be stopped."""
    share = minute / 60
    env = demo.environment
    env.update(
        MUSTER_HEARTBEAT_URL=outside.url,
        MUSTER_HEARTBEAT_SECONDS=str(minute),
        MUSTER_RING_SECONDS=str(5 * share),
        LOG_LEVEL="WARNING",
    )
    sweep = processes.sweep(env)
    every = f"--every={10 * share}"
    parts: dict[str, Callable[[], Part]] = {
        "judge": lambda: processes.judge(env),
        "valkey": lambda: embedded.store_part(demo.state),
        "mail": lambda: processes.mail(
            port=demo.state.port("mail"), folder=demo.state.folder / "mail"
        ),
        "web": lambda: processes.web(env, port=demo.at.web_port, workers=1),
        "worker": lambda: processes.worker(env),
        "beat": lambda: processes.beat(env),
        "sweep": lambda: Part(**{**vars(sweep), "command": (*sweep.command, every)}),
        "postgres": lambda: embedded.prepare_cluster(demo.state),
    }
    for name, make in parts.items():
        if name != "postgres":
            demo.start(make())
    return parts


def await_heard(demo: Demo, outside: Listener, minute: float) -> None:
    """Wait until the outside hears that all is well, twice."""
    before, deadline = outside.count, time.monotonic() + _RECOVER * max(minute, 12)
    while outside.count < before + 2:
        demo.supervisor.wait(0.1)
        if time.monotonic() > deadline:
            raise RunnerError(f"nothing is heard: {progress(demo)}")


def progress(demo: Demo) -> str:
    """Return what Muster says of itself."""
    try:
        asked = http.client.HTTPConnection("127.0.0.1", demo.at.web_port, timeout=10)
        asked.request("GET", "/progress")
        return asked.getresponse().read().decode()
    except OSError as error:
        return f"/progress: {error}"


def stay_healthy(demo: Demo, outside: Listener, minute: float, healthy: float) -> int:
    """Leave everything alone for a while; return how often the outside alarmed."""
    alarms, alarmed = 0, False
    ends = time.monotonic() + healthy * minute
    while time.monotonic() < ends:
        demo.supervisor.wait(0.1)
        late = outside.silent > GRACE * minute
        alarms += late and not alarmed
        alarmed = late
    return alarms


def stop_one(
    demo: Demo,
    outside: Listener,
    name: str,
    made: Mapping[str, Callable[[], Part]],
    minute: float,
) -> float:
    """Stop a part, return the minutes until the outside alarms, and start it again."""
    process = demo.supervisor.running[name].process
    if process is not None and name != "postgres":
        signal_family(process.pid, signal.SIGKILL)
    demo.supervisor.stop_part(name)
    stopped_at = time.monotonic()
    ends = stopped_at + 6 * minute
    while outside.silent <= GRACE * minute and time.monotonic() < ends:
        demo.supervisor.wait(0.05)
    alarmed = outside.silent > GRACE * minute
    took = (time.monotonic() - stopped_at) / minute if alarmed else _NEVER
    demo.start(made[name]())
    await_heard(demo, outside, minute)
    return took
