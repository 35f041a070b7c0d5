"""Let two callers upsert the same new thing at once: the second one finds it."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, transaction

Given = ParamSpec("Given")
Found = TypeVar("Found")


def upsert(operation: Callable[Given, Found]) -> Callable[Given, Found]:
    """Run `operation` in a transaction, and once more if another one was quicker."""

    @wraps(operation)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        try:
            with transaction.atomic():
                return operation(*args, **kwargs)
        except IntegrityError:
            # What collided is committed now, so that this time it is found.
            with transaction.atomic():
                return operation(*args, **kwargs)

    return run
