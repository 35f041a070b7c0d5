"""The page behind a link in a mail, for somebody who is not signed in."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from monitoring import links
from monitoring.links import Purpose
from registry import clock
from tests.browser.test_pages import TAGS
from tests.dashboard.scene import scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_link_is_one_key_away_accessible_and_keeps_the_policy(read, live_server, theme):
    story = scene(now=clock.now())
    url = links.sign(
        Purpose.ACKNOWLEDGE, story.people.ana, incident=story.incident.pk, at=clock.now()
    )
    reader = read(None, theme=theme)

    for path in ("/links/nothing/", url.removeprefix("http://testserver")):
        reader.page.goto(path)
        told = Axe().run(reader.page, options={"runOnly": {"type": "tag", "values": TAGS}})
        assert told.violations_count == 0, told.generate_report()
    reader.page.keyboard.press("Enter")  # the button has the focus

    reader.page.get_by_text("It is acknowledged").wait_for()
    assert reader.complaints == []
