"""Who changed something last, and one change of it at a time."""

from django.db import connection
from django.db.models import Model

from dashboard import words
from registry import access
from registry.actors import Actor

_LOCK_CLASS = 7233804  # our own number for the advisory lock "saving one page's form"


def take_turns(address: str) -> None:
    """Wait until nobody else saves the form of this address, until the transaction is over."""
    with connection.cursor() as cursor:
        query = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
        cursor.execute(query, [_LOCK_CLASS, address])


def newest_change(actor: Actor, subject: Model | None) -> str:
    """Say who changed it last and when, as far as the reader may know."""
    event = None
    if subject is not None:
        events = access.visible_audit(actor).filter(
            object_type=subject._meta.model_name or "", object_id=str(subject.pk)
        )
        event = events.select_related("actor").order_by("-pk").first()
    if event is None:
        return "Somebody changed this meanwhile"
    who = event.actor.name if event.actor else event.actor_label
    return f"{who} changed this at {words.moment(event.at)}"
