"""What must always hold between the tables, each as one look that returns what breaks it.

Each look is sound: what people may do (pause, silence, change the grid, close a case) breaks
nothing, and neither does work that a worker has only just begun. A broken one is a fault of
Muster's own, or of somebody who wrote to the database by hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from monitoring.alerts import judgement, looks
from monitoring.models import Run
from monitoring.states import CROSSINGS, FAULTS, VERDICTS
from registry import checkpoints

EXAMPLES = 3
# What a worker was given time for; younger work is not late.
_RECENT = timedelta(minutes=15)
_MOST_JUDGED = 200


@dataclass(frozen=True)
class Found:
    """How often something is broken, and a few examples in words."""

    count: int
    examples: Sequence[str] = ()


@dataclass(frozen=True)
class Rule:
    """One thing that must hold; `broken` is what is said when it does not."""

    name: str
    broken: str
    look: Callable[[datetime], Found]


# {check} stands for this in the statements: the check of a window `w`, and its model.
_CHECK_OF = """
  JOIN monitoring_check c ON c.id = w.check_ref_id
  JOIN registry_registeredmodel m ON m.id = c.model_id
"""


def _sql(statement: str) -> Callable[[datetime], Found]:
    """Return the look of a statement that selects one line of words for each thing broken."""
    statement = statement.replace("{check}", _CHECK_OF)
    counted = f"SELECT count(*), (array_agg(words))[1:{EXAMPLES}] FROM ({statement}) f(words)"  # noqa: S608

    def look(at: datetime) -> Found:
        with connection.cursor() as cursor:
            cursor.execute(counted)
            count, examples = cursor.fetchone()
        return Found(count, examples or ())

    return look


# -- work that nobody does -----------------------------------------------------------------------
_NOT_PLANNED = """
SELECT format('check %s of %s was to be planned at %s', c.slug, m.slug, c.next_plan_at)
  FROM monitoring_check c JOIN registry_registeredmodel m ON m.id = c.model_id
 WHERE NOT c.paused AND m.lifecycle <> 'decommissioned'
   AND c.next_plan_at < muster_now() - interval '5 minutes'
"""
# A planner that thinks that there is nothing to do although two windows and more have ended.
_BEHIND = """
SELECT format('check %s of %s has no window from %s on', c.slug, m.slug, c.next_window_start)
  FROM monitoring_check c JOIN registry_registeredmodel m ON m.id = c.model_id
  JOIN LATERAL (SELECT coalesce((spec->>'every_days')::float, 7) * interval '1 day' AS period
    FROM monitoring_checkversion v WHERE v.check_ref_id = c.id ORDER BY number DESC LIMIT 1) v
    ON true
 WHERE NOT c.paused AND m.lifecycle <> 'decommissioned'
   AND c.next_window_start + 3 * v.period < muster_now()
   AND c.next_plan_at > muster_now() + interval '1 minute'
"""
_LEASES = """
SELECT format('run %s of check %s of %s, since %s', r.id, c.slug, m.slug, r.lease_until)
  FROM monitoring_run r JOIN monitoring_window w ON w.id = r.window_id
{check}
 WHERE r.current AND r.state = 'running' AND NOT c.paused
   AND r.lease_until < muster_now() - interval '5 minutes'
   AND NOT EXISTS (SELECT 1 FROM monitoring_run b JOIN monitoring_window e ON e.id = b.window_id
     WHERE e.check_ref_id = w.check_ref_id AND e.start < w.start AND b.current
       AND b.state IN ('queued', 'running'))
UNION ALL
SELECT format('message %s, since %s', s.id, s.lease_until)
  FROM monitoring_message s JOIN monitoring_channel c ON c.id = s.channel_id
 WHERE s.state = 'owed' AND s.lease_until < muster_now() - interval '5 minutes'
   AND s.due_at < muster_now() - interval '5 minutes' AND c.failing_since IS NULL
UNION ALL
SELECT format('source %s of %s, since %s', s.name, m.slug, s.lease_until)
  FROM monitoring_source s JOIN registry_registeredmodel m ON m.id = s.model_id
 WHERE s.lease_until < muster_now() - interval '5 minutes'
   AND s.next_scan_at < muster_now() - interval '5 minutes'
