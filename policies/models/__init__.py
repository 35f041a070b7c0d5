"""The tables of policies, one module a noun."""

from policies.models.compliance import ControlResult
from policies.models.evaluations import Evaluation
from policies.models.releases import GateResult
from policies.models.retraining import (
    Decision,
    Job,
    PolicyVersion,
    RetrainingPolicy,
    Trainer,
)

__all__ = [
    "ControlResult",
    "Decision",
    "Evaluation",
    "GateResult",
    "Job",
    "PolicyVersion",
    "RetrainingPolicy",
    "Trainer",
]
