"""The scene and its readers, for the tests of pages."""

import pytest

from registry import clock
from tests.dashboard.scene import scene


@pytest.fixture
def story():
    return scene(now=clock.now())


@pytest.fixture
def ana(client, story):
    client.force_login(story.people.ana)
    return client


@pytest.fixture
def pat(client, story):
    client.force_login(story.people.pat)
    return client
