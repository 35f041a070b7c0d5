"""The places where somebody is signed in."""

from allauth.usersessions.models import UserSession
from django.db import transaction

from registry.models import Person


def of(person: Person) -> list[UserSession]:
    """Return the live sessions, newest first; those that ran out are forgotten."""
    found = UserSession.objects.purge_and_list(person)
    return sorted(found, key=lambda session: session.created_at, reverse=True)


@transaction.atomic
def end_all(person: Person, *, but: str | None = None) -> int:
    """Sign somebody out everywhere, or everywhere but in the session with the key `but`."""
    ended = 0
    for session in UserSession.objects.filter(user=person).exclude(session_key=but):
        session.end()
        ended += 1
    return ended
