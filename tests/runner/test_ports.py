"""Ports are remembered, and given up only when somebody else took them."""

import socket
from pathlib import Path

import pytest

from script.runner.addresses import web_port
from script.runner.part import RunnerError
from script.runner.ports import free_port
from script.runner.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    found = State(tmp_path, say=[].append)
    found.open()
    return found


def reopened(state: State) -> State:
    return State(state.checkout, say=state.say, values=dict(state.values))


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", free_port()))
        server.listen()
        yield server.getsockname()[1]


def test_port_is_the_same_next_time(state):
    first = state.port("mail")

    assert reopened(state).port("mail") == first


def test_port_that_was_taken_meanwhile_is_replaced(state, taken):
    state.keep("mail_port", taken)

    assert state.port("mail") != taken


def test_port_in_use_by_our_own_part_is_not_replaced(state):
    port = state.port("mail")
    with socket.socket() as own:
        own.bind(("127.0.0.1", port))
        own.listen()

        assert state.port("mail") == port


def test_web_port_asked_for_must_be_free(state, taken):
    with pytest.raises(RunnerError, match=f"port {taken} is taken; choose another one with --port"):
        web_port(state, taken)


def test_state_is_for_its_owner_alone(state):
    state.secret("demo_password")

    assert (state.folder / "state.json").stat().st_mode & 0o777 == 0o600
    assert state.folder.stat().st_mode & 0o777 == 0o700
