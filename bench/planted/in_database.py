"""Tamper with the tables as a superuser and ask Muster."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.planted.anchoring import anchors

_EVENT_CELLS = {
    "at": "at + interval '1 microsecond'",
    "actor_id": "1",
    "actor_label": "actor_label || ' '",
    "action": "upper(action)",
    "object_type": "object_type || 's'",
    "object_id": "object_id || '0'",
    "object_label": "reverse(object_label) || '.'",
    "unit_id": "1",
    "request_id": "''",
    "reason": "reason || chr(31)",
    "before": "before - 'purpose'",
    "after": "after || '{\"tier\": 9}'",
}
_FORGED = """
INSERT INTO registry_auditevent (at, actor_label, action, object_type, object_id, object_label,
    request_id, reason) VALUES (now(), 'nobody', 'model.changed', 'x', '1', 'x', '', '')
"""
_ANEW = """
DO $$
DECLARE
    link record;
    head text := {head};
    fresh text;
BEGIN
    FOR link IN
        SELECT sequence, event FROM registry_auditlink
        JOIN registry_auditevent event ON event.id = event_id
        WHERE sequence >= {start} ORDER BY sequence
    LOOP
        fresh := registry_audit_hash(head, link.sequence, link.event);
        UPDATE registry_auditlink SET previous_hash = head, hash = fresh
            WHERE sequence = link.sequence;
        head := fresh;
    END LOOP;
END
$$
"""


def _statements(luck: random.Random, links: int) -> tuple[str, list[str]]:
    """Choose what the superuser does; return its name and its SQL."""
    one, other = luck.sample(range(2, links), 2)
    event = "(SELECT event_id FROM registry_auditlink WHERE sequence = {})"
    cell = luck.choice(list(_EVENT_CELLS))
    edit = f"UPDATE registry_auditevent SET {cell} = {_EVENT_CELLS[cell]} WHERE id = "
    edited = edit + event.format(one)
    head = f"(SELECT hash FROM registry_auditlink WHERE sequence = {one - 1})"
    link = "UPDATE registry_auditlink SET"
    plants = {
        f"edit of {cell}": [edited],
        "edit of a hash": [f"{link} hash = md5(hash) || md5(hash) WHERE sequence = {one}"],
        "edit of a previous hash": [f"{link} previous_hash = hash WHERE sequence = {one}"],
        "edit of a place": [f"{link} sequence = {10**6} WHERE sequence = {one}"],
        "event deleted": [f"DELETE FROM registry_auditevent WHERE id = {event.format(one)}"],
        "both deleted": [
            f"DELETE FROM registry_auditevent WHERE id = {event.format(one)}",
            f"DELETE FROM registry_auditlink WHERE sequence = {one}",
        ],
        "rows swapped": [
            f"{link} sequence = {10**6} WHERE sequence = {one}",
            f"{link} sequence = {one} WHERE sequence = {other}",
            f"{link} sequence = {other} WHERE sequence = {10**6}",
        ],
        "event put in": [_FORGED],
        "row put in": [
            _FORGED,
            f"INSERT INTO registry_auditlink (sequence, event_id, previous_hash, hash) SELECT"
            f" {links + 1}, max(id), {head}, md5('x') || md5('y') FROM registry_auditevent",
        ],
        "tail cut": [
            f"DELETE FROM registry_auditevent WHERE id >= {event.format(one)}",
            f"DELETE FROM registry_auditlink WHERE sequence >= {one}",
        ],
        "computed anew": [edited, _ANEW.format(start=one, head=head)],
    }
    name = luck.choice(list(plants))
    return name, plants[name]


@contextmanager
def _undone() -> Iterator[Any]:
    from django.db import connection, transaction

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger fires
            yield cursor
        transaction.set_rollback(True)


def plant(luck: random.Random, count: int) -> tuple[int, list[str]]:
    """Tamper with the tables as a superuser past all triggers; count what the chain shows."""
    from registry import chain, verifier

    links, head = chain.head()
    thirds = [(n, chain.hash_at(n) or "") for n in (links // 3, 2 * links // 3)]
    signed = anchors([*thirds, (links, head)])
    missed = []
    for _ in range(count):
        name, statements = _statements(luck, links)
        with _undone() as cursor:
            for statement in statements:
                cursor.execute(statement)
            verdict = chain.verify()
            there = chain.hashes_at([point.sequence for point in signed.points])
            fault = verdict.fault or verifier.compare(
                signed.points, links=verdict.sequence, hash_at=there.get
            )
        if fault is None:
            missed.append(f"in the database: {name}")
    return count - len(missed), missed
