"""A mail server that is down for six hours, while alerts go on; the clock is moved, not waited for.

`script/bench outage` does the same with 5,000 alerts.
"""

import re
from collections import Counter
from datetime import timedelta

import pytest

from monitoring.alerts import cases, delivery, owing
from monitoring.models import Alert, Delivery, Message
from monitoring.states import AlertState
from registry import clock
from tests import cast, factories
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db
OWNERS, EACH = 4, 18
DOWN = timedelta(hours=6)
STEP = timedelta(hours=1)


def drain(after):
    with shifted(after):
        return delivery.deliver_due(at=clock.now(), seconds=60)


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def fires(model, at):
    """Open an alert, with its incident, and owe its news."""
    incident = cases.join(f"model:{model.pk}:gone", title=model.slug, severity="watch", at=at)
    alert = Alert.objects.create(
        model=model,
        condition="missing_in_mlflow",
        severity="watch",
        dedup_key=f"gone-{model.pk}",
        incident=incident,
        headline="MLflow does not know it",
        opened_at=at,
        since=at,
    )
    owing.owe_firing(alert, at=at)
    return alert


def ends(alert, at):
    """Resolve an alert and close its incident."""
    Alert.objects.filter(pk=alert.pk).update(state=AlertState.RESOLVED, resolved_at=at)
    owing.owe_resolved(alert, at=at)
    cases.settle([alert.incident_id], at=at)


def test_after_six_hours_without_mail_every_alert_is_named_within_ten_minutes(
    people, smtp_catcher, settings
):
    up, settings.EMAIL_PORT = settings.EMAIL_PORT, 9  # nobody listens there
    owners = [cast.person(f"owner{n}", people.fraud, "owner") for n in range(OWNERS)]
    models = [
        factories.RegisteredModelFactory.create(unit=people.fraud, owner=owner)
        for _ in range(EACH)
        for owner in owners
    ]
    began = clock.now()
    steps = DOWN // STEP
    for step in range(steps):
        at = began + step * STEP
        opened = [fires(model, at) for model in models[step::steps]]
        assert drain(step * STEP) == 0
        for alert in opened[::5]:
            ends(alert, at + STEP / 2)  # over before anybody could be told
    assert not Message.objects.filter(content__isnull=False).exists(), "nobody saw any of it"

    settings.EMAIL_PORT = up
    for second in range(0, 601, 60):
        drain(DOWN + timedelta(seconds=second))
        if not Delivery.objects.exclude(state="sent").exists():
            break

    assert not Delivery.objects.exclude(state="sent").exists(), "ten minutes are over"
    said = {}
    for mail in smtp_catcher.messages:
        said.setdefault(mail["To"], []).append(mail)
    assert len(said) == OWNERS
    for alert in Alert.objects.select_related("model__owner"):
        named = [text_of(mail) for mail in said[alert.model.owner.email]]
        assert any(re.search(rf"\balert {alert.pk}\b", text, re.IGNORECASE) for text in named)
    digests = Counter(m["To"] for m in smtp_catcher.messages if "Digest" in m["Subject"])
    assert set(digests.values()) <= {1}
    assert len(smtp_catcher.messages) <= 2 * OWNERS, "one that tried the way, and one digest"
    for mail in smtp_catcher.messages:
        for told in (r"▲ MLflow does not know it", r"fired and is over .*"):
            numbers = [int(n) for n in re.findall(rf"{told}: \S+ \(alert (\d+)\)", text_of(mail))]
            assert numbers == sorted(numbers)
    for firing in Delivery.objects.filter(kind="firing").select_related("message"):
        resolved = Delivery.objects.filter(alert=firing.alert_id, kind="resolved")
        assert all(one.message.sent_at >= firing.message.sent_at for one in resolved)
