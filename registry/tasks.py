"""Hurry the registry's duties; what is due stays due if this is lost."""

from typing import Any

from celery import shared_task

from registry import clock, operations
from registry.checkpoints import checkpoint_due
from registry.mlflow.sync import sweep_due
from registry.sign_in import passwords
from registry.tiers import expire_due

_SECONDS = 60.0


@shared_task(ignore_result=True)
def sync(**kwargs: Any) -> None:
    """Read the MLflow servers that are due."""
    sweep_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def operate(**kwargs: Any) -> None:
    """Go on with imports that were asked for."""
    operations.work_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def checkpoint(**kwargs: Any) -> None:
    """Sign where the audit chain stands, when it is time."""
    checkpoint_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def end_overrides(**kwargs: Any) -> None:
    """End the tier overrides whose time is over."""
    expire_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def tell(**kwargs: Any) -> None:
    """Mail the people whose password somebody else has set."""
    passwords.tell_due(at=clock.now(), seconds=_SECONDS)
