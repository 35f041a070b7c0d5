"""What stays broken is told to the platform's admins, once for each time it begins."""

from datetime import timedelta

import pytest
from django.db import connection

from monitoring import reconciling
from monitoring.alerts import delivery
from monitoring.models import Incident, Invariant, Message
from registry import clock
from tests import cast
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def broken() -> Incident:
    return Incident.objects.create(cause="x", title="x", severity="watch", opened_at=clock.now())


def looks(count, *, after=0):
    """Look so often, a minute apart."""
    at = clock.now() + after * MINUTE
    for number in range(count):
        reconciling.reconcile_due(at=at + number * MINUTE, seconds=20)


def test_a_hiccup_is_told_to_nobody(people):
    incident = broken()
    looks(2)
    incident.delete()
    looks(1, after=3)

    assert not Message.objects.exists()
    assert not Invariant.objects.filter(broken__gt=0).exists()


def test_what_is_broken_at_the_third_look_is_mailed_to_the_platform_admins_once(
    people, smtp_catcher
):
    broken()
    looks(9)
    with shifted(10 * MINUTE):
        delivery.deliver_due(at=clock.now(), seconds=20)

    [mail] = smtp_catcher.messages
    assert mail["To"] == people.pat.email
    assert (
        mail["Subject"]
        .strip()
        .startswith("Muster itself is not well: incidents are open without an alert (1)")
    )
    body = mail.get_body(("plain",)).get_content()
    assert "/watcher/" in body
    assert "INC-" in body


def test_what_breaks_again_is_told_again(people):
    incident = broken()
    looks(4)
    incident.delete()
    looks(1, after=5)
    broken()
    looks(4, after=7)

    assert Message.objects.count() == 2


def test_it_is_looked_once_a_minute_however_many_look(people):
    at = clock.now()
    reconciling.reconcile_due(at=at, seconds=20)
    broken()

    assert reconciling.reconcile_due(at=at + timedelta(seconds=20), seconds=20) == 0
    assert reconciling.reconcile_due(at=at + timedelta(seconds=56), seconds=20) == 1


def test_a_look_that_fails_does_not_hide_the_others(people, monkeypatch):
    broken()
    failing = reconciling.Rule("windows_behind", "x", _fail)
    monkeypatch.setattr(
        reconciling,
        "RULES",
        [failing, *(rule for rule in reconciling.RULES if rule.name != failing.name)],
    )

    assert reconciling.reconcile_due(at=clock.now(), seconds=20) == 1
    assert not Invariant.objects.filter(name="windows_behind").exists()


def _fail(at):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def test_an_invariant_that_is_no_longer_looked_at_is_forgotten(db):
    Invariant.objects.create(name="of_an_old_release", checked_at=clock.now() - MINUTE, broken=3)
    cast.cast()
    looks(1)

    assert not Invariant.objects.filter(name="of_an_old_release").exists()