UNION ALL
SELECT format('%s of %s, since %s', a.kind, m.slug, a.lease_until)
  FROM monitoring_analysis a JOIN registry_registeredmodel m ON m.id = a.model_id
 WHERE a.finished_at IS NULL AND a.lease_until < muster_now() - interval '5 minutes'
"""
_NO_LEASE = """
SELECT format('run %s of check %s of %s', r.id, c.slug, m.slug)
  FROM monitoring_run r JOIN monitoring_window w ON w.id = r.window_id
{check}
 WHERE r.current AND r.state = 'running' AND r.lease_until IS NULL
"""
# -- windows -------------------------------------------------------------------------------------
# Where somebody has moved the grid a gap is what they asked for.
_GAPS = """
SELECT format('check %s of %s: nothing between %s and %s', c.slug, m.slug, w.before, w.start)
  FROM (SELECT check_ref_id, start, lag("end") OVER (PARTITION BY check_ref_id ORDER BY start)
          AS before FROM monitoring_window WHERE "end" > muster_now() - interval '60 days') w
{check}
 WHERE w.start <> w.before AND (SELECT count(DISTINCT (spec->>'every_days', spec->>'start'))
   FROM monitoring_checkversion v WHERE v.check_ref_id = c.id) = 1
UNION ALL
SELECT format('check %s of %s: nothing between %s and %s', c.slug, m.slug, w.last,
    c.next_window_start)
  FROM (SELECT check_ref_id, max("end") AS last FROM monitoring_window
         WHERE "end" > muster_now() - interval '60 days' GROUP BY check_ref_id) w
{check}
 WHERE w.last <> c.next_window_start AND (SELECT count(DISTINCT (spec->>'every_days',
   spec->>'start')) FROM monitoring_checkversion v WHERE v.check_ref_id = c.id) = 1
"""
_UNACCOUNTED = """
SELECT format('check %s of %s, window %s', c.slug, m.slug, w.start)
  FROM monitoring_window w
{check}
 WHERE w.due_at BETWEEN muster_now() - interval '60 days' AND muster_now() - interval '6 hours'
   AND NOT c.paused AND m.lifecycle <> 'decommissioned'
   AND c.created_at < muster_now() - interval '6 hours'
   AND NOT EXISTS (SELECT 1 FROM monitoring_run r WHERE r.window_id = w.id AND r.current)
"""
_NONE_CURRENT = """
SELECT format('check %s of %s, window %s', c.slug, m.slug, w.start)
  FROM monitoring_window w
{check}
 WHERE w."end" > muster_now() - interval '60 days'
   AND EXISTS (SELECT 1 FROM monitoring_run r WHERE r.window_id = w.id)
   AND NOT EXISTS (SELECT 1 FROM monitoring_run r WHERE r.window_id = w.id AND r.current)
"""
# -- alerts and news -----------------------------------------------------------------------------
# Alerts that one verdict opens in one case are told together, by the first of them, and what many
# models share (an MLflow server) is told once. What is muted is told by what mutes it.
_NOT_TOLD = """
SELECT format('alert %s of %s, opened %s', a.id, m.slug, a.opened_at)
  FROM monitoring_alert a JOIN registry_registeredmodel m ON m.id = a.model_id
  JOIN monitoring_incident i ON i.id = a.incident_id
 WHERE a.state <> 'resolved' AND a.detail->>'muted_by' IS NULL
   AND a.opened_at < muster_now() - interval '2 minutes'
   AND NOT EXISTS (SELECT 1 FROM monitoring_delivery d JOIN monitoring_alert t ON t.id = d.alert_id
     WHERE d.kind = 'firing' AND t.incident_id = a.incident_id
       AND (t.id = a.id OR t.opened_by_run_id = a.opened_by_run_id OR i.cause LIKE 'mlflow:%'))
"""
_END_NOT_TOLD = """
SELECT format('alert %s of %s, resolved %s', a.id, m.slug, a.resolved_at)
  FROM monitoring_alert a JOIN registry_registeredmodel m ON m.id = a.model_id
 WHERE a.resolved_at BETWEEN muster_now() - interval '1 day' AND muster_now() - interval '2 minutes'
   AND EXISTS (SELECT 1 FROM monitoring_delivery d JOIN monitoring_channel c ON c.id = d.channel_id
     WHERE d.alert_id = a.id AND d.kind = 'firing' AND d.owed_at < a.resolved_at
       AND c.disabled_at IS NULL AND NOT EXISTS (SELECT 1 FROM monitoring_delivery o
         WHERE o.alert_id = a.id AND o.channel_id = d.channel_id AND o.kind = 'resolved'))
