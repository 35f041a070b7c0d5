"""The one clock of everything that schedules, leases or expires: the database's.

A worker's own clock may be wrong by a year; the database is asked instead, through a function
that tests can move by an offset.
"""

from datetime import datetime

from django.db import connection
from django.db.models import DateTimeField, Func


class MusterNow(Func):
    """The database's present time, for use inside queries."""

    function = "muster_now"
    template = "%(function)s()"
    output_field = DateTimeField()


def now() -> datetime:
    """Ask the database what time it is (aware, UTC)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT muster_now()")
        (value,) = cursor.fetchone()
    assert isinstance(value, datetime)
    return value
