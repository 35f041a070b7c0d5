"""The tables of monitoring, one module a noun."""

from monitoring.models.alerts import Alert, AlertNote, Incident
from monitoring.models.analyses import Analysis
from monitoring.models.checks import (
    Baseline,
    Check,
    CheckVersion,
    Contract,
    ContractVersion,
    Expectation,
)
from monitoring.models.deliveries import Channel, Delivery
from monitoring.models.health import Health, HealthSpan
from monitoring.models.readings import GroupCount, Histogram, Reading
from monitoring.models.runs import Run, Window
from monitoring.models.sources import Batch, LabelSet, Source

__all__ = [
    "Alert",
    "AlertNote",
    "Analysis",
    "Baseline",
    "Batch",
    "Channel",
    "Check",
    "CheckVersion",
    "Contract",
    "ContractVersion",
    "Delivery",
    "Expectation",
    "GroupCount",
    "Health",
    "HealthSpan",
    "Histogram",
    "Incident",
    "LabelSet",
    "Reading",
    "Run",
    "Source",
    "Window",
]
