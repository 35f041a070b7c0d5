"""What a fairness run and an estimate show, in a real browser: accessible, and telling nobody."""

import pytest

from registry import clock
from tests.browser.test_pages import violations
from tests.dashboard.groups import estimated_window, fairness_run
from tests.dashboard.scene import scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_groups_and_estimates_are_accessible_and_keep_the_policy(read, theme):
    now = clock.now()
    story = scene(now=now)
    run = fairness_run(story)
    estimated_window(story, now)
    reader = read(story.people.ana, theme=theme)
    paths = [
        f"/m/card-fraud/runs/{run.pk}/",
        "/m/card-fraud/",
        "/m/card-fraud/checks/new/?kind=fairness",
        "/m/card-fraud/checks/fairness/",
    ]

    assert violations(reader, paths) == {}
    assert reader.complaints == []
    reader.page.goto(paths[0])
    shown = reader.page.locator("section", has=reader.page.locator("#groups")).inner_text()
    assert "3 Groups: are they treated alike?" in reader.page.content()
    assert "0.726" in shown
    assert "hidden" in shown
    # Seven have not stated it: neither they nor, by subtraction, the next smaller group is told.
    assert "60" not in shown
    reader.page.goto(paths[1])
    assert "labels to come" in reader.page.content()
