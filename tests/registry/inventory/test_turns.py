"""Who is read when: servers in trouble last and one at a time, and what a killed worker leaves."""

import time
from datetime import timedelta

import pytest

from registry import clock
from registry.mlflow import lease, sync
from registry.models import AuditEvent, MLflowServer
from tests import factories
from tests.registry import faults

pytestmark = pytest.mark.django_db
Server = factories.MLflowServerFactory
EMPTY = faults.answer(b"{}")


@pytest.fixture
def short_requests(monkeypatch):
    monkeypatch.setattr("registry.mlflow.transport._SECONDS", 0.5)


def test_sound_servers_come_before_those_in_trouble():
    broken = Server.create(failures=1)
    sound = Server.create(next_sweep_at=clock.now())

    assert [lease.claim().server_id for _ in range(2)] == [sound.pk, broken.pk]


def test_servers_in_trouble_hold_up_one_worker_at_most():
    for _ in range(3):
        Server.create(failures=1)
    first, second = lease.claim(), lease.claim()
    sound = Server.create()

    assert (first is not None, second) == (True, None)
    assert lease.claim().server_id == sound.pk


def test_a_hanging_server_does_not_make_the_others_late(short_requests, settings):
    """One of eight hangs; a minute is a second here and a request half a second."""
    settings.MUSTER_SYNC_SECONDS = 1
    with faults.server(faults.hang) as hanging, faults.server(EMPTY) as origin:
        Server.create(origin=hanging)
        sound = [Server.create(origin=f"{origin}/{number}") for number in range(7)]
        late, end = [], time.monotonic() + 6
        while time.monotonic() < end:
            due = dict(
                MLflowServer.objects.filter(pk__in=[server.pk for server in sound]).values_list(
                    "pk", "next_sweep_at"
                )
            )
            held = lease.claim()
            if held is None:
                time.sleep(0.02)
                continue
            if held.server_id in due and due[held.server_id].year > 2020:
                late.append((clock.now() - due[held.server_id]).total_seconds())
            sync.sweep(held, at=clock.now(), seconds=5)

    assert len(late) >= 7
    # A request of the hanging one, and the other servers' turns.
    assert max(late) < 3


def test_a_hanging_server_costs_one_request(short_requests):
    with faults.server(faults.hang) as origin:
        Server.create(origin=origin)
        start = time.monotonic()
        sync.sweep_due(at=factories.NOW, seconds=20)

    assert time.monotonic() - start < 1.5


def test_the_breaker_opens_after_five_failures_and_closes_with_the_first_success(settings):
    settings.MUSTER_SYNC_SECONDS = 5
    server = Server.create(origin="http://127.0.0.1:1")
    opened = []
    for _ in range(6):
        MLflowServer.objects.update(next_sweep_at=clock.now())
        sync.sweep_due(at=factories.NOW, seconds=5)
        server.refresh_from_db()
        opened.append(server.breaker_until is not None)
    probed = (server.next_sweep_at - clock.now()).total_seconds()
    with faults.server(EMPTY) as origin:
        MLflowServer.objects.update(next_sweep_at=clock.now(), origin=origin)
        sync.sweep_due(at=factories.NOW, seconds=5)
    server.refresh_from_db()

    assert opened == [False] * 4 + [True] * 2
    assert 50 < probed <= 60
    assert (server.breaker_until, server.failures, server.fault) == (None, 0, "")


def test_who_is_killed_is_followed_within_forty_seconds():
    Server.create()
    lease.claim()
    left = MLflowServer.objects.get().lease_until - clock.now()

    # And the sweep looks every ten.
    assert left <= timedelta(seconds=30)


def test_a_lease_is_held_on_to_between_requests(monkeypatch):
    monkeypatch.setattr(lease, "_BEAT_SECONDS", 0.0)
    seen = []

    def behave(sock, head):
        EMPTY(sock, head)

    with faults.server(behave) as origin:
        server = Server.create(origin=origin)
        held = lease.claim()
        extend = lease.Lease.extend
        monkeypatch.setattr(lease.Lease, "extend", lambda self: (seen.append(1), extend(self))[1])
        sync.sweep(held, at=factories.NOW, seconds=5)
    server.refresh_from_db()

    assert len(seen) >= 2
    assert server.swept_at == factories.NOW


def test_a_name_that_leads_elsewhere_is_audited(monkeypatch):
    with faults.server(EMPTY) as origin:
        port = origin.rpartition(":")[2]
        server = Server.create(origin=f"http://localhost:{port}", resolved_addresses=["10.9.9.9"])
        sync.sweep_due(at=factories.NOW, seconds=5)
        MLflowServer.objects.update(next_sweep_at=clock.now())
        sync.sweep_due(at=factories.NOW, seconds=5)
    server.refresh_from_db()
    (event,) = AuditEvent.objects.filter(action="server.resolved")

    assert server.resolved_addresses[0] == "10.9.9.9"
    assert "127.0.0.1" in event.after["addresses"]
    assert event.before == {"addresses": ["10.9.9.9"]}
