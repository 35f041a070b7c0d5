"""A real process is killed at each named point; nothing is lost, repeats carry the same key."""

import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring import attention, chaos, definitions, retention, runs, windows
from monitoring.alerts import delivery, messages
from monitoring.leases import LEASE_SECONDS
from monitoring.models import Alert, Delivery, Incident, Message, Run
from registry import actors, clock
from registry.models import AuditEvent, MetricPoint, ModelVersion
from registry.queries import champion
from tests import cast, factories
from tests.monitoring import storing
from tests.monitoring.history import MONDAY, WEEK, History, of_week
from tests.monitoring.shifted import shifted
from tests.watcher.test_heartbeat import HEARD

ROOT = Path(__file__).resolve().parents[2]
DELIVER = """
import django; django.setup()
from monitoring.alerts import delivery, messages
from registry import clock
delivery.deliver_due(at=clock.now(), seconds=20)
"""
# How often the owner may see each message when the sender dies at the point: the channel took
# it, but the row does not know.
COPIES = {
    "messages.made": 1,
    "delivery.claimed": 1,
    "delivery.composed": 1,
    "delivery.sent": 2,
    "delivery.marked": 1,
}
FOLDING = ("messages.folded",)
ATTENDING = ("attention.written",)
ATTEND = """
import django; django.setup()
from monitoring import attention
from registry import clock
attention.attend_due(at=clock.now(), seconds=20)
"""


