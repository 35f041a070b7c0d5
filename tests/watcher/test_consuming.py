"""A worker that lives and takes nothing ends itself; one at work, or with nothing to do, not."""

import signal

import pytest

from config import consuming
from config.celery import app


@pytest.fixture
def ended(monkeypatch):
    """Hear of the end instead of dying, with a silence long enough."""
    found = []
    monkeypatch.setattr(consuming.os, "kill", lambda pid, number: found.append(number))
    monkeypatch.setitem(consuming._taken, "at", consuming.time.monotonic() - 60)
    monkeypatch.setattr(consuming.state, "active_requests", set())
    return found


@pytest.fixture
def message():
    """A message at the real broker that nobody takes."""
    app.send_task("nobody.takes.this")
    yield
    app.control.purge()


def test_it_ends_when_messages_wait_and_none_is_taken(ended, message):
    assert consuming.waiting(app) >= 1
    consuming.look(app)
    assert ended == [signal.SIGTERM]


def test_it_goes_on_while_it_works(ended, message, monkeypatch):
    monkeypatch.setattr(consuming.state, "active_requests", {"a request"})
    consuming.look(app)
    assert ended == []


def test_it_goes_on_while_it_takes_messages(ended, message):
    consuming.note()
    consuming.look(app)
    assert ended == []


def test_it_goes_on_when_nothing_waits_or_the_broker_is_away(ended, monkeypatch):
    app.control.purge()
    consuming.look(app)
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:9/0")
    assert consuming.waiting(app) == 0
    assert ended == []
