"""Look each minute whether what must always hold does, keep what does not, and tell of it once."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from monitoring.alerts import recipients
from monitoring.alerts.message import Letter
from monitoring.invariants import BROKEN, RULES, Found, Rule
from monitoring.models import Invariant, Message

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=55)
# A look that takes longer than this is given up: the others still get their turn.
_LOOK_SECONDS = 10
# Twice may be a hiccup; what is broken at a third look is told to the platform's admins, once.
_TELL_AFTER = 2 * EVERY
_LOCK = 7233805  # our own number for the advisory lock "reconciliation"


def reconcile_due(*, at: datetime, seconds: float) -> int:
    """Look at every invariant when it is time; return how many are broken."""
    with _alone() as alone:
        if not alone or not _is_time(at):
            return 0
        with _one_view():
            found = [(rule, _look(rule, at=at)) for rule in RULES]
            kept = [_keep(rule, one, at=at) for rule, one in found if one is not None]
            Invariant.objects.exclude(name__in=BROKEN).delete()
            _tell([one for one in kept if one.broken], at=at)
    return sum(bool(one.broken) for one in kept)


@contextmanager
def _alone() -> Iterator[bool]:
    """Keep others from looking at the same time; say whether somebody else does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _one_view() -> Iterator[None]:
    """See the tables as they are at one moment, so that no verdict comes between two looks."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(f"SET LOCAL statement_timeout = '{_LOOK_SECONDS}s'")
        yield


def _is_time(at: datetime) -> bool:
    last = Invariant.objects.order_by("-checked_at").values_list("checked_at", flat=True).first()
    return last is None or last <= at - EVERY


def _look(rule: Rule, *, at: datetime) -> Found | None:
    """Look; None when the look itself fails, which must not hide what the others find."""
    try:
        with transaction.atomic():
            return rule.look(at)
    except DatabaseError:
        logger.exception("Unable to look at the invariant %s", rule.name)
        return None


def _keep(rule: Rule, found: Found, *, at: datetime) -> Invariant:
    one, _ = Invariant.objects.get_or_create(name=rule.name, defaults={"checked_at": at})
    one.checked_at, one.broken = at, found.count
    one.broken_since = (one.broken_since or at) if found.count else None
    one.examples = [words[:300] for words in found.examples]
    one.save(update_fields=["checked_at", "broken", "broken_since", "examples"])
    if found.count:
        logger.error("%s: %d, such as %s", rule.broken, found.count, "; ".join(one.examples))
    return one


def _tell(broken: Sequence[Invariant], *, at: datetime) -> None:
    """Owe the platform's admins one mail for each time something begins to be broken."""
    late = [one for one in broken if one.broken_since and one.broken_since <= at - _TELL_AFTER]
    if not late:
        return
    channels = recipients.mailboxes(recipients.platform_admins())
    messages = [
        Message(
            channel=channel,
            kind=Message.Kind.REPORT,
            key=f"watcher-{one.name}-{one.broken_since:%Y%m%dT%H%M%S}-{channel.pk}",
            content={"event": "firing", "facts": [], "letter": asdict(_letter(one))},
            made_at=at,
            due_at=at,
        )
        for one in late
        for channel in channels
    ]
    # The key names the time it began: told before, it is not told again.
    Message.objects.bulk_create(messages, ignore_conflicts=True)


def _letter(one: Invariant) -> Letter:
    words = BROKEN[one.name]
    return Letter(
        subject=f"Muster itself is not well: {words.lower()} ({one.broken})",
        state="unknown",
        lead=f"{words}: {one.broken} since {one.broken_since:%Y-%m-%d %H:%M} UTC.",
        parts=(
            ("SUCH AS", tuple(one.examples)),
            (
                "WHAT THIS IS",
                (
                    "A thing that always holds does not. Either a part of Muster stands still or "
                    "has a fault, or somebody wrote to its database by hand.",
                ),
            ),
            ("DO NOW", ("Open the page of the watcher, then the log of worker and sweep.",)),
        ),
        action="Open the watcher",
        url=f"{settings.MUSTER_PUBLIC_URL}/watcher/",
        footer=("You get this as a platform admin. It is told once, until it has held again.",),
    )
