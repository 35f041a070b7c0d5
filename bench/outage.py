"""A mail server that is down for six hours while 5,000 alerts open; the clock is moved ahead.

Real PostgreSQL, a real SMTP server that starts when the six hours are over, Muster's own duty.
Counted: alerts named in an accepted mail, minutes (of the moved clock) until the last of them,
digests that one owner got, and alerts whose end went out before their beginning.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from script.runner import processes
from script.runner.demo import Demo, say

DATABASE_ONLY = True
OPTIONS: Mapping[str, tuple[type, Any, str]] = {
    "alerts": (int, 5000, "that open while nothing gets out"),
    "owners": (int, 100, "whose mail is kept back"),
    "hours": (int, 6, "without mail"),
}
_STEP = timedelta(minutes=10)
_TICK = timedelta(seconds=10)
_PATIENCE = timedelta(minutes=30)


def run(demo: Demo, *, alerts: int, owners: int, hours: int) -> dict[str, float]:
    """Let alerts open for hours without mail, start the mail server, and look what arrives."""
    box = demo.state.folder / "mail"
    enter_django(demo)
    from monitoring.models import Delivery, Message
    from registry import clock

    models = settle(alerts, owners)
    began, down = clock.now(), timedelta(hours=hours)
    steps = max(down // _STEP, 1)
    for step in range(steps):
        at = began + step * _STEP
        opened = [fire(model, at) for model in models[step::steps]]
        drain(step * _STEP)
        for alert in opened[::5]:
            end(alert, at + _STEP / 2)
    say(f"{Message.objects.count()} messages wait; the mail server starts")
    demo.start(processes.mail(port=demo.state.port("mail"), folder=box))
    started, passed = time.monotonic(), timedelta(0)
    while Delivery.objects.exclude(state="sent").exists() and passed < _PATIENCE:
        drain(down + passed)
        passed += _TICK
    took = time.monotonic() - started
    mails = list(read(box))
    return {
        "alerts": float(alerts),
        "named_share": named(mails, [alert for model in models for alert in model.alerts.all()]),
        "minutes": round(passed.total_seconds() / 60, 1),
        "digests_per_owner": float(most_digests(mails)),
        "mails": float(len(mails)),
        "out_of_order": float(out_of_order()),
        "seconds": round(took, 1),
    }


def settle(alerts: int, owners: int) -> list[Any]:
    """Make a model for each alert; its unit has neither quiet hours nor budgets."""
    from monitoring.models import UnitNotification
    from registry.models import BusinessUnit, Person, RegisteredModel

    unit = BusinessUnit.objects.create(slug="outage", name="Outage")
    UnitNotification.objects.create(unit=unit, quiet_hours=False, budgets=False)
    people = [
        Person.objects.create_user(f"owner{number}@outage.example", name=f"Owner {number}")
        for number in range(owners)
    ]
    made = RegisteredModel.objects.bulk_create(
        RegisteredModel(
            slug=f"outage-{number}",
            name=f"Outage {number}",
            unit=unit,
            owner=people[number % owners],
        )
        for number in range(alerts)
    )
    return list(made)


def fire(model: Any, at: Any) -> Any:
    """Open an alert with its incident, and owe its news."""
    from django.db import transaction

    from monitoring.alerts import cases, owing
    from monitoring.models import Alert

    with transaction.atomic():
        incident = cases.join(f"model:{model.pk}:gone", title=model.slug, severity="watch", at=at)
        alert = Alert.objects.create(
            model=model,
            condition="missing_in_mlflow",
            severity="watch",
            dedup_key=f"gone-{model.pk}",
            incident=incident,
            headline="MLflow does not know the model any more",
            opened_at=at,
            since=at,
        )
        owing.owe_firing(alert, at=at)
    return alert


def end(alert: Any, at: Any) -> None:
    """Resolve an alert before anybody could be told of it."""
    from django.db import transaction

    from monitoring.alerts import cases, owing
    from monitoring.models import Alert

    with transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(state="resolved", resolved_at=at)
        owing.owe_resolved(alert, at=at)
        cases.settle([alert.incident_id], at=at)


def drain(ahead: timedelta) -> None:
    """Do the duty with the clock moved ahead."""
    from monitoring.alerts import delivery
    from registry import clock

    with shifted(ahead):
        delivery.deliver_due(at=clock.now(), seconds=120)


@contextmanager
def shifted(ahead: timedelta) -> Iterator[None]:
    """Move the database's clock for this connection."""
    from django.db import connection

    set_offset = "SELECT set_config('muster.clock_offset', %s, false)"
    with connection.cursor() as cursor:
        cursor.execute(set_offset, [f"{ahead.total_seconds()} seconds"])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(set_offset, ["0 seconds"])


def read(box: Path) -> Iterator[EmailMessage]:
    """Read the mails the server accepted."""
    for file in sorted(box.rglob("*.eml")):
        message = message_from_bytes(file.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        yield message


def named(mails: list[EmailMessage], alerts: list[Any]) -> float:
    """Return the share of alerts whose number an accepted mail names."""
    told: set[int] = set()
    for mail in mails:
        body = mail.get_body(("plain",))
        text = body.get_content() if body else ""
        told |= {int(number) for number in re.findall(r"\b[Aa]lert (\d+)\b", text)}
    return sum(alert.pk in told for alert in alerts) / len(alerts)


def most_digests(mails: list[EmailMessage]) -> int:
    """Return how many digests the unluckiest owner got."""
    digests = Counter(str(mail["To"]) for mail in mails if "Digest" in str(mail["Subject"]))
    return max(digests.values(), default=0)


def out_of_order() -> int:
    """Count the alerts whose end went out before their beginning."""
    from monitoring.models import Delivery

    rows = Delivery.objects.filter(message__isnull=False)
    sent = rows.values_list("alert", "kind", "message__sent_at")
    times = {(alert, kind): moment for alert, kind, moment in sent if moment is not None}
    return sum(
        kind == "resolved" and moment < times.get((alert, "firing"), moment)
        for (alert, kind), moment in times.items()
    )


def enter_django(demo: Demo) -> None:
    """Make Muster's own operations work on the bench's database."""
    import django

    os.environ.update(demo.environment)
    django.setup()
