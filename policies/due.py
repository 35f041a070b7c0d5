"""Find the models whose gates or controls saw something that is no longer so.

What an evaluation looks at is summed up in a short text. It is made of values as they are
visible now, not of times compared with a clock: a row that was committed late is never missed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import connection, transaction

from policies.models import Evaluation

# Dates run out by themselves, so everything is looked at again after a while.
AT_LEAST_EVERY = timedelta(hours=1)
_BATCH = 50

_OF_VERSIONS = """
    m.updated_at,
    (SELECT concat_ws(',', max(e.id)) FROM registry_aliasevent e
       JOIN registry_sourcemodel s ON s.id = e.source_model_id
      WHERE s.registered_model_id = m.id),
    (SELECT concat_ws(',', count(*), max(v.evidence_read_at), max(v.deleted_at),
                      count(*) FILTER (WHERE v.evidence_fault <> ''), max(s.aliases::text))
       FROM registry_modelversion v JOIN registry_sourcemodel s ON s.id = v.source_model_id
      WHERE s.registered_model_id = m.id)
"""
_OF_MONITORING = """
    (SELECT concat_ws(',', h.state, h.since, h.observed_at)
       FROM monitoring_health h WHERE h.model_id = m.id),
    (SELECT concat_ws(',', count(*), max(v.id)) FROM monitoring_checkversion v
       JOIN monitoring_check c ON c.id = v.check_ref_id WHERE c.model_id = m.id),
    (SELECT concat_ws(',', count(*), max(a.id), max(i.acknowledged_at), max(i.closed_at),
                      count(*) FILTER (WHERE a.state = 'resolved'))
       FROM monitoring_alert a JOIN monitoring_incident i ON i.id = a.incident_id
      WHERE a.model_id = m.id),
    (SELECT max(d.id) FROM policies_decision d WHERE d.model_id = m.id),
    (SELECT concat_ws(',', count(*), max(j.finished_at)) FROM policies_job j
      WHERE j.model_id = m.id)
"""
_LOOKED_AT = {
    Evaluation.Kind.GATES: _OF_VERSIONS,
    Evaluation.Kind.CONTROLS: f"{_OF_VERSIONS}, {_OF_MONITORING}",
}


@dataclass(frozen=True)
class Due:
    """A model to look at again, and the sum of what is there to see now."""

    model_id: int
    seen: str


def drain(
    kind: Evaluation.Kind,
    evaluate: Callable[[int, datetime], int],
    *,
    at: datetime,
    seconds: float,
) -> int:
    """Evaluate due models for at most `seconds`; return how many rows `evaluate` wrote."""
    ends = monotonic() + seconds
    written = 0
    while monotonic() < ends and (found := due(kind, at=at)):
        for item in found:
            if monotonic() >= ends:
                break
            written += _evaluate_one(kind, item, evaluate, at)
    return written


def due(kind: Evaluation.Kind, *, at: datetime) -> list[Due]:
    """Return the next models to look at, the longest unseen first."""
    sql = f"""
        SELECT model_id, seen FROM (
            SELECT m.id AS model_id, concat_ws('|', {_LOOKED_AT[kind]}) AS seen
              FROM registry_registeredmodel m) now
          LEFT JOIN (SELECT model_id AS evaluated, seen AS seen_then, evaluated_at
                       FROM policies_evaluation WHERE kind = %s) e ON e.evaluated = model_id
         WHERE evaluated IS NULL OR seen <> seen_then OR evaluated_at < %s
         ORDER BY evaluated_at NULLS FIRST, model_id LIMIT {_BATCH}
    """  # noqa: S608 - built from constants of this module only
    with connection.cursor() as cursor:
        cursor.execute(sql, [kind, at - AT_LEAST_EVERY])
        return [Due(*row) for row in cursor.fetchall()]


def _evaluate_one(
    kind: Evaluation.Kind, item: Due, evaluate: Callable[[int, datetime], int], at: datetime
) -> int:
    with transaction.atomic():
        Evaluation.objects.bulk_create(
            [Evaluation(model_id=item.model_id, kind=kind, evaluated_at=at)], ignore_conflicts=True
        )
        mine = Evaluation.objects.select_for_update(skip_locked=True).filter(
            model_id=item.model_id, kind=kind
        )
        if not mine.exists():  # another worker is at it
            return 0
        written = evaluate(item.model_id, at)
        Evaluation.objects.filter(model_id=item.model_id, kind=kind).update(
            seen=item.seen, evaluated_at=at
        )
    return written
