"""How Muster itself is: what is due and since when, what moved last, which invariants hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from monitoring.invariants import BROKEN
from monitoring.models import Heartbeat, Invariant

# Nobody who looks at the watcher may hang with it.
_SECONDS = 5
_FREE = "(lease_until IS NULL OR lease_until < muster_now())"
# For each duty that a column makes due: since when its oldest work waits, and what last went on.
# What a worker holds goes on. What a failing channel keeps is that channel's fault, not the
# sender's, and a verdict that waits its turn behind an earlier window is not due yet.
_OLDEST_RUN = """
SELECT min(run.queued_at) FROM monitoring_run run
  JOIN monitoring_window w ON w.id = run.window_id
  JOIN monitoring_check c ON c.id = w.check_ref_id
 WHERE run.current AND NOT c.paused AND c.engine = 'local'
   AND ((run.state = 'queued' AND run.queued_at <= muster_now())
     OR (run.state = 'running' AND run.lease_until < muster_now()))
   AND NOT EXISTS (
     SELECT 1 FROM monitoring_run before
       JOIN monitoring_window earlier ON earlier.id = before.window_id
      WHERE earlier.check_ref_id = w.check_ref_id AND earlier.start < w.start
        AND before.current AND before.state IN ('queued', 'running'))
"""
_LAST_RUN = """
SELECT greatest(max(finished_at), (SELECT muster_now() FROM monitoring_run
  WHERE state = 'running' AND lease_until >= muster_now() LIMIT 1)) FROM monitoring_run
"""
_OLDEST_MESSAGE = """
SELECT least(
  (SELECT min(m.due_at) FROM monitoring_message m JOIN monitoring_channel c ON c.id = m.channel_id
    WHERE m.state = 'owed' AND m.due_at <= muster_now()
      AND (m.lease_until IS NULL OR m.lease_until < muster_now())
      AND c.failing_since IS NULL AND c.disabled_at IS NULL),
  (SELECT min(d.due_at) FROM monitoring_delivery d JOIN monitoring_channel c ON c.id = d.channel_id
    WHERE d.state = 'owed' AND d.message_id IS NULL AND d.due_at <= muster_now()
      AND c.failing_since IS NULL AND c.disabled_at IS NULL))
"""
_OLDEST_CHECK = """
SELECT min(c.next_plan_at) FROM monitoring_check c
  JOIN registry_registeredmodel m ON m.id = c.model_id
 WHERE NOT c.paused AND c.next_plan_at <= muster_now() AND m.lifecycle <> 'decommissioned'
"""
_OLDEST_SILENCE = """
SELECT min(h.stale_at) FROM monitoring_health h
  JOIN registry_registeredmodel m ON m.id = h.model_id
 WHERE h.stale_at <= muster_now() AND m.lifecycle <> 'decommissioned'
"""
# A day's old files may go until its end; what is left of it then waits.
_OLDEST_DAY = f"""
SELECT min(day + 1)::timestamptz FROM monitoring_tidying
 WHERE finished_at IS NULL AND day < muster_now()::date AND {_FREE}