"""
_LATE_NEWS = """
SELECT format('%s of alert %s to %s, due %s', d.kind, d.alert_id, c.slug, d.due_at)
  FROM monitoring_delivery d JOIN monitoring_channel c ON c.id = d.channel_id
 WHERE d.state = 'owed' AND d.message_id IS NULL AND c.disabled_at IS NULL
   AND d.due_at < muster_now() - interval '5 minutes'
"""
_LATE_MESSAGES = """
SELECT format('%s to %s, due %s', s.key, c.slug, s.due_at)
  FROM monitoring_message s JOIN monitoring_channel c ON c.id = s.channel_id
 WHERE s.state = 'owed' AND s.due_at < muster_now() - interval '5 minutes'
   AND (s.lease_until IS NULL OR s.lease_until < muster_now())
   AND c.failing_since IS NULL AND c.disabled_at IS NULL
"""
_TORN = """
SELECT format('%s of alert %s is %s, its message %s is %s', d.kind, d.alert_id, d.state, s.key,
    s.state)
  FROM monitoring_delivery d JOIN monitoring_message s ON s.id = d.message_id
 WHERE d.state <> s.state AND s.made_at > muster_now() - interval '60 days'
UNION ALL
SELECT format('%s of alert %s is sent in no message', d.kind, d.alert_id)
  FROM monitoring_delivery d
 WHERE d.state = 'sent' AND d.message_id IS NULL AND d.owed_at > muster_now() - interval '60 days'
"""
_OPEN_IN_CLOSED = """
SELECT format('alert %s in INC-%s', a.id, i.id)
  FROM monitoring_alert a JOIN monitoring_incident i ON i.id = a.incident_id
 WHERE a.state <> 'resolved' AND i.state = 'closed'
"""
_OPEN_FOR_NOTHING = """
SELECT format('INC-%s, opened %s', i.id, i.opened_at) FROM monitoring_incident i
 WHERE i.state <> 'closed' AND NOT EXISTS (SELECT 1 FROM monitoring_alert a
   WHERE a.incident_id = i.id AND a.state <> 'resolved')
"""
_UNATTENDED = """
SELECT format('INC-%s, since %s', i.id, i.attend_at) FROM monitoring_incident i
 WHERE i.state <> 'closed' AND i.attend_at < muster_now() - interval '10 minutes'
"""
# -- health --------------------------------------------------------------------------------------
_OLD_HEALTH = """
SELECT format('%s knows nothing of the verdict of %s', m.slug, max(r.finished_at))
  FROM monitoring_run r JOIN monitoring_window w ON w.id = r.window_id
{check}
  LEFT JOIN monitoring_health h ON h.model_id = m.id
 WHERE r.finished_at > muster_now() - interval '1 day' AND r.current
   AND r.state NOT IN ('queued', 'running') AND NOT c.paused
   AND m.lifecycle <> 'decommissioned'
   AND (h.observed_at IS NULL OR h.observed_at < r.finished_at - interval '1 second')
   AND NOT EXISTS (SELECT 1 FROM monitoring_run l JOIN monitoring_window lw ON lw.id = l.window_id
     WHERE lw.check_ref_id = c.id AND lw.start > w.start AND l.current
       AND l.state NOT IN ('queued', 'running'))
 GROUP BY m.slug
"""
_OTHER_SPAN = """
SELECT format('%s is %s, its history says %s', m.slug, h.state, coalesce(s.state, 'nothing'))
  FROM monitoring_health h JOIN registry_registeredmodel m ON m.id = h.model_id
  LEFT JOIN monitoring_healthspan s ON s.model_id = h.model_id AND s.ended_at IS NULL
 WHERE s.state IS DISTINCT FROM h.state
