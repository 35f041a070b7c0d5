"""Links in mails begin with MUSTER_PUBLIC_URL: nothing starts in production when they lead home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = {
    "web": ["-c", "import config.wsgi"],
    "worker": ["-m", "celery", "-A", "config", "worker", "--pool", "solo"],
    "beat": ["-m", "celery", "-A", "config", "beat"],
    "sweep": ["manage.py", "sweep", "--once"],
}


def start(process, url, **more):
    told = {k: v for k, v in os.environ.items() if k not in ("DEBUG", "MUSTER_DEMO")}
    told |= {"MUSTER_PUBLIC_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", **more}
    return subprocess.run(
        [sys.executable, *PROCESSES[process]],
        env=told,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize(
    ("process", "host"),
    [
        *(("web", host) for host in ("localhost:8000", "127.0.0.1", "[::1]:8000")),
        *(("worker", "localhost:8000"), ("beat", "localhost:8000"), ("sweep", "localhost:8000")),
    ],
)
def test_no_process_starts_in_production_with_links_to_localhost(process, host):
    done = start(process, f"http://{host}")

    assert done.returncode != 0
    assert "muster.E005" in done.stdout + done.stderr


def test_an_address_is_needed_at_all():
    assert "muster.E004" in start("web", "muster.example.org").stderr


def test_a_public_address_starts_and_so_does_the_demo():
    assert start("web", "https://muster.example.org").returncode == 0
    assert start("web", "http://localhost:8000", MUSTER_DEMO="true").returncode == 0
