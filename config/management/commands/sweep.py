"""Do all due work without a broker: the guarantee behind the doorbell."""

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from config.duties import DUTIES, Duty
from registry import clock

logger = logging.getLogger(__name__)
HEARTBEAT = DUTIES[0]


class Command(BaseCommand):
    help = "Run every duty that is due, again and again, without Celery."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then stop")
        parser.add_argument("--every", type=float, default=10.0, help="seconds between rounds")
        parser.add_argument("--only", default="", help="comma list of duties")

    def handle(self, *args: Any, **options: Any) -> None:
        duties = chosen(options["only"])
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            for duty in duties:
                if not stop.is_set():
                    run(duty)
                    run(HEARTBEAT)  # which no slow duty may keep waiting
            if options["once"]:
                return
            stop.wait(options["every"])


def chosen(names: str) -> list[Duty]:
    """Return the duties of a comma list, all where it is empty, in the order one cycle goes."""
    only = {name.strip() for name in names.split(",") if name.strip()}
    known = [duty.name for duty in DUTIES]
    if unknown := sorted(only - set(known)):
        raise CommandError(
            f"--only: there is no duty {', '.join(unknown)}; the duties are {', '.join(known)}"
        )
    return [duty for duty in DUTIES if not only or duty.name in only]


def run(duty: Duty) -> int:
    """Run one duty; whatever goes wrong is logged, and the next duty still gets its turn."""
    try:
        close_old_connections()
        done = duty.drain(at=clock.now(), seconds=20.0)
    except Exception:
        logger.exception("Unable to finish the duty %s", duty.name)
        return 0
    if done:
        logger.info("swept %s: %d", duty.name, done)
    return done
