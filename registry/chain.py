"""Recompute the chain over the audit events inside PostgreSQL, and write it out for others."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from registry.verifier import FIELDS, START, Fault

# One pass: PostgreSQL hashes every event with the function the chain was made with, and `lag`
# holds each link to the one before it.
_WALK = """
WITH link AS (
    SELECT sequence, event_id, previous_hash, hash,
        lag(sequence, 1, %(place)s::bigint) OVER walk + 1 AS place,
        lag(hash, 1, %(head)s::varchar) OVER walk AS head
    FROM registry_auditlink WHERE sequence > %(after)s WINDOW walk AS (ORDER BY sequence)
)
SELECT count(*), max(link.sequence), min(link.sequence) FILTER (WHERE
    link.sequence <> link.place OR event.id IS NULL
    OR link.previous_hash IS DISTINCT FROM link.head
    OR link.hash IS DISTINCT FROM registry_audit_hash(link.head, link.sequence, event))
FROM link LEFT JOIN registry_auditevent event ON event.id = link.event_id
"""
_WHAT = """
SELECT coalesce((SELECT max(sequence) FROM registry_auditlink WHERE sequence < %(bad)s), 0) + 1,
    EXISTS (SELECT 1 FROM registry_auditevent event
        WHERE event.id = (SELECT event_id FROM registry_auditlink WHERE sequence = %(bad)s))
"""
_UNLINKED = """
SELECT min(event.id) FROM registry_auditevent event
WHERE NOT EXISTS (SELECT 1 FROM registry_auditlink link WHERE link.event_id = event.id)
"""
# A full join, so that neither a link without an event nor an event without a link can hide.
_EXPORT = f"""
SELECT json_build_object({", ".join(f"'{name}', {name}" for name in FIELDS)})::text FROM (
    SELECT link.sequence, link.previous_hash, link.hash, event.id,
        registry_audit_time(event.at) AS at, event.actor_id, event.actor_label, event.action,
        event.object_type, event.object_id, event.object_label, event.unit_id, event.request_id,
        event.reason, event.before::text AS before, event.after::text AS after
    FROM registry_auditlink link
    FULL JOIN registry_auditevent event ON event.id = link.event_id
) row ORDER BY sequence NULLS LAST, id
"""  # noqa: S608 -- the names are this file's own
_PAGE = 2000
_BEFORE_ALL = -(2**63)


@dataclass(frozen=True)
class Verdict:
    """How many links were looked at, the last link, and what is wrong (None when nothing is)."""

    links: int
    sequence: int
    head: str
    fault: Fault | None

    @property
    def sound(self) -> int:
        """How many links of the chain are proved before the first that does not fit."""
        if self.fault is not None and self.fault.sequence is not None:
            return self.fault.sequence - 1
        return self.sequence


def head() -> tuple[int, str]:
    """Return the place and the hash of the last link."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequence, hash FROM registry_auditlink ORDER BY sequence DESC LIMIT 1"
        )
        return cursor.fetchone() or (0, START)


def hashes_at(sequences: list[int]) -> dict[int, str]:
    """Return the hashes of the links that there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequence, hash FROM registry_auditlink WHERE sequence = ANY(%s)", [sequences]
        )
        return dict(cursor.fetchall())


def hash_at(sequence: int) -> str | None:
    """Return the hash of one link; None when there is no such link."""
    return hashes_at([sequence]).get(sequence)


def verify(*, after: int = 0) -> Verdict:
    """Walk the chain, all of it or what follows a link, and name the first that does not fit.

    A tail that was cut off, or a chain computed anew from its start, cannot be seen from inside:
    compare it with signed checkpoints (registry/checkpoints.py).
    """
    bounds: dict[str, int | str] = {"place": after, "after": after or _BEFORE_ALL, "head": START}
    if after:
        bounds["head"] = hash_at(after) or "gone"
    with connection.cursor() as cursor:
        # First what has no link: who commits between the two questions brings his link along.
        cursor.execute(_UNLINKED if not after else "SELECT NULL")
        (unlinked,) = cursor.fetchone()
        cursor.execute(_WALK, bounds)
        links, sequence, bad = cursor.fetchone()
    fault = None
    if bad is not None:
        fault = _fault(bad)
    elif unlinked is not None:
        fault = Fault(f"event {unlinked} has no link")
    sequence = after if sequence is None else sequence
    return Verdict(links, sequence, hash_at(sequence) or START, fault)


def _fault(bad: int) -> Fault:
    """Say what is wrong with the first link that does not fit."""
    with connection.cursor() as cursor:
        cursor.execute(_WHAT, {"bad": bad})
        place, there = cursor.fetchone()
    if bad > place:
        return Fault(f"link {place} is gone", place)
    if bad < 1:
        return Fault(f"link {bad} was put in before the first", bad)
    if not there:
        return Fault(f"the event of link {bad} is gone", bad)
    return Fault(f"link {bad} does not fit its event", bad)


def export() -> Iterator[str]:
    """Yield the whole chain as lines of JSON, as the stand-alone verifier reads them."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_EXPORT)
        while rows := cursor.fetchmany(_PAGE):
            for (line,) in rows:
                yield line
