"""Named points at which a process can be told to die, so that tests can prove what survives.

`MUSTER_CHAOS=delivery.sent` makes the process kill itself there, without a chance to clean up,
as the kernel or a power cut would. Without the setting a point costs one comparison.
"""

import os
import signal

from django.conf import settings

# Each is between two steps of which one is already durable; a test crashes a process at every one.
POINTS = {
    "run.claimed": "a worker holds the lease on a run and has done nothing yet",
    "run.judged": "the judge has answered, nothing is written",
    "run.committed": "verdict, alert, health and owed messages are written, nobody was told",
    "attention.written": "a case was passed on or reminded of, nobody was told",
    "messages.made": "due news has its messages, nobody has leased them",
    "messages.folded": "what an outage piled up is one digest, nobody has leased it",
    "tidying.claimed": "a worker holds the lease on the day's old files and has done nothing yet",
    "tidying.marked": "rows say that their files are deleted, the files are there",
    "tidying.deleted": "the files of one part are gone, the day is not over",
    "delivery.claimed": "a sender holds the lease on a message and has not sent it",
    "delivery.composed": "what a message says is stored, nothing is handed over",
    "delivery.sent": "the channel has accepted the message, the row does not know",
    "delivery.marked": "the row knows that the message was sent",
    "heartbeat.claimed": "the next heartbeat is a period away, and this one is not sent",
    "heartbeat.sent": "the outside has heard the heartbeat, the row does not know",
}


class UnknownPoint(Exception):
    """A crash point must be listed in POINTS, so that a test crashes there."""


def point(name: str) -> None:
    """Die here when told to."""
    if name not in POINTS:
        raise UnknownPoint(name)
    if name == settings.MUSTER_CHAOS:
        os.kill(os.getpid(), signal.SIGKILL)
