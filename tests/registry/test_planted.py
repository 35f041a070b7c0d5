"""The bench's plants, a few hundred of them: each is found, and a sound export is never accused."""

import random

import pytest

from bench.planted import in_export
from tests.cast import cast
from tests.registry.tampering import write


@pytest.mark.django_db(transaction=True)
def test_every_planted_tampering_is_found():
    write(cast(), 130)

    assert in_export.plant(random.Random(7), 500) == (500, [])
    assert in_export.false_alarms(3) == 0
