"""One full cycle of the fleet: its time, CPU per check, memory of web and worker."""

import http.cookiejar
import os
import re
import time
import urllib.parse
import urllib.request

from script.runner import measure, processes
from script.runner.demo import Demo, say
from script.runner.fleet import Fleet
from script.runner.part import RunnerError
from script.runner.tasks import ADMIN

_PAGES = 200
_PATHS = ("/fleet/", "/api/docs/", "/api/v1/fleet/", "/api/v1/models/")


def run(demo: Demo) -> dict[str, float]:
    """Publish the fleet while nobody works, then let the workers begin and measure."""
    token = demo.tasks.token(demo.state)
    demo.start(processes.web(demo.environment, port=demo.at.web_port))
    fleet = Fleet(demo.tasks, demo.state, demo.at, token)
    demo.start(fleet.trainer())
    size = os.environ.get("BENCH_MODELS")
    if not fleet.publish(models=int(size) if size else None):
        raise RunnerError("the fleet could not be published")
    workers = ("judge", "worker", "sweep")
    began_at, judge_before = time.monotonic(), cpu(demo, ("judge",))
    demo.start(processes.worker(demo.environment))
    demo.start(processes.beat(demo.environment))
    demo.start(processes.sweep(demo.environment))
    found = fleet.await_cycle()
    seconds = time.monotonic() - began_at
    spent = cpu(demo, workers) - judge_before
    visit(demo)
    web = measure.family(group(demo, "web"))
    return {
        "models": float(str(found["models"])),
        "seconds_per_cycle": round(seconds, 1),
        "cpu_seconds_per_check": round(spent / max(int(str(found["observations"])), 1), 3),
        "web_rss_mb": round(measure.pss_mb(web[:2]), 1),
        "worker_rss_mb": round(measure.pss_mb(measure.family(group(demo, "worker"))), 1),
    }


def group(demo: Demo, name: str) -> int:
    """Return the process group of a part."""
    process = demo.supervisor.running[name].process
    assert process is not None
    return process.pid


def cpu(demo: Demo, names: tuple[str, ...]) -> float:
    """Return what these parts and their children have used so far."""
    return sum(measure.cpu_seconds(group(demo, name)) for name in names)


def visit(demo: Demo) -> None:
    """Sign in and look at 200 pages, so that the web process has loaded what it ever loads."""
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(jar)
    form = browser.open(f"{demo.at.web}/sign-in/", timeout=30).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    fields = {
        "csrfmiddlewaretoken": token[1],
        "login": ADMIN,
        "password": demo.state.secret("demo_password"),
    }
    page = browser.open(
        f"{demo.at.web}/sign-in/", data=urllib.parse.urlencode(fields).encode(), timeout=30
    )
    if "/sign-in/" in page.url:
        raise RunnerError("the web server did not let the admin in")
    listed = browser.open(f"{demo.at.web}/fleet/", timeout=30).read().decode()
    paths = [*_PATHS, *sorted(set(re.findall(r'href="(/m/[^"?#]+)"', listed)))]
    say(f"visiting {_PAGES} pages ({len(paths)} different ones)")
    for number in range(_PAGES):
        browser.open(demo.at.web + paths[number % len(paths)], timeout=60).read()
