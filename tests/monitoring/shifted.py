"""Move the database's clock for a while; nothing else keeps time in what is tested."""

from contextlib import contextmanager

from django.db import connection


@contextmanager
def shifted(delta):
    """Let `muster_now()` run ahead by `delta` on this connection."""
    before = _set(f"{delta.total_seconds()} seconds")
    try:
        yield
    finally:
        _set(before)


def _set(value):
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('muster.clock_offset', true), '')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('muster.clock_offset', %s, false)", [value])
    return before
