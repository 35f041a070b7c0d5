"""A token or session may send so many requests a minute; then it waits."""

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from registry import throttling
from registry.models import RegisteredModel
from tests.cast import cast
from tests.registry.api import Caller

pytestmark = pytest.mark.django_db
COUNT = throttling._COUNT


@pytest.fixture
def people(settings):
    settings.MUSTER_API_RATE = 3
    # Within one minute, whatever the clock says when the test begins.
    with connection.cursor() as cursor:
        cursor.execute("SELECT 30 - extract(second FROM clock_timestamp())")
        cursor.execute("SET muster.clock_offset = %s", [f"{cursor.fetchone()[0]} seconds"])
    yield cast()
    with connection.cursor() as cursor:
        cursor.execute("RESET muster.clock_offset")


def test_one_request_too_many_waits_for_the_next_minute(people):
    ana = Caller(people.ana)
    codes = [ana.get("me/").status_code for _ in range(3)]
    late = ana.patch("models/card-fraud/", {"name": "Mine"})
    with connection.cursor() as cursor:
        cursor.execute("SHOW muster.clock_offset")
        seconds = float(cursor.fetchone()[0].split()[0]) + 60
        cursor.execute("SET muster.clock_offset = %s", [f"{seconds} seconds"])

    assert codes == [200, 200, 200]
    assert late.status_code == 429
    assert late["Content-Type"] == "application/problem+json"
    assert 0 < int(late["Retry-After"]) <= 60
    assert late.json()["errors"][0]["code"] == "rate"
    assert RegisteredModel.objects.get().name == "Card Fraud"
    assert ana.get("me/").status_code == 200


def test_each_token_and_each_session_has_a_count_of_its_own(people):
    one, other, page = Caller(people.ana), Caller(people.ana), Client()
    page.force_login(people.ana)
    codes = [[caller.get("/api/v1/me/").status_code for _ in range(4)] for caller in (one, other)]
    session = [page.get("/api/v1/me/").status_code for _ in range(4)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM registry_signincounter")
        keys = " ".join(key for (key,) in cursor.fetchall())

    assert [*codes, session] == [[200, 200, 200, 429]] * 3
    assert page.session.session_key not in keys


def test_none_is_counted_where_there_is_no_limit(people, settings):
    settings.MUSTER_API_RATE = 0
    ana = Caller(people.ana)
    ana.get("me/")

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registry_signincounter")
        assert cursor.fetchone() == (0,)


def test_a_count_that_cannot_be_kept_stops_changes_and_no_reads(people, caplog):
    def only_counts(execute, sql, params, many, context):
        if sql == COUNT:
            raise DatabaseError("no such table")
        return execute(sql, params, many, context)

    ana = Caller(people.ana)
    with connection.execute_wrapper(only_counts):
        read = ana.get("me/")
        write = ana.patch("models/card-fraud/", {"name": "Mine"})

    assert (read.status_code, write.status_code) == (200, 503)
    assert "was not counted" in caplog.text
    assert RegisteredModel.objects.get().name == "Card Fraud"
