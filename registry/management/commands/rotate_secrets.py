"""Encrypt every stored secret anew with the first of MUSTER_FERNET_KEYS; safe to run twice.

Put a new key before the old one, restart the service, run this, then take the old key away.
"""

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model, TextField, Value
from django.db.models.functions import Cast

from registry import secrets
from registry.sign_in import factors


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        renewed = kept = 0
        unreadable: list[str] = []
        for model, column in _columns():
            # As plain text columns: what is stored, not what it says.
            stored = model._base_manager.annotate(stored=Cast(column, TextField()))
            rows = stored.exclude(stored="").order_by("pk").values_list("pk", "stored")
            for pk, value in rows.iterator(chunk_size=500):
                if secrets.is_newest(value):
                    kept += 1
                    continue
                try:
                    fresh = secrets.box().rotate(value.encode()).decode()
                except InvalidToken:
                    unreadable.append(f"{model._meta.db_table} {pk}")
                    continue
                # Somebody who changed it meanwhile has used the first key already.
                same = stored.filter(pk=pk, stored=value)
                renewed += same.update(**{column: Value(fresh, output_field=TextField())})
        # Those of second factors lie inside JSON, where no field of ours keeps them.
        of_factors, had_it, lost = factors.rotate_secrets()
        renewed += of_factors
        kept += had_it
        unreadable += lost
        self.stdout.write(f"{renewed} secrets encrypted anew, {kept} had the first key already")
        if unreadable:
            listed = ", ".join(unreadable[:20])
            raise CommandError(
                f"{len(unreadable)} secrets cannot be read with any key and were left as they are:"
                f" {listed}. Add the key they were made with, or enter them again on their pages."
            )


def _columns() -> Iterator[tuple[type[Model], str]]:
    """Yield every encrypted field there is."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, secrets.EncryptedTextField):
                yield model, field.name
