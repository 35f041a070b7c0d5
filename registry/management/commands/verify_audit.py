"""Recompute the audit chain and name the first event that does not fit."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry import chain


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = chain.verify()
        if verdict.fault:
            raise CommandError(f"{verdict.fault} ({verdict.links} links before it are sound)")
        self.stdout.write(f"{verdict.links} links are sound; head {verdict.head}")
