"""Why something was changed lands in the audit, and is text that people can read."""

import pytest

from registry.models import AuditEvent
from tests.cast import cast
from tests.monitoring import tables
from tests.registry.api import Caller, pointers

pytestmark = pytest.mark.django_db
MODEL = "models/card-fraud/"
HIDDEN = "all \u202e is well"
WRITES = [
    (f"{MODEL}sources/requests/", {"address": "/data/fraud"}, "source.made"),
    (f"{MODEL}checks/data/", {"kind": "data", "spec": tables.SPEC}, "check.made"),
    (f"{MODEL}contract/", {"columns": {"age": {"family": "number"}}}, "contract.changed"),
]


@pytest.fixture
def ana(settings):
    settings.MUSTER_SOURCE_ROOTS = ["/data"]
    return Caller(cast().ana)


@pytest.mark.parametrize(("address", "body", "action"), WRITES)
def test_a_reason_lands_in_the_audit(ana, address, body, action):
    answer = ana.put(address, {**body, "change_reason": "spring cleaning"})

    assert answer.status_code == 201, answer.content
    assert AuditEvent.objects.get(action=action).reason == "spring cleaning"
    assert "change_reason" not in str(answer.json())


@pytest.mark.parametrize(("address", "body", "action"), WRITES)
def test_a_reason_is_short_and_readable(ana, address, body, action):
    assert pointers(ana.put(address, {**body, "change_reason": "x" * 501})) == ["/change_reason"]
    assert pointers(ana.put(address, {**body, "change_reason": HIDDEN})) == ["/change_reason"]


def test_a_pause_has_its_own_reason_or_that_of_the_change(ana):
    address = f"{MODEL}checks/data/"
    ana.put(address, {"kind": "data", "spec": tables.SPEC})
    ana.put(address, {"paused": True, "change_reason": "moving house"})
    ana.put(address, {"paused": False, "reason": "moved", "change_reason": "x"})

    assert AuditEvent.objects.get(action="check.paused").reason == "moving house"
    assert AuditEvent.objects.get(action="check.resumed").reason == "moved"


def test_a_token_is_made_for_a_reason(ana):
    answer = ana.post("tokens/", {"name": "ci", "change_reason": "for the nightly run"})

    assert answer.status_code == 201
    assert AuditEvent.objects.filter(action="token.issued").latest("pk").reason == (
        "for the nightly run"
    )


@pytest.mark.parametrize(
    ("address", "body", "pointer"),
    [
        ("acknowledge/", {"reason": HIDDEN}, "/reason"),
        ("close/", {"verdict": "expected", "root_cause": HIDDEN}, "/root_cause"),
    ],
)
def test_what_is_said_of_an_incident_can_be_read(address, body, pointer):
    from tests import world

    made = world.make("zebra")
    caller = Caller(made.owner)

    assert pointers(caller.post(f"incidents/{made.incident.pk}/{address}", body)) == [pointer]
