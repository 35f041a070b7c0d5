"""The tables of monitoring, one module a noun."""

from monitoring.models.alerts import Alert, AlertNote, Incident
from monitoring.models.analyses import Analysis
from monitoring.models.attention import NotificationSetting, Silence, UnitNotification
from monitoring.models.checks import (
    Baseline,
    Check,
    CheckVersion,
    Contract,
    ContractVersion,
    Expectation,
)
from monitoring.models.deliveries import Channel, Delivery, Message, Thread
from monitoring.models.health import Health, HealthSpan
from monitoring.models.readings import GroupCount, Histogram, Reading
from monitoring.models.runs import Run, Window
from monitoring.models.sources import Batch, LabelSet, Source
from monitoring.models.tidying import Tidying
from monitoring.models.watching import Heartbeat, Invariant

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
    "Heartbeat",
    "Histogram",
    "Incident",
    "Invariant",
    "LabelSet",
    "Message",
    "NotificationSetting",
    "Reading",
    "Run",
    "Silence",
    "Source",
    "Thread",
    "Tidying",
    "UnitNotification",
    "Window",
]
