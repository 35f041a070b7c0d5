"""The cookies of a sign-in, as a browser gets them from a production's settings."""

import json
import os
import subprocess
import sys

import pytest

from tests.cast import cast
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
ASKED = """
import json
from config import settings
kept = ("SESSION_COOKIE_", "CSRF_COOKIE_")
found = {name: getattr(settings, name) for name in dir(settings) if name.startswith(kept)}
print(json.dumps([settings.DEBUG, settings.SECURE_HSTS_SECONDS, found]))
"""


def production() -> tuple[bool, int, dict[str, object]]:
    """Return the settings of a process of its own, at an https address, DEBUG not named."""
    told = {name: value for name, value in os.environ.items() if name != "DEBUG"}
    told["MUSTER_PUBLIC_URL"] = "https://muster.example.org"
    command = [sys.executable, "-c", ASKED]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=True)
    debug, hsts, found = json.loads(done.stdout)
    return debug, hsts, found


def test_a_production_sends_its_cookies_by_https_alone_and_to_no_script(client, settings):
    cast(passwords=True)
    debug, hsts, found = production()
    for name, value in found.items():
        setattr(settings, name, value)

    client.get("/sign-in/")
    client.post("/sign-in/", {"login": "ana@example.com", "password": PASSWORD})

    assert (debug, hsts > 0) == (False, True)
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert not cookie["domain"], name
