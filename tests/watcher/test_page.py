"""The watcher's page and the line on the fleet page, for platform admins alone."""

from datetime import timedelta

import pytest

from monitoring.models import Heartbeat, Invariant
from registry import clock
from tests.dashboard.conftest import ana, pat, story  # noqa: F401
from tests.dashboard.reading import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def trouble(db):
    at = clock.now()
    Invariant.objects.create(
        name="windows_with_gaps",
        checked_at=at,
        broken=2,
        broken_since=at - timedelta(minutes=5),
        examples=["check data of card-fraud: nothing between A and B"],
    )
    Invariant.objects.create(name="health_behind", checked_at=at)
    Heartbeat.objects.create(
        pk=1, due_at=at, rung_at=at, withheld=["judge: No such file or directory"]
    )


def test_the_page_says_what_is_broken_since_when_and_such_as(pat, trouble):  # noqa: F811
    page = text(pat.get("/watcher/"))

    assert "Muster itself is not well" in page
    assert "Windows have gaps: 2" in page
    assert "nothing between A and B" in page
    assert "judge: No such file or directory" in page
    assert "holds" in page


def test_without_a_listener_the_page_says_that_nobody_would_notice(pat, settings):  # noqa: F811
    assert "Set MUSTER_HEARTBEAT_URL" in text(pat.get("/watcher/"))
    settings.MUSTER_HEARTBEAT_URL = "https://outside.example/secret-path"
    page = text(pat.get("/watcher/"))
    assert "sent never, every 60 s" in page
    assert "secret-path" not in page


def test_a_platform_admin_reads_it_on_the_fleet_page_too(pat, trouble):  # noqa: F811
    page = text(pat.get("/fleet/"))

    assert "The watcher</a> is not well: Windows have gaps: 2; judge: No such" in page


def test_others_do_not_see_it(ana, trouble):  # noqa: F811
    assert "not well" not in text(ana.get("/fleet/"))
    assert "a platform admin can grant it" in text(ana.get("/watcher/"), 403)
