"""Judge the runs of checks with `engine: spark`: the one process that starts Java."""

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from monitoring import runs
from registry import clock

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Judge the due runs of checks with `engine: spark`, one after the other."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then stop")
        parser.add_argument("--every", type=float, default=5.0, help="seconds between rounds")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            self._round()
            if options["once"]:
                return
            stop.wait(options["every"])

    def _round(self) -> None:
        """Judge what is due; what goes wrong is logged, and the rows are still due."""
        try:
            close_old_connections()
            done = runs.execute_on_spark(at=clock.now(), seconds=20.0)
        except Exception:
            logger.exception("Unable to judge on Spark")
            return
        if done:
            logger.info("judged on Spark: %d", done)
