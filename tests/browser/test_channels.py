"""The page of a channel: its form, what does not get through, a test, its latest messages."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from monitoring.models import Channel, Message
from registry import clock
from tests.browser.test_pages import TAGS
from tests.dashboard.scene import scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_channel_is_tested_from_its_page(read, theme):
    at = clock.now()
    story = scene(now=at)
    channel = Channel.objects.create(
        slug="fraud-slack",
        kind="slack",
        unit=story.people.fraud,
        address="C0123ABCD",
        secret="xoxb-simulated",
        failing_since=at,
        failure="the receiver answers HTTP 503",
    )
    Message.objects.create(
        channel=channel, incident=story.incident, key="one", made_at=at, due_at=at, error="HTTP 503"
    )
    reader = read(story.people.pat, theme=theme)

    reader.page.goto("/settings/channels/fraud-slack/")
    reader.page.click("text=Send a test message")
    reader.page.get_by_text("A test is on its way").wait_for()
    told = Axe().run(reader.page, options={"runOnly": {"type": "tag", "values": TAGS}})

    assert told.violations_count == 0, told.generate_report()
    assert reader.page.get_by_text("Nothing gets through since").count() == 1
    assert reader.page.locator("tbody tr").count() == 2
    assert reader.complaints == []
