"""The doorbell: ask the workers to look at what is due."""

from celery import shared_task

from config import heartbeat
from config.duties import DUTIES

# A message that waited longer is worthless: the next ring says the same.
_EXPIRES_SECONDS = 10


@shared_task(ignore_result=True)
def ring(**kwargs: object) -> None:
    """Send one message a duty, and leave the mark that the heartbeat looks for.

    Harmless when doubled, lost or late.
    """
    for duty in DUTIES:
        duty.hurry(expires=_EXPIRES_SECONDS)
    heartbeat.rang()
