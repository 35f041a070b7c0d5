"""Keep connection secrets unreadable in the database: encrypted with keys from the environment."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class UnreadableSecret(Exception):
    """A stored secret cannot be read with the keys in MUSTER_FERNET_KEYS."""


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured(
            "MUSTER_FERNET_KEYS is empty; make a key with `manage.py new_key` and set it"
        )
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    """Return the box made from the configured keys; the first one encrypts."""
    return _box(tuple(settings.MUSTER_FERNET_KEYS))


def is_newest(value: str) -> bool:
    """Say whether this was encrypted with the first of the keys."""
    try:
        Fernet(settings.MUSTER_FERNET_KEYS[0]).decrypt(value.encode())
    except InvalidToken:
        return False
    return True


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """A text column whose content is stored encrypted; '' stays ''."""

    def get_prep_value(self, value: Any) -> Any:
        return box().encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if not value:
            return value
        try:
            return box().decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise UnreadableSecret(UnreadableSecret.__doc__) from error
