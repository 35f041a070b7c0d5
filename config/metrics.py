"""Write figures in Prometheus's text format.

Our own few lines instead of prometheus_client: every figure is read from the database at the
moment it is asked for, so that it is the same whichever of gunicorn's processes answers; the
library counts inside processes and needs a folder to bring several together.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import connection

from dashboard.queries.watcher import Watcher

# What there is, by state; never whose it is.
_COUNTS = """
SELECT 'muster_models', 'health', coalesce(h.state, 'unmonitored'), count(*)
  FROM registry_registeredmodel m LEFT JOIN monitoring_health h ON h.model_id = m.id
 WHERE m.lifecycle <> 'decommissioned' GROUP BY 3
UNION ALL
SELECT 'muster_runs_open', 'state', state, count(*) FROM monitoring_run
 WHERE state IN ('queued', 'running') AND current GROUP BY 3
UNION ALL
SELECT 'muster_alerts_open', 'severity', severity, count(*) FROM monitoring_alert
 WHERE state <> 'resolved' GROUP BY 3
UNION ALL
SELECT 'muster_incidents_open', 'state', state, count(*) FROM monitoring_incident
 WHERE state <> 'closed' GROUP BY 3
UNION ALL
SELECT 'muster_messages', 'state', state, count(*) FROM monitoring_message
 WHERE state <> 'sent' GROUP BY 3
UNION ALL
SELECT 'muster_channels_failing', 'kind', kind, count(*) FROM monitoring_channel
 WHERE failing_since IS NOT NULL AND disabled_at IS NULL GROUP BY 3
UNION ALL
SELECT 'muster_channels_disabled', 'kind', kind, count(*) FROM monitoring_channel
 WHERE disabled_at IS NOT NULL GROUP BY 3
"""
_MEANINGS = {
    "muster_models": "Models by health.",
    "muster_runs_open": "Runs that are not judged yet.",
    "muster_alerts_open": "Open alerts by severity.",
    "muster_incidents_open": "Incidents that are not closed.",
    "muster_messages": "Messages that are owed or were given up.",
    "muster_channels_failing": "Channels through which nothing gets at the moment.",
    "muster_channels_disabled": "Channels that were switched off.",
}


@dataclass
class Gauge:
    """One figure, perhaps for several values of one label."""

    name: str
    meaning: str
    label: str = ""
    samples: list[tuple[str, float]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Return the lines of the text format."""
        yield f"# HELP {self.name} {self.meaning}"
        yield f"# TYPE {self.name} gauge"
        for value, number in self.samples:
            labels = f'{{{self.label}="{_escaped(value)}"}}' if self.label else ""
            yield f"{self.name}{labels} {number:.3f}".rstrip("0").rstrip(".")


def render(found: Watcher) -> str:
    """Return the whole text."""
    lines = (line for gauge in [*_of_watcher(found), *_counts()] for line in gauge.lines())
    return "\n".join(lines) + "\n"


def _of_watcher(found: Watcher) -> list[Gauge]:
    at = found.at
    waits = [(due.duty, due.waits(at)) for due in found.dues]
    stuck = [(due.duty, float(due.is_stuck(at))) for due in found.dues]
    broken = [(one.name, float(one.broken)) for one in found.invariants]
    looked = max((one.checked_at for one in found.invariants), default=None)
    beat = found.heartbeat
    withheld = float(len(beat.withheld)) if beat else 0.0
    return [
        Gauge("muster_due_oldest_seconds", "How long the oldest due work waits.", "duty", waits),
        Gauge("muster_duty_stuck", "1 when work is due and nothing goes on.", "duty", stuck),
        Gauge("muster_invariant_broken", "What should never be, and is.", "invariant", broken),
        _moment("muster_invariants_checked", "When the invariants were looked at.", looked),
        _moment("muster_last_run", "When a verdict was written last.", found.moved("judge")),
        _moment("muster_last_message", "When a message was sent last.", found.moved("deliver")),
        _moment("muster_doorbell", "When the doorbell rang last.", beat.rung_at if beat else None),
        _moment(
            "muster_heartbeat_sent",
            "When the outside was told last that all is well.",
            beat.sent_at if beat else None,
        ),
        Gauge(
            "muster_data_free_bytes",
            "Free space where Muster stores files.",
            samples=[("", _free())],
        ),
        Gauge(
            "muster_heartbeat_withheld",
            "How many parts keep the heartbeat from being sent.",
            samples=[("", withheld)],
        ),
    ]


def _free() -> float:
    """Return how much more may be stored; none where the folder is not there."""
    try:
        return float(shutil.disk_usage(settings.MUSTER_DATA_DIR).free)
    except OSError:
        return 0.0


def _moment(name: str, meaning: str, at: datetime | None) -> Gauge:
    samples = [("", at.timestamp())] if at else []
    return Gauge(f"{name}_timestamp_seconds", meaning, samples=samples)


def _counts() -> Iterable[Gauge]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS)
        rows = cursor.fetchall()
    gauges: Mapping[str, Gauge] = {
        name: Gauge(name, meaning) for name, meaning in _MEANINGS.items()
    }
    for name, label, value, count in rows:
        gauges[name].label = label
        gauges[name].samples.append((value, float(count)))
    return gauges.values()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