"""  # noqa: S608 - a constant of this module only


def _oldest(table: str, column: str, where: str = "") -> str:
    return (
        f"SELECT min({column}) FROM {table} "  # noqa: S608 - constants of this module only
        f"WHERE {column} <= muster_now(){f' AND {where}' if where else ''}"
    )


def _evaluated(kind: str) -> tuple[str, str]:
    """Return what an evaluation waits for: everything is looked at again each hour."""
    of = f"FROM policies_evaluation WHERE kind = '{kind}'"
    late = f"SELECT min(evaluated_at) + interval '1 hour' {of}"
    return (
        f"SELECT CASE WHEN ({late}) <= muster_now() THEN ({late}) END",
        f"SELECT max(evaluated_at) {of}",
    )


_NOTHING = "SELECT NULL::timestamptz"
_DUES = {
    "sync": (
        _oldest("registry_mlflowserver", "next_sweep_at", _FREE),
        "SELECT max(swept_at) FROM registry_mlflowserver",
    ),
    "operate": (
        _oldest("registry_operation", "created_at", f"finished_at IS NULL AND {_FREE}"),
        "SELECT max(finished_at) FROM registry_operation",
    ),
    "tiers": (_oldest("registry_tieroverride", "ends_at", "ended_at IS NULL"), _NOTHING),
    "tell": (_oldest("registry_person", "password_notice_due_at"), _NOTHING),
    "scan": (
        _oldest("monitoring_source", "next_scan_at", _FREE),
        "SELECT max(scanned_at) FROM monitoring_source",
    ),
    "plan": (_OLDEST_CHECK, _NOTHING),
    "judge": (_OLDEST_RUN, _LAST_RUN),
    "analyze": (
        _oldest("monitoring_analysis", "requested_at", f"finished_at IS NULL AND {_FREE}"),
        "SELECT max(finished_at) FROM monitoring_analysis",
    ),
    "tidy": (_OLDEST_DAY, "SELECT max(finished_at) FROM monitoring_tidying"),
    "stale": (_OLDEST_SILENCE, _NOTHING),
    "deliver": (_OLDEST_MESSAGE, "SELECT max(sent_at) FROM monitoring_message"),
    "attend": (_oldest("monitoring_incident", "attend_at", "state <> 'closed'"), _NOTHING),
    "hand_over": (
        _oldest("policies_job", "due_at", f"state = 'requested' AND {_FREE}"),
        "SELECT max(started_at) FROM policies_job",
    ),
    "gates": _evaluated("gates"),
    "controls": _evaluated("controls"),
}
_LOOK = " UNION ALL ".join(
    f"SELECT '{duty}', ({oldest}), ({moved})" for duty, (oldest, moved) in _DUES.items()
)
DUTIES = tuple(_DUES)


@dataclass(frozen=True)
class Due:
    """One duty: since when its oldest work waits (None: nothing waits), and what last went on."""

    duty: str
    oldest: datetime | None
    moved: datetime | None

    def waits(self, at: datetime) -> float:
        """Return for how many seconds the oldest work waits."""
        return max((at - self.oldest).total_seconds(), 0.0) if self.oldest else 0.0

    def still(self, at: datetime) -> float | None:
        """Return for how many seconds nothing went on; None when nobody notes that."""
        return max((at - self.moved).total_seconds(), 0.0) if self.moved else None

    def is_stuck(self, at: datetime) -> bool:
        """Say whether work is due for too long, and nothing goes on."""
        bound = settings.MUSTER_STUCK_SECONDS
        still = self.still(at)
        return self.waits(at) > bound and (still is None or still > bound)


@dataclass(frozen=True)
class Watcher:
    """What there is to know about Muster itself at one moment."""

    at: datetime
    dues: tuple[Due, ...]
    heartbeat: Heartbeat | None
    invariants: tuple[Invariant, ...]

    @property
    def stuck(self) -> list[Due]:
        """Return the duties that do not go on although work is due."""
        return [due for due in self.dues if due.is_stuck(self.at)]

    @property
    def broken(self) -> list[Invariant]:
        """Return the invariants that did not hold at the latest look."""
        return [one for one in self.invariants if one.broken]

    def moved(self, duty: str) -> datetime | None:
        """Return when a duty last got something done."""
        return next((due.moved for due in self.dues if due.duty == duty), None)


def trouble(found: Watcher) -> list[str]:
    """Return what is wrong with Muster itself, a line for each thing."""
    late = [f"{due.duty}: work is due, and nothing goes on" for due in found.stuck]
    beat = found.heartbeat
    return [*late, *_broken(found.broken), *(beat.withheld if beat else [])]


def strip() -> list[str]:
    """Return the same as the latest looks found it, in two quick statements for a page's top."""
    beat = heartbeat()
    return [*_broken(Invariant.objects.filter(broken__gt=0)), *(beat.withheld if beat else [])]


def _broken(invariants: Iterable[Invariant]) -> list[str]:
    return [f"{BROKEN.get(one.name, one.name)}: {one.broken}" for one in invariants]


def heartbeat() -> Heartbeat | None:
    """Return the row that keeps when the doorbell rang and the outside was told."""
    return Heartbeat.objects.order_by("pk").first()


def look() -> Watcher:
    """Read it all, in two statements and a few seconds at most."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{_SECONDS}s'")
        cursor.execute(f"SELECT muster_now(), * FROM ({_LOOK}) look")  # noqa: S608 - constants
        rows = cursor.fetchall()
        beat = heartbeat()
        invariants = tuple(Invariant.objects.order_by("name"))
    dues = tuple(Due(duty, oldest, moved) for _, duty, oldest, moved in rows)
    return Watcher(rows[0][0], dues, beat, invariants)


def as_json(found: Watcher) -> dict[str, Any]:
    """Return what a machine asks for: ages in seconds, moments as text."""
    beat = found.heartbeat
    return {
        "ok": not found.stuck,
        "at": _text(found.at),
        "stuck": [due.duty for due in found.stuck],
        "oldest_due_seconds": {d.duty: round(d.waits(found.at), 1) for d in found.dues},
        "last_run_at": _text(found.moved("judge")),
        "last_message_at": _text(found.moved("deliver")),
        "doorbell_rang_at": _text(beat.rung_at if beat else None),
        "heartbeat_sent_at": _text(beat.sent_at if beat else None),
        "heartbeat_withheld": list(beat.withheld) if beat else [],
        "broken_invariants": {one.name: one.broken for one in found.broken},
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
