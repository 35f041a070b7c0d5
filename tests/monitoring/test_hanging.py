"""A source that hangs: it is told, and keeps none of the others waiting."""

import socket
import time

import pytest
from django.db import connection

from monitoring import patience, scans, sourcing
from monitoring.models import Batch, Source
from registry import clock
from tests import factories
from tests.monitoring import watching
from tests.monitoring.test_sql_source import QUERY

pytestmark = pytest.mark.django_db(transaction=True)
LATEST_SECONDS = 15


@pytest.fixture
def silent():
    """A server that accepts every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server.getsockname()[1]


def hanging(model, kind, port, settings):
    if kind == "sql":
        settings.MUSTER_SQL_HOSTS = ["127.0.0.1"]
        given = {"secret": f"postgresql://a:b@127.0.0.1:{port}/c", "query": QUERY}
        watching.check(watching.Watched(model, None), source="hangs")
    else:
        address = f"http://127.0.0.1:{port}/landing"
        settings.MUSTER_SOURCE_ROOTS = [*settings.MUSTER_SOURCE_ROOTS, address]
        given = {"address": address}
    made = {"at": clock.now(), "kind": kind, **given}
    return sourcing.put_source(watching.ACTOR, model, "hangs", **made)[0]


def all_due(first):
    """Make every source due; the one that hangs comes first, the others wait for all of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE monitoring_source SET next_scan_at = muster_now()"
            " - CASE WHEN id = %s THEN interval '1 minute' ELSE interval '0' END",
            [first.pk],
        )


@pytest.mark.parametrize("kind", ["folder", "sql"])
def test_one_hanging_source_among_twenty_makes_no_other_late(
    tmp_path, settings, monkeypatch, silent, kind
):
    settings.MUSTER_SOURCE_ROOTS = [str(tmp_path)]
    model = factories.tracked_model(slug="credit")
    bad = hanging(model, kind, silent, settings)
    others = []
    for number in range(19):
        folder = tmp_path / str(number) / "batches"
        folder.mkdir(parents=True)
        (folder / "2026-08-03.parquet").write_bytes(b"PAR1" + bytes([number]))
        made = {"at": clock.now(), "address": str(folder.parent)}
        others.append(sourcing.put_source(watching.ACTOR, model, f"s{number}", **made)[0].pk)
    late, note = [], scans._note

    def noted(source, *args, **more):
        note(source, *args, **more)
        if source.pk != bad.pk:
            late.append(time.monotonic() - due)

    monkeypatch.setattr(scans, "_note", noted)
    for _ in range(3):
        all_due(bad)
        due = time.monotonic()
        scans.scan_due(at=clock.now(), seconds=60)

    assert len(late) == 3 * 19
    assert max(late) < LATEST_SECONDS
    assert Batch.objects.count() == 19
    bad.refresh_from_db()
    assert "is it up" in bad.fault or "is its store up" in bad.fault
    assert not Source.objects.filter(pk__in=others).exclude(fault="").exists()


def test_a_store_that_speaks_slowly_does_not_hang(tmp_path, monkeypatch):
    monkeypatch.setattr(patience, "SILENCE_SECONDS", 0.5)
    (tmp_path / "batches").mkdir()
    for number in range(4):
        (tmp_path / "batches" / f"2026-08-0{number + 1}.parquet").write_bytes(b"PAR1")

    def slowly(path, *, seen, options):
        time.sleep(0.3)
        return path

    monkeypatch.setattr(patience.folder, "digest", slowly)
    sight = patience.look(1, str(tmp_path), format="parquet", known={})

    assert (sight.fault, len(sight.fresh), sight.hangs) == ("", 4, False)


def test_a_secret_that_cannot_be_read_is_a_fault_of_its_source_only(settings):
    model = factories.tracked_model(slug="credit")
    bad = hanging(model, "sql", 1, settings)
    all_due(bad)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE monitoring_source SET secret = 'lost' WHERE id = %s", [bad.pk])

    assert scans.scan_due(at=clock.now(), seconds=5) == 1

    assert "set it again" in Source.objects.values_list("fault", flat=True).get(pk=bad.pk)
