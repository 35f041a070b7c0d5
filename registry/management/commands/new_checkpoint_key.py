"""Make a key that signs the audit: one half for MUSTER_CHECKPOINT_KEY, one for the auditors."""

from typing import Any

from django.core.management.base import BaseCommand

from registry import checkpoints


class Command(BaseCommand):
    help = __doc__
    # Must work before there is a database or any other setting.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        private, public = checkpoints.new_key()
        self.stdout.write(f"MUSTER_CHECKPOINT_KEY={private}")
        self.stdout.write(f"public key, for whoever verifies: {public}")
