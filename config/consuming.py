"""End a Celery worker that lives and takes nothing, so that whoever keeps it starts a new one.

When the broker goes away in the moment in which a message is acknowledged, Celery may never take
one again, without an error (seen with 5.7; its issue 10302). Nothing is lost by that, for the sweep
goes on, but the doorbell would be dead until somebody restarts the worker by hand.
"""

import logging
import os
import signal
import time
from typing import Any

from celery import bootsteps
from celery.signals import task_received
from celery.worker import state

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
# So long messages may wait while nothing is at work; beat rings each five seconds.
_SILENT_SECONDS = 20.0
_taken = {"at": time.monotonic()}


@task_received.connect
def note(**kwargs: Any) -> None:
    """Keep when a message was taken last."""
    _taken["at"] = time.monotonic()


class Consuming(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
    """A step of the worker's consumer: looks from the event loop, without a thread."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Look again and again from now on; a new connection starts anew."""
        note()
        parent.timer.call_repeatedly(_LOOK_SECONDS, look, (parent.app,))


def look(app: Any) -> None:
    """End this process when messages wait, nothing is at work, and none was taken for a while."""
    if state.active_requests or time.monotonic() - _taken["at"] < _SILENT_SECONDS:
        return
    if not waiting(app):
        return
    logger.critical("messages wait and this worker takes none: it ends, to be started again")
    os.kill(os.getpid(), signal.SIGTERM)


def waiting(app: Any) -> int:
    """Return how many messages wait at the broker; 0 when it does not answer."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
            queue = app.conf.task_default_queue
            found = connection.default_channel.queue_declare(queue, passive=True)
    except Exception as error:  # each broker's library has errors of its own
        logger.warning("the broker does not answer: %s", error)
        return 0
    return int(found.message_count)
