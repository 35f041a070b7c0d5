"""What follows when somebody sets another person's password: that person is told and chooses anew.

A password that two people know proves nothing about who signs in. So it opens one page only,
every way in that was there before is closed, and the person gets a mail that names who did it.
"""

import logging
import time
from datetime import datetime, timedelta

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.http import HttpRequest
from django.template.loader import render_to_string

from registry import audit, tokens
from registry.actors import Actor
from registry.models import AuditEvent, Person
from registry.sign_in import sessions

logger = logging.getLogger(__name__)
SET_BY_OTHER = "person.password_set"
_AGAIN = timedelta(minutes=5)
_GIVE_UP_AFTER = timedelta(days=7)
_STEP_SECONDS = 8
_BATCH = 20


def set_by_other(actor: Actor, person: Person, *, at: datetime, is_new: bool, reason: str) -> None:
    """Do what follows, in the transaction that stores the password."""
    # The demo prints its passwords on the terminal; they are nobody's secret.
    person.must_choose_password = not settings.MUSTER_DEMO
    if not is_new:
        person.password_notice_due_at = person.password_set_at = at
        tokens.revoke_all(actor, person, at=at)
        sessions.end_all(person)
        audit.record(actor, SET_BY_OTHER, person, at=at, reason=reason)
    columns = ["must_choose_password", "password_notice_due_at", "password_set_at"]
    person.save(update_fields=columns)


def chosen(person: Person) -> None:
    """Note that the person has chosen a password that nobody else knows."""
    person.must_choose_password = False
    person.save(update_fields=["must_choose_password"])


def is_owed(request: HttpRequest) -> bool:
    """Say whether the one who is signed in must choose a password first."""
    person = request.user
    if not getattr(person, "must_choose_password", False):
        return False
    records = get_authentication_records(request, person)
    # Whoever came by the company's server never used the password, and may not know it.
    return not any(record.get("method") == "socialaccount" for record in records)


def tell_due(*, at: datetime, seconds: float) -> int:
    """Mail the people whose password somebody else has set; return how many were told."""
    stop, told = time.monotonic() + seconds, 0
    due = Person.objects.filter(password_notice_due_at__lte=at).order_by("password_notice_due_at")
    for person in list(due[:_BATCH]):
        # Claimed by putting it off, so that two workers, or a dead one, send at most once more.
        free = Person.objects.filter(pk=person.pk, password_notice_due_at__lte=at)
        if time.monotonic() > stop or not free.update(password_notice_due_at=at + _AGAIN):
            continue
        try:
            _message(person).send()
        except OSError as error:  # SMTP's errors are of this kind
            logger.warning("Unable to tell %s of the new password: %s", person, error)
            if person.password_set_at is None or at - person.password_set_at < _GIVE_UP_AFTER:
                continue
            logger.error("Gave up telling %s of the new password", person)
        # Set once more meanwhile: that is another mail.
        same = Person.objects.filter(pk=person.pk, password_set_at=person.password_set_at)
        told += same.update(password_notice_due_at=None)
    return told


def _message(person: Person) -> EmailMessage:
    events = AuditEvent.objects.filter(
        action=SET_BY_OTHER, object_type="person", object_id=str(person.pk)
    )
    context = {"person": person, "event": events.latest("pk"), "url": settings.MUSTER_PUBLIC_URL}
    return EmailMessage(
        subject="Somebody else set your password at Muster",
        body=render_to_string("emails/password_set-text.txt", context),
        to=[person.email],
        headers={"Auto-Submitted": "auto-generated"},
        connection=get_connection(timeout=_STEP_SECONDS),
    )
