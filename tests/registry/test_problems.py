"""Errors that are nobody's fault are said as what they are."""

import pytest
from django.db import OperationalError
from django.test import Client

from registry import queries
from tests.cast import bearer, cast

pytestmark = pytest.mark.django_db


def test_a_database_that_does_not_answer_is_a_503_with_a_time_to_come_back(monkeypatch):
    people = cast()

    def gone(*args, **kwargs):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(queries, "find_model", gone)

    answer = Client().get("/api/v1/models/card-fraud/", headers=bearer(people.ana))

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer["Content-Type"] == "application/problem+json"
    assert "nothing was changed" in answer.json()["detail"]
