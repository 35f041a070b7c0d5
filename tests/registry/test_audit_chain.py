"""The chain and its export: whatever is tampered with is found and named."""

import subprocess
import sys

import psycopg2
import pytest
from django.db import connection, transaction

from registry import audit, chain, verifier
from registry.models import AuditEvent, AuditLink
from tests.cast import acting
from tests.registry.tampering import NOON, tampered, write

pytestmark = pytest.mark.django_db(transaction=True)


def test_python_and_postgresql_make_the_same_hashes(people):
    write(people, 12)

    walk = verifier.walk_rows(chain.export())

    assert walk.fault is None
    assert (walk.links, walk.head) == chain.head()
    assert chain.verify().fault is None
    assert walk.links == AuditEvent.objects.count() == AuditLink.objects.count()


def test_links_have_no_gaps_although_a_transaction_was_given_up(people):
    write(people, 2)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        audit.record(acting(people.ana), "x", people.model, at=NOON)
        raise ZeroDivisionError
    write(people, 2)

    ids = list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert ids[-1] - ids[0] > len(ids) - 1
    assert chain.verify().fault is None


def test_a_text_moved_over_a_border_is_found(people):
    with transaction.atomic():
        event = audit.record(acting(people.ana), "a", people.model, at=NOON, reason="left\x1fright")
    moved = "UPDATE registry_auditevent SET request_id = 'left', reason = 'right' WHERE id = "

    with tampered(f"{moved} {event.pk}"):
        assert chain.verify().fault.text == "link 1 does not fit its event"


EDITS = {
    "id": "id + 1000",
    "at": "at + interval '1 microsecond'",
    "actor_id": "CASE WHEN actor_id IS NULL THEN 1 END",
    "actor_label": "actor_label || ' '",
    "action": "upper(action)",
    "object_type": "''",
    "object_id": "object_id || '0'",
    "object_label": "'x'",
    "unit_id": "CASE WHEN unit_id IS NULL THEN (SELECT min(id) FROM registry_businessunit) END",
    "request_id": "'r'",
    "reason": "reason || chr(31)",
    "before": "'null'",
    "after": "after || '{\"n\": 1.0}'",
}


def test_every_cell_of_an_event_is_held(people):
    columns = {field.column for field in AuditEvent._meta.concrete_fields}

    assert columns == set(EDITS)
    assert {field.column for field in AuditLink._meta.concrete_fields} == {
        "sequence", "event_id", "previous_hash", "hash",
    }  # fmt: skip


def test_every_edited_cell_is_found_and_named(people):
    write(people, 5)
    victim = AuditLink.objects.get(sequence=3).event_id
    for column, value in EDITS.items():
        edits = [f'UPDATE registry_auditevent SET "{column}" = {value} WHERE id = {victim}']
        if column == "id":
            edits += [
                f"UPDATE registry_auditlink SET event_id = {victim + 1000} WHERE sequence = 3"
            ]
        with tampered(*edits):
            assert chain.verify().fault.sequence == 3, column
            assert verifier.walk_rows(chain.export()).fault.sequence == 3, column
    assert chain.verify().fault is None


EVENT = "(SELECT event_id FROM registry_auditlink WHERE sequence = {})"
COPY = (
    "INSERT INTO registry_auditevent (at, actor_label, action, object_type, object_id,"
    " object_label, request_id, reason) VALUES (now(), 'x', 'x', 'x', '1', 'x', '', '')"
)
LINK = (
    "INSERT INTO registry_auditlink (sequence, event_id, previous_hash, hash)"
    " SELECT {}, max(id), repeat('0', 64), repeat('1', 64) FROM registry_auditevent"
)
TAMPERINGS = {
    "a hash": (["UPDATE registry_auditlink SET hash = repeat('1', 64) WHERE sequence = 3"], 3),
    "a hash before": (
        ["UPDATE registry_auditlink SET previous_hash = repeat('1', 64) WHERE sequence = 3"], 3,
    ),
    "a place": (["UPDATE registry_auditlink SET sequence = 9 WHERE sequence = 3"], 3),
    "a row deleted": (["DELETE FROM registry_auditlink WHERE sequence = 3"], 3),
    "the first row deleted": (["DELETE FROM registry_auditlink WHERE sequence = 1"], 1),
    "an event deleted": (
        [f"DELETE FROM registry_auditevent WHERE id = {EVENT.format(3)}"], 3,
    ),
    "rows swapped": (
        [
            "UPDATE registry_auditlink SET sequence = 99 WHERE sequence = 3",
            "UPDATE registry_auditlink SET sequence = 3 WHERE sequence = 4",
            "UPDATE registry_auditlink SET sequence = 4 WHERE sequence = 99",
        ],
        3,
    ),
    "an event put in": ([COPY], None),
    "a row put in at the end": ([COPY, LINK.format(6)], 6),
    "a row put in before all": ([COPY, LINK.format(-4)], -4),
}  # fmt: skip


def test_every_row_moved_deleted_or_put_in_is_found_and_named(people):
    write(people, 5)
    for name, (statements, sequence) in TAMPERINGS.items():
        with tampered(*statements):
            assert chain.verify().fault.sequence == sequence, name
            found = verifier.walk_rows(chain.export()).fault
            assert found is not None, name
            assert found.sequence == sequence, name


@pytest.fixture
def older(process_environment):
    """Commands on a database of its own, as it was before the text of the chain was mended."""
    name = "muster_older_chain"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    url = process_environment["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"

    def manage(*arguments):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env={**process_environment, "DATABASE_URL": url},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    assert manage("migrate", "registry", "0005").returncode == 0
    with psycopg2.connect(url) as session, session.cursor() as cursor:
        for _ in range(3):
            cursor.execute(COPY)
            session.commit()
        yield manage, session, cursor
    session.close()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")


def test_a_chain_made_before_is_proved_then_computed_anew(older):
    manage, session, cursor = older
    cursor.execute("ALTER TABLE registry_auditevent DISABLE TRIGGER USER")
    cursor.execute("UPDATE registry_auditevent SET reason = 'x' WHERE id = 2")
    session.commit()
    refused = manage("migrate", "registry")
    cursor.execute("UPDATE registry_auditevent SET reason = '' WHERE id = 2")
    cursor.execute("ALTER TABLE registry_auditevent ENABLE TRIGGER USER")
    session.commit()
    done = manage("migrate", "registry")
    cursor.execute(COPY)
    session.commit()

    assert "link 2 of the audit chain does not fit" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert "4 links are sound" in manage("verify_audit").stdout
