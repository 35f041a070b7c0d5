"""The cast that most tests play with."""

import pytest
from hypothesis import HealthCheck, settings

from tests.cast import Cast, cast

# How fast a machine under load makes its examples says nothing about the code.
settings.register_profile("build", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("build")


@pytest.fixture
def people(db: None) -> Cast:
    return cast()