"""


def _not_alerted(at: datetime) -> Found:
    """Judge recent verdicts again, and faults and crossings without an alert: nothing follows."""
    words: list[str] = []
    for run in _to_judge_again(at):
        check = run.window.check_ref
        if not looks.is_news(run, check):
            continue
        mine = looks.open_alerts(check, locked=False)
        found = judgement.judge(
            looks.looks_until(run, check),
            open_since={one: looks.opened_at(alert) for one, alert in mine.items()},
            ended=looks.endings(check),
            when=looks.rule_of(run)[0],
        )
        name = f"check {check.slug} of {check.model.slug}"
        words += [f"{name}: no alert for {one.condition.name}" for one in found.opens]
        words += [f"{name}: the alert for {one.name} goes on" for one in found.resolves]
    return Found(len(words), words[:EXAMPLES])


def _to_judge_again(at: datetime) -> list[Run]:
    """Return what was judged lately, and the newest bad verdicts of checks without an open alert.

    What m-of-n asks for is known to judgement alone, so it is asked again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            (SELECT id FROM monitoring_run WHERE finished_at > %(since)s AND current
              ORDER BY finished_at DESC LIMIT %(most)s)
            UNION
            (SELECT r.id FROM monitoring_check c
              CROSS JOIN LATERAL (SELECT run.id, run.state FROM monitoring_window w
                JOIN monitoring_run run ON run.window_id = w.id AND run.current
                WHERE w.check_ref_id = c.id AND run.state = ANY(%(verdicts)s)
                ORDER BY w.start DESC LIMIT 1) r
             WHERE r.state = ANY(%(bad)s) AND NOT EXISTS (SELECT 1 FROM monitoring_alert a
               WHERE a.check_ref_id = c.id AND a.state <> 'resolved')
             LIMIT %(most)s)
            """,
            {
                "since": at - _RECENT,
                "most": _MOST_JUDGED,
                "verdicts": [str(state) for state in VERDICTS],
                "bad": [str(state) for state in (*CROSSINGS, *FAULTS)],
            },
        )
        keys = [key for (key,) in cursor.fetchall()]
    runs = Run.objects.filter(pk__in=keys, state__in=VERDICTS)
    return list(runs.select_related("window__check_ref__model", "check_version").order_by("pk"))


def _audit_head(at: datetime) -> Found:
    """Compare the audit chain with its newest signed checkpoint; without a key there is none."""
    if not checkpoints.public_text():
        return Found(0)
    standing = checkpoints.standing(at=at)
    return Found(1, [standing.fault]) if standing.fault else Found(0)


RULES = (
    Rule("checks_not_planned", "Checks are not planned in time", _sql(_NOT_PLANNED)),
    Rule("windows_behind", "Checks lack windows that have ended", _sql(_BEHIND)),
    Rule("leases_expired", "Work of a dead worker is not taken up", _sql(_LEASES)),
    Rule("running_without_lease", "Runs are at work without a lease", _sql(_NO_LEASE)),
    Rule("windows_with_gaps", "Windows have gaps", _sql(_GAPS)),
    Rule(
        "windows_unaccounted",
        "Windows have no verdict long after they were due",
        _sql(_UNACCOUNTED),
    ),
    Rule("windows_without_current", "Windows have runs, and none in force", _sql(_NONE_CURRENT)),
    Rule("verdicts_without_alert", "Verdicts were not turned into alerts", _not_alerted),
    Rule("alerts_not_told", "Alerts that nobody was told of", _sql(_NOT_TOLD)),
    Rule(
        "endings_not_told", "Alerts ended, and who was told does not hear it", _sql(_END_NOT_TOLD)
    ),
    Rule("news_late", "News waits although its channel works", _sql(_LATE_NEWS)),
    Rule("messages_late", "Messages wait although their channel works", _sql(_LATE_MESSAGES)),
    Rule("messages_torn", "Messages and the news in them disagree", _sql(_TORN)),
    Rule(
        "alerts_in_closed_incidents", "Alerts are open in closed incidents", _sql(_OPEN_IN_CLOSED)
    ),
    Rule(
        "incidents_without_alerts", "Incidents are open without an alert", _sql(_OPEN_FOR_NOTHING)
    ),
    Rule("incidents_unattended", "Escalations and reminders are overdue", _sql(_UNATTENDED)),
    Rule("health_behind", "Health does not know the newest verdict", _sql(_OLD_HEALTH)),
    Rule("health_history", "Health and its history disagree", _sql(_OTHER_SPAN)),
    Rule("audit_not_signed", "The audit chain is not as it was signed", _audit_head),
)
BROKEN = {rule.name: rule.broken for rule in RULES}
