"""The one vocabulary of states, used by tables, API, pages and messages alike."""

from django.db import models


class RunState(models.TextChoices):
    """Where a run of a check on a window stands; the first two are work, the rest verdicts."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    OK = "ok", "OK"
    DRIFT = "drift", "Drift"
    BREACH = "breach", "Breach"
    DATA_FAULT = "data_fault", "Data fault"
    SOURCE_FAULT = "source_fault", "Source fault"
    NOT_EVALUATED = "not_evaluated", "Not evaluated"
    MISSED = "missed", "Missed"
    FAILED = "failed", "Failed"


OPEN_STATES = (RunState.QUEUED, RunState.RUNNING)
VERDICTS = tuple(state for state in RunState if state not in OPEN_STATES)
# What the model did; everything else that is not `ok` says that we could not look.
CROSSINGS = (RunState.DRIFT, RunState.BREACH)
FAULTS = (
    RunState.DATA_FAULT,
    RunState.SOURCE_FAULT,
    RunState.NOT_EVALUATED,
    RunState.MISSED,
    RunState.FAILED,
)


class Stage(models.TextChoices):
    """What a reading is about, in the order in which a window is judged."""

    SKEW = "skew", "Training against serving"
    INPUT = "input", "Input drift"
    PREDICTION = "prediction", "Prediction drift"
    PERFORMANCE = "performance", "Performance"
    ESTIMATE = "estimate", "Estimated performance"
    FAIRNESS = "fairness", "Fairness"


class HealthState(models.TextChoices):
    """Health of a model, in the order of attention."""

    CRITICAL = "critical", "Critical"
    UNKNOWN = "unknown", "Unknown"
    WATCH = "watch", "Watch"
    PAUSED = "paused", "Paused"
    OK = "ok", "OK"


ATTENTION = {state: rank for rank, state in enumerate(HealthState)}


class Severity(models.TextChoices):
    CRITICAL = "critical", "Critical"
    WATCH = "watch", "Watch"


class AlertState(models.TextChoices):
    FIRING = "firing", "Firing"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    RESOLVED = "resolved", "Resolved"


class IncidentState(models.TextChoices):
    OPEN = "open", "Open"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    CLOSED = "closed", "Closed"


class CloseVerdict(models.TextChoices):
    REAL_DRIFT = "real_drift", "Real drift"
    PIPELINE_FAULT = "pipeline_fault", "Pipeline fault"
    EXPECTED = "expected", "Expected"
    FALSE_ALARM = "false_alarm", "False alarm"
    RECOVERED = "recovered", "Recovered by itself"


class DeliveryState(models.TextChoices):
    OWED = "owed", "Owed"
    SENT = "sent", "Sent"
    DEAD = "dead", "Given up"


class News(models.TextChoices):
    """What a piece of news says about its alert."""

    FIRING = "firing", "Firing"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"  # only to channels that show a state
    REMINDER = "reminder", "Reminder"
    ESCALATED = "escalated", "Escalated"
    RESOLVED = "resolved", "Resolved"


class Route(models.TextChoices):
    """How a piece of news travels."""

    NOW = "now", "At once"
    DIGEST = "digest", "In the next digest"
