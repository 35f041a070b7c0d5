"""The audit: events a second by 8 clients, verified rows a second, share of tamperings found."""

import os
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg2

from bench.planted import in_database, in_export
from script.runner import embedded, measure, postgres
from script.runner.demo import Demo, say

# `script/bench` starts PostgreSQL alone for this one.
DATABASE_ONLY = True
CLIENTS = 8
T = TypeVar("T")
_WORK_SECONDS = 0.002  # what a transaction still does after it has written its event
_APPEND = """
INSERT INTO registry_auditevent (at, actor_label, action, object_type, object_id, object_label,
    request_id, reason, before, after)
SELECT clock_timestamp(), 'ana@example.org (token ci)', 'model.changed', 'registeredmodel',
    (number %% 40)::text, 'credit-limit-' || number %% 40, md5(number::text), 'Quarterly review',
    jsonb_build_object('purpose', 'Limits for cards', 'tier', number %% 4),
    jsonb_build_object('purpose', 'Limits for cards, revised ' || number, 'tier', number %% 3)
FROM generate_series(1, %s) number
"""


def size(name: str, default: int) -> int:
    """Return a size that the environment may change."""
    return int(os.environ.get(name, default))


def run(demo: Demo) -> dict[str, float]:
    """Plant tamperings in a small chain, then append and verify a long one."""
    app, owner = demo.environment["DATABASE_URL"], superuser(demo)
    enter_django(demo, owner)
    from registry import chain, verifier

    fill(app, 1500)
    found = plant()
    append = appended_per_second(app, seconds=size("BENCH_SECONDS", 15))
    fill(app, max(0, size("BENCH_ROWS", 100_000) - chain.head()[0]))
    with psycopg2.connect(owner) as session, session.cursor() as cursor:
        cursor.execute("ANALYZE registry_auditevent, registry_auditlink")
    session.close()
    began_with = server_cpu()
    verdict, verified = timed(chain.verify)
    server_spent = server_cpu() - began_with
    lines, exported = timed(lambda: list(chain.export()))
    began_with = time.process_time()
    walk, offline = timed(lambda: verifier.walk_rows(lines))
    spent = time.process_time() - began_with
    assert verdict.fault is None, verdict
    assert walk.fault is None, walk
    assert (walk.links, walk.head) == (verdict.sequence, verdict.head)
    return {
        "append_per_s": round(append, 1),
        "verify_per_s": round(verdict.links / verified),
        "verify_per_cpu_s": round(verdict.links / max(server_spent, 0.01)),
        "offline_verify_per_s": round(walk.links / offline),
        "offline_verify_per_cpu_s": round(walk.links / spent),
        "export_per_s": round(len(lines) / exported),
        "rows": float(verdict.links),
        **found,
    }


def superuser(demo: Demo) -> str:
    """Return the address of the one whom the chain has to be safe from."""
    own = embedded.cluster(demo.state)
    return own.url(role=postgres.SUPERUSER, password=own.password, database="muster")


def enter_django(demo: Demo, url: str) -> None:
    """Make Muster's own code work on the bench's database, with the superuser's rights."""
    import django

    os.environ.update({**demo.environment, "DATABASE_URL": url})
    django.setup()


def server_cpu() -> float:
    """Return the CPU seconds of our own backend: what a busy machine does not distort."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return measure.cpu_seconds(pid)  # a backend leads a group of its own


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Do the work once; return what it returned and the seconds it took."""
    began_at = time.perf_counter()
    done = work()
    return done, time.perf_counter() - began_at


def fill(url: str, rows: int) -> None:
    """Append events by the thousand, through the same trigger."""
    with psycopg2.connect(url) as session, session.cursor() as cursor:
        while rows > 0:
            cursor.execute(_APPEND, [min(rows, 5000)])
            session.commit()
            rows -= 5000
    session.close()


def appended_per_second(url: str, *, seconds: float) -> float:
    """Let 8 clients commit one event at a time, each on a connection of its own."""
    stop_at = time.monotonic() + seconds
    counts: list[int] = []

    def client() -> None:
        session, count = psycopg2.connect(url), 0
        with session.cursor() as cursor:
            while time.monotonic() < stop_at:
                cursor.execute(_APPEND, [1])
                time.sleep(_WORK_SECONDS)
                session.commit()
                count += 1
        session.close()
        counts.append(count)

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    began_at = time.monotonic()
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took = time.monotonic() - began_at
    say(f"{CLIENTS} clients committed {sum(counts)} events in {took:.1f} s")
    return sum(counts) / took


def plant() -> dict[str, float]:
    """Plant tamperings in exported rows and in the database; return the share that was found."""
    luck = random.Random(20_261_122)
    total, inside = size("BENCH_TAMPERINGS", 10_000), size("BENCH_TAMPERINGS_IN_DATABASE", 300)
    seen_inside, missed_inside = in_database.plant(luck, inside)
    seen, missed = in_export.plant(luck, total - inside)
    for kind in [*missed_inside, *missed]:
        say(f"not found: {kind}")
    return {
        "tamperings": float(total),
        "tamper_found_share": round((seen + seen_inside) / total, 6),
        "false_alarms": float(in_export.false_alarms(100)),
    }
