from datetime import UTC, datetime
from functools import cache

import pytest

from examples.fleet import batches, training, worlds
from examples.fleet.calendar import Calendar
from examples.fleet.catalogue import find

CALENDAR = Calendar.ending_before(datetime(2026, 11, 21, 22, 0, tzinfo=UTC))


@cache
def rehearsed(slug, *, seed=7):
    """A trained model of the catalogue with its world; trained once for all tests."""
    spec = find(slug, seed=seed)
    world = worlds.build(spec.world, rows=spec.rows)
    history = batches.history(spec, world, CALENDAR)
    return spec, world, training.train(spec, world, history)


@pytest.fixture
def calendar():
    return CALENDAR


@pytest.fixture
def rehearse():
    return rehearsed