def die_at(point, environment, code, **more):
    """Run `code` in a process of its own that is told to die at the point."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**environment, "MUSTER_CHAOS": point, **more},
        timeout=120,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", COPIES)
def test_a_sender_that_dies_loses_nothing_and_repeats_only_with_the_same_key(
    point, smtp_catcher, process_environment
):
    history = History(cast.cast().model)
    history.week(1, "missed", "no batch came")
    address = f"smtp://127.0.0.1:{smtp_catcher.port}"

    die_at(point, process_environment, DELIVER, EMAIL_URL=address)
    if point in ("delivery.sent", "delivery.marked"):
        history.week(2)  # while it is not known whether the alarm is out
    with shifted(timedelta(seconds=LEASE_SECONDS + 1)):
        delivery.deliver_due(at=clock.now(), seconds=20)
        if Delivery.objects.count() == 1:
            history.week(2)
            delivery.deliver_due(at=clock.now(), seconds=20)

    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    ids = [mail["Message-ID"] for mail in smtp_catcher.messages]
    firing, resolved = (row.message for row in Delivery.objects.order_by("sequence"))
    assert ids == [firing.receipt] * COPIES[point] + [resolved.receipt]
    assert firing.attempts == (1 if point in ("messages.made", "delivery.marked") else 2)
    assert Alert.objects.count() == Incident.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", FOLDING)
def test_a_sender_that_dies_over_what_an_outage_piled_up_loses_nothing(
    point, smtp_catcher, process_environment
):
    people = cast.cast()
    for _ in range(4):
        model = factories.RegisteredModelFactory.create(unit=people.fraud, owner=people.ana)
        History(model).week(1, "missed", "no batch came")
    messages.make_due(at=clock.now())
    Message.objects.update(made_at=clock.now() - timedelta(hours=6))
    address = f"smtp://127.0.0.1:{smtp_catcher.port}"

    die_at(point, process_environment, DELIVER, EMAIL_URL=address)
    with shifted(timedelta(seconds=LEASE_SECONDS + 1)):
        delivery.deliver_due(at=clock.now(), seconds=20)

    [mail] = smtp_catcher.messages
    text = mail.get_body(("plain",)).get_content()
    assert all(f"alert {alert.pk})" in text for alert in Alert.objects.all())
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ATTENDING)
def test_whoever_dies_over_a_case_that_is_passed_on_passes_it_on_once(
    point, smtp_catcher, process_environment
):
    people = cast.cast()
    people.model.deputy = people.ben
    people.model.save(update_fields=["deputy"])
    History(people.model, severity={"missed": "critical"}).week(1, "missed", "no batch came")

    die_at(point, process_environment, ATTEND)
    attention.attend_due(at=clock.now(), seconds=20)
    delivery.deliver_due(at=clock.now(), seconds=20)

    assert smtp_catcher.recipients.count("ben@example.com") == 1
    assert Delivery.objects.filter(kind="escalated", channel__person=people.ben).count() == 1


JUDGE = """
import django; django.setup()
from monitoring import runs
from registry import clock
runs.execute_due(at=clock.now(), seconds=20)
"""
JUDGING = ("run.claimed", "run.judged", "run.committed")


def slow_model():
    """A model whose logged latency broke its limit in one week that waits to be judged."""
    model = cast.cast().model
    check, _ = definitions.put_check(
        actors.system("tests"),
        model,
        "latency",
        at=MONDAY,
        kind="metric",
        spec={
            "metric": "latency_p95_ms",
            "every_days": 7,
            "start": MONDAY.isoformat(),
            "direction": "max",
            "limit": 120,
        },
    )
    version = champion(model)
    MetricPoint.objects.create(
        server=version.source_model.server,
        run_id=version.run_id,
        key="latency_p95_ms",
        step=0,
        at=of_week(1) + WEEK / 2,
        value="130",
        number=130,
    )
    ModelVersion.objects.update(points_read_at=of_week(2))
    windows.plan_due(at=of_week(2), seconds=20)
    return check


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", JUDGING)
def test_a_worker_that_dies_leaves_one_verdict_one_alert_and_one_message(
    point, smtp_catcher, process_environment
):
    check = slow_model()

    die_at(point, process_environment, JUDGE)
    with shifted(timedelta(seconds=LEASE_SECONDS + 1)):
        runs.execute_due(at=clock.now(), seconds=20)
        delivery.deliver_due(at=clock.now(), seconds=20)

    run = Run.objects.get(window__check_ref=check)
    assert run.state == "breach"
    assert run.attempts == (1 if point == "run.committed" else 2)
    assert run.readings.count() == Alert.objects.count() == Incident.objects.count() == 1
    [mail] = smtp_catcher.messages
    assert mail["Subject"].strip() == (
        "▲ WATCH card-fraud (Fraud, tier 1): latency_p95_ms 130 > 120"
    )


TIDY = """
import django; django.setup()
from monitoring import retention
from registry import clock
retention.tidy_due(at=clock.now(), seconds=20)
"""
TIDYING = ("tidying.claimed", "tidying.marked", "tidying.deleted")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", TIDYING)
def test_a_worker_that_dies_while_it_deletes_leaves_no_row_without_its_file(
    point, process_environment, settings, tmp_path
):
    settings.MUSTER_DATA_DIR = tmp_path
    old = storing.old_windows(cast.cast().model, 12)

    die_at(point, process_environment, TIDY, MUSTER_DATA_DIR=str(tmp_path))
    storing.require_no_row_without_its_file()
    with shifted(timedelta(seconds=LEASE_SECONDS + 1)):
        retention.tidy_due(at=clock.now(), seconds=20)

    storing.require_no_row_without_its_file()
    assert [Path(batch.path).exists() for batch in old] == [False] * 2 + [True] * 10
    [event] = AuditEvent.objects.filter(action="files.deleted")
    assert event.after["batches"] == 2


def points_in_the_code():
    found = set()
    for path in [*(ROOT / "monitoring").rglob("*.py"), *(ROOT / "config").rglob("*.py")]:
        found |= set(re.findall(r"\bpoint\(\s*\"([^\"]+)\"", path.read_text()))
    return found


def test_every_point_is_crashed_at():
    assert set(chaos.POINTS) == {*COPIES, *FOLDING, *ATTENDING, *JUDGING, *TIDYING, *HEARD}


def test_every_point_is_in_the_code_and_every_one_in_the_code_is_listed():
    assert points_in_the_code() == set(chaos.POINTS)


def test_a_point_that_is_not_listed_is_refused():
    with pytest.raises(chaos.UnknownPoint):
        chaos.point("somewhere")


def test_without_the_setting_a_point_does_nothing():
    chaos.point("delivery.sent")
