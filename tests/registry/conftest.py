"""Ana calls the API."""

import pytest

from tests.cast import Cast
from tests.registry.api import Caller


@pytest.fixture
def ana(people: Cast) -> Caller:
    return Caller(people.ana)
