"""The baseline: plain Celery tasks with every setting that is called safe, on the same broker.

A task writes a row and tells a receiver. `acks_late` and `reject_on_worker_lost` bring back what a
dead worker held, `visibility_timeout` what nobody acknowledged, and errors are retried.
"""

import http.client
import os
from typing import Any

import psycopg2
from celery import Celery
from celery.signals import worker_process_init

app = Celery("plain", broker=os.environ.get("PLAIN_BROKER", "redis://127.0.0.1:6379/1"))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 5,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
    },
    task_default_queue="plain",
)
_open: list[psycopg2.extensions.connection] = []


@worker_process_init.connect
def forget(**kwargs: object) -> None:
    """A fork must not use the connection of its parent."""
    _open.clear()


def _session() -> psycopg2.extensions.connection:
    if not _open or _open[0].closed:
        _open[:] = [psycopg2.connect(os.environ["DATABASE_URL"])]
    return _open[0]


@app.task(bind=True, autoretry_for=(Exception,), max_retries=None, default_retry_delay=1)
def work(self: Any, number: int) -> None:
    """Write a row, then tell."""
    try:
        with _session() as session, session.cursor() as cursor:
            cursor.execute("INSERT INTO plain_done (number) VALUES (%s)", [number])
    except psycopg2.Error:
        for session in _open:
            session.close()
        _open.clear()
        raise
    receiver = http.client.HTTPConnection(os.environ["PLAIN_SINK"].partition("//")[2], timeout=5)
    try:
        receiver.request("POST", f"/plain/{number}")
        status = receiver.getresponse().status
    finally:
        receiver.close()
    if status != 200:
        raise OSError(f"the receiver answers {status}")
