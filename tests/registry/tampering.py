"""An audit to tamper with, and what the owner of the tables could do to it."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO

from django.core.management import call_command
from django.db import connection, transaction

from registry import audit, chain, checkpoints, verifier
from tests.cast import acting

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NASTY = 'a\x1fb "q" \\ \n\t\r\x01\x7f é 漢 \U0001f600 </script> \u2028'


def write(people, count, *, start=0):
    for number in range(start, start + count):
        with transaction.atomic():
            audit.record(
                acting(people.ana) if number % 2 else acting(people.pat),
                "model.changed",
                people.model,
                at=NOON + timedelta(seconds=number, microseconds=number),
                unit=people.fraud if number % 3 else None,
                before={"purpose": NASTY, "n": 1.50} if number % 4 else None,
                after={"purpose": f"{NASTY}{number}", "n": number},
                reason=NASTY if number % 5 else "",
            )


@contextmanager
def tampered(*statements):
    """Do what only the tables' owner can, past every trigger; undone when the test has looked."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for table in ("registry_auditevent", "registry_auditlink"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in statements:
                cursor.execute(statement)
        yield
        transaction.set_rollback(True)


def anew(start, **changes):
    """Statements that compute the chain anew from a link on, as somebody would who knows how."""
    rows = [json.loads(line) for line in chain.export()]
    head = rows[start - 2]["hash"] if start > 1 else verifier.START
    statements = [
        f"UPDATE registry_auditevent SET {name} = '{value}' WHERE id = {rows[start - 1]['id']}"
        for name, value in changes.items()
    ]
    rows[start - 1].update(changes)
    for row in rows[start - 1 :]:
        row["previous_hash"] = head
        head = verifier.link_hash(tuple(row.values()))
        statements.append(
            f"UPDATE registry_auditlink SET previous_hash = '{row['previous_hash']}',"
            f" hash = '{head}' WHERE sequence = {row['sequence']}"
        )
    return statements


def sign(at=NOON):
    return checkpoints.checkpoint_due(at=at, seconds=5)


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def cut(after):
    return [
        f"CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT event_id FROM registry_auditlink"
        f" WHERE sequence > {after}",
        f"DELETE FROM registry_auditlink WHERE sequence > {after}",
        "DELETE FROM registry_auditevent WHERE id IN (SELECT event_id FROM gone)",
    ]
