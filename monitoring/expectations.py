"""Take somebody's word that a movement is expected until a day: it shows, and alerts nobody.

What is expected is still judged and stored: the run stays `drift`, its page says who expects it
and why. Only crossings are excused; a fault of the data or of the source never is.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from monitoring import health
from monitoring.alerts import cases, episodes, looks, owing
from monitoring.models import Alert, Check, Expectation, Incident, Reading, Run
from monitoring.states import CROSSINGS, VERDICTS, AlertState, CloseVerdict, IncidentState
from registry import access, audit
from registry.access import Right
from registry.actors import Actor
from registry.models import Person
from registry.problems import FieldError, Invalid, invalid

LONGEST = timedelta(days=90)
_MOST_LETTERS = 500


@transaction.atomic
def expect(
    actor: Actor,
    check: Check,
    *,
    reason: str,
    until: datetime,
    at: datetime,
    feature: str = "",
    segment: str = "",
) -> Expectation:
    """Excuse crossings of one column or metric, in one segment, or of all when '' is given.

    Open alerts that tell of nothing else end now, and an incident that is over with them is
    closed as expected, with this reason.
    """
    access.require(actor, Right.ACT_ON_INCIDENTS, check.model.unit)
    person = _person(actor)
    reason = reason.strip()
    _check(reason, until, at=at)
    _require_seen(check, feature, segment)
    episodes.lock_model(check.model_id)
    made = Expectation.objects.create(
        check_ref=check, feature=feature, segment=segment,
        reason=reason, until=until, by=person, at=at,
    )  # fmt: skip
    audit.record(
        actor, "expectation.made", made, at=at, unit=check.model.unit,
        after=_shown(made), reason=reason,
    )  # fmt: skip
    _end_covered(check, made, at=at)
    health.recompute(check.model, at=at)
    return made


@transaction.atomic
def end(actor: Actor, expectation: Expectation, *, at: datetime, reason: str = "") -> Expectation:
    """Take the word back: the next verdict counts again."""
    check = expectation.check_ref
    access.require(actor, Right.ACT_ON_INCIDENTS, check.model.unit)
    person = _person(actor)
    found = Expectation.objects.select_for_update().get(pk=expectation.pk)
    if found.ended_at is not None or found.until <= at:
        return found
    before = _shown(found)
    found.ended_at, found.ended_by = at, person
    found.save(update_fields=["ended_at", "ended_by"])
    audit.record(
        actor, "expectation.ended", found, at=at, unit=check.model.unit,
        before=before, after=_shown(found), reason=reason[:_MOST_LETTERS],
    )  # fmt: skip
    return found


def in_force(check: Check, *, at: datetime) -> QuerySet[Expectation]:
    """Return what is expected of a check's results now, what ends first in front."""
    rows = Expectation.objects.filter(check_ref=check, until__gt=at, ended_at=None)
    return rows.select_related("by").order_by("until", "pk")


def _person(actor: Actor) -> Person:
    if actor.person is None:
        detail = "only a person can say what is expected"
        raise invalid("/", "needs_a_person", detail, "use a person's token, or the page")
    return actor.person


def _check(reason: str, until: datetime, *, at: datetime) -> None:
    errors = []
    if not reason:
        fix = "one sentence, such as: the spring campaign runs until 30 April"
        errors.append(FieldError("/reason", "required", "say why it is expected", fix))
    if len(reason) > _MOST_LETTERS:
        detail = f"at most {_MOST_LETTERS} characters"
        errors.append(FieldError("/reason", "too_long", detail, "say it in fewer words"))
    if not at < until <= at + LONGEST:
        fix = f"a time after {at:%Y-%m-%d %H:%M} and up to {at + LONGEST:%Y-%m-%d}"
        detail = f"it must end, within {LONGEST.days} days"
        errors.append(FieldError("/until", "out_of_range", detail, fix))
    if errors:
        raise Invalid(*errors)


def _require_seen(check: Check, feature: str, segment: str) -> None:
    """A name that no run of the check ever scored would excuse nothing: it is a typo."""
    run = _newest(check)
    readings = Reading.objects.filter(run=run) if run else Reading.objects.none()
    if feature and not readings.filter(feature=feature).exists():
        detail = f"the newest run of the check scored no {feature[:80]}"
        raise invalid("/feature", "unknown", detail, "a name from that run, or leave it out")
    if segment and not readings.filter(segment=segment).exists():
        detail = f"the newest run of the check has no segment {segment[:80]}"
        raise invalid("/segment", "unknown", detail, "such as region=EU, or leave it out")


def _newest(check: Check) -> Run | None:
    runs = Run.objects.filter(window__check_ref=check, current=True, state__in=VERDICTS)
    return runs.order_by("-window__start").first()


def _end_covered(check: Check, made: Expectation, *, at: datetime) -> None:
    """End the open alerts on crossings of which nothing unexpected is left in the newest run."""
    run = _newest(check)
    if run is None:
        return
    newest = looks.looks_until(run, check)[-1]
    alerts = (
        Alert.objects.filter(check_ref=check, condition__in=[state.value for state in CROSSINGS])
        .exclude(state=AlertState.RESOLVED)
        .select_related("model", "check_ref")
    )
    covered = [alert for alert in alerts if alert.segment in newest.expected]
    cases.lock({alert.incident_id for alert in covered})
    for alert in covered:
        alert.state, alert.resolved_at, alert.latest_run = AlertState.RESOLVED, at, run
        alert.save(update_fields=["state", "resolved_at", "latest_run"])
    _close({alert.incident_id for alert in covered}, made, at=at)
    for alert in covered:  # after its incident, so that the message can say who ended it
        owing.owe_resolved(alert, at=at)


def _close(incidents: Iterable[int], made: Expectation, *, at: datetime) -> None:
    still = Alert.objects.exclude(state=AlertState.RESOLVED).values("incident")
    done = Incident.objects.filter(pk__in=list(incidents)).exclude(pk__in=still)
    done.exclude(state=IncidentState.CLOSED).update(
        state=IncidentState.CLOSED,
        closed_at=at,
        closed_by=made.by,
        verdict=CloseVerdict.EXPECTED,
        root_cause=f"Expected until {made.until:%Y-%m-%d}: {made.reason}",
    )


def _shown(row: Expectation) -> dict[str, object]:
    return {
        "check": row.check_ref.slug,
        "feature": row.feature,
        "segment": row.segment,
        "until": row.until.isoformat(),
        "reason": row.reason,
        "ended": row.ended_at.isoformat() if row.ended_at else None,
    }
