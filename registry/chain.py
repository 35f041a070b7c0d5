"""Recompute the chain over the audit events, so that whatever was tampered with shows."""

from dataclasses import dataclass

from django.db import connection

# The text of an event is made by the function the chain was made with; hashes are compared in
# the order of the chain, so that the first event that does not fit is named.
_LINKS = """
SELECT link.sequence, link.previous_hash, link.hash, event.id IS NOT NULL,
       encode(sha256(convert_to(concat_ws(
           E'\\x1f', link.previous_hash, link.sequence,
           registry_audit_text(event)), 'UTF8')), 'hex')
FROM registry_auditlink link LEFT JOIN registry_auditevent event ON event.id = link.event_id
ORDER BY link.sequence
"""
_UNLINKED = """
SELECT min(event.id) FROM registry_auditevent event
WHERE NOT EXISTS (SELECT 1 FROM registry_auditlink link WHERE link.event_id = event.id)
"""
_PAGE = 2000


@dataclass(frozen=True)
class Verdict:
    """How many links were looked at, the last hash, and what is wrong ('' when nothing is)."""

    links: int
    head: str
    fault: str


def verify() -> Verdict:
    """Walk the whole chain and stop at the first link that does not fit.

    A tail that was cut off, or a chain computed anew from its start, cannot be seen from inside:
    compare `head` with one that was noted elsewhere.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNLINKED)
        unlinked = cursor.fetchone()[0]
        cursor.execute(_LINKS)
        links, head = 0, "0" * 64
        while rows := cursor.fetchmany(_PAGE):
            for sequence, previous, found, there, computed in rows:
                if sequence != links + 1:
                    return Verdict(links, head, f"link {links + 1} is gone")
                if not there:
                    return Verdict(links, head, f"the event of link {sequence} is gone")
                if previous != head or found != computed:
                    return Verdict(links, head, f"link {sequence} does not fit its event")
                links, head = sequence, found
    fault = f"event {unlinked} has no link" if unlinked else ""
    return Verdict(links, head, fault)
