"""What a channel's address and secret must be, by kind, through the API."""

import pytest

from monitoring.models import Channel
from registry.models import AuditEvent
from tests import cast
from tests.monitoring.test_api import Caller, pointers

pytestmark = pytest.mark.django_db
WORKFLOW = "https://prod-1.westeurope.logic.azure.com/workflows/1/invoke?sig=" + "s" * 600
RIGHT = {
    "slack": {"address": "C0123ABCD", "secret": "xoxb-123-456-abcdef"},
    "teams": {"address": "Risk, Fraud models", "secret": WORKFLOW},
    "pagerduty": {"address": "https://events.pagerduty.com", "secret": "a1" * 16},
    "opsgenie": {
        "address": "https://api.eu.opsgenie.com",
        "secret": "12345678-aaaa-bbbb-cccc-1234567890ab",
    },
    "apprise": {"address": "On-call's phones", "secret": "ntfys://ntfy.example.com/fraud"},
}


@pytest.fixture(autouse=True)
def allowed(settings):
    settings.MUSTER_APPRISE_SCHEMES = ["ntfys"]


@pytest.fixture
def people():
    return cast.cast()


def put(people, kind, **changes):
    body = {"business_unit": "fraud", "kind": kind, **RIGHT[kind], **changes}
    return Caller(people.pat).put("channels/fraud-channel/", body)


@pytest.mark.parametrize("kind", RIGHT)
def test_a_channel_of_each_kind_is_made_and_its_secret_is_never_shown(people, kind):
    response = put(people, kind, hears="critical")

    assert response.status_code == 201
    assert (response.json()["kind"], response.json()["hears"]) == (kind, "critical")
    secret = RIGHT[kind]["secret"]
    assert secret not in response.content.decode()
    assert secret not in str(AuditEvent.objects.get(object_type="channel").after)
    assert Channel.objects.get().secret == secret


@pytest.mark.parametrize(
    ("kind", "change", "pointer"),
    [
        ("slack", {"address": "#fraud"}, "/address"),
        ("slack", {"address": "https://hooks.slack.com/services/T/B/x"}, "/address"),
        ("slack", {"secret": "xoxp-of-a-person"}, "/secret"),
        ("slack", {"secret": "xoxb-1\r\nX: y-12345678"}, "/secret"),
        ("teams", {"address": ""}, "/address"),
        ("teams", {"address": WORKFLOW}, "/address"),
        ("teams", {"secret": "http://prod-1.example.com/"}, "/secret"),
        ("teams", {"secret": ""}, "/secret"),
        ("pagerduty", {"address": "https://evil.example"}, "/address"),
        ("pagerduty", {"address": "https://[x"}, "/address"),
        ("pagerduty", {"secret": "short"}, "/secret"),
        ("opsgenie", {"address": "https://api.opsgenie.com.evil.example"}, "/address"),
        ("opsgenie", {"secret": "with a space in it 123"}, "/secret"),
        ("apprise", {"secret": "file:///etc/passwd"}, "/secret"),
        ("apprise", {"secret": "nothing"}, "/secret"),
        ("apprise", {"address": "ntfys://x"}, "/address"),
        ("slack", {"hears": "nothing"}, "/hears"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy_and_not_quoted(people, kind, change, pointer):
    response = put(people, kind, **change)

    assert response.status_code == 400
    assert pointers(response) == [pointer]
    assert all(error["fix"] for error in response.json()["errors"])
    if secret := change.get("secret"):
        assert secret not in response.content.decode()
    assert not Channel.objects.exists()


def test_a_channel_that_has_become_wrong_can_be_switched_off_but_not_on(people, settings):
    put(people, "apprise")
    settings.MUSTER_APPRISE_SCHEMES = []
    pat = Caller(people.pat)

    off = pat.put("channels/fraud-channel/", {"enabled": False})
    on = pat.put("channels/fraud-channel/", {"enabled": True})

    assert (off.status_code, on.status_code) == (200, 400)
    assert "MUSTER_APPRISE_SCHEMES" in on.content.decode()
