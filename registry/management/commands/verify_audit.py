"""Recompute the audit chain, hold it to the signed checkpoints, name the first link that is wrong.

Without arguments it reads the checkpoints of this machine; whoever owns this machine could have
changed them too, so give those that were kept elsewhere.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry import chain, checkpoints, verifier


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--checkpoints", type=Path, help="MUSTER_CHECKPOINT_PATH when absent")
        parser.add_argument(
            "--public-key",
            action="append",
            help="the key the checkpoints are signed with, once for each key there ever was;"
            " the public half of MUSTER_CHECKPOINT_KEY when absent",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        anchors = self._anchors(options["checkpoints"], options["public_key"])
        verdict = chain.verify()
        fault = (anchors.fault if anchors else None) or verdict.fault
        if fault is None and anchors is not None:
            there = chain.hashes_at([point.sequence for point in anchors.points])
            fault = verifier.compare(anchors.points, links=verdict.sequence, hash_at=there.get)
        if fault is not None:
            raise CommandError(f"{fault.text} ({verdict.sound} links fit their events)")
        for line in verifier.summary(verdict.links, verdict.head, anchors):
            self.stdout.write(line)

    def _anchors(self, path: Path | None, keys: list[str] | None) -> verifier.Anchors | None:
        """Read the checkpoints that were named, or those of this machine when it has a key."""
        keys = keys or [key for key in [checkpoints.public_text()] if key]
        if path is None:
            path = Path(settings.MUSTER_CHECKPOINT_PATH)
            if not keys or not path.exists():
                return None
        if not keys:
            raise CommandError("--checkpoints needs --public-key: nothing else proves a signature")
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                return verifier.read_checkpoints(file, verifier.public_keys(keys))
        except (OSError, ValueError) as error:
            raise CommandError(f"The checkpoints cannot be read: {error}") from error
