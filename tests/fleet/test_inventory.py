"""What the fleet's teams typed fits the record, and is left incomplete on purpose."""

import pytest

from examples.fleet.catalogue import MODELS
from examples.fleet.inventory import CAREFUL, SUBJECTS, record
from registry import bodies
from registry.record.body import RecordBody


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.slug)
def test_every_record_of_the_fleet_is_accepted(spec):
    assert bodies.parse(RecordBody, record(spec)).given() is not None


def test_some_teams_are_careful_some_are_not():
    sizes = {spec.governance: len(record(spec)) for spec in MODELS}

    assert all(sizes[name] > 20 for name in CAREFUL)
    assert 0 in sizes.values()
    assert any(0 < sizes[name] < 10 for name in SUBJECTS)
