"""Hurry the duties of policies; what is due stays due if a message is lost."""

from celery import shared_task

from policies.compliance import evaluation as compliance
from policies.releases import evaluation as releases
from policies.retraining import decisions, jobs
from registry import clock

# A task ends long before its time limit; what is left is still due.
_SECONDS = 20.0


@shared_task(ignore_result=True)
def decide(**kwargs: object) -> None:
    """Decide on retraining where a verdict has no decision yet."""
    decisions.decide_pending(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def hand_over(**kwargs: object) -> None:
    """Hand jobs to their trainers, and see them come back or time out."""
    jobs.hand_over_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def gates(**kwargs: object) -> None:
    """Judge the versions that serve or want to."""
    releases.evaluate_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def controls(**kwargs: object) -> None:
    """Judge the controls of models where something changed."""
    compliance.evaluate_due(at=clock.now(), seconds=_SECONDS)
