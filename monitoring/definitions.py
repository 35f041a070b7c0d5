"""Write what is watched: checks and contracts; each change is a new version, audited."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from monitoring import health
from monitoring.checks.shapes import ContractSpec, DataSpec
from monitoring.models import Check, CheckVersion, Contract, ContractVersion
from monitoring.names import require_name
from monitoring.queries.checks import current_contract, current_version
from monitoring.specs import CheckSpec, as_json, merged_spec, parse_check, parse_contract
from registry import access, audit
from registry.access import Right
from registry.actors import Actor
from registry.models import RegisteredModel
from registry.problems import FieldError, Invalid, invalid

# How far from today a check may begin: a mistyped century must not become a million windows.
REACH = timedelta(days=3660)


@transaction.atomic
def put_check(
    actor: Actor,
    model: RegisteredModel,
    slug: str,
    *,
    at: datetime,
    kind: str | None = None,
    spec: dict[str, Any] | None = None,
    reason: str = "",
) -> tuple[Check, bool]:
    """Make or change a check; what is not given is kept, one level into nested objects."""
    access.require(actor, Right.EDIT_MONITORING, model.unit)
    require_name(slug, "/slug")
    known = Check.objects.select_for_update().filter(model=model, slug=slug).first()
    if known is None:
        return _make_check(actor, model, slug, kind, spec or {}, at=at, reason=reason), True
    if kind is not None and kind != known.kind:
        raise invalid("/kind", "fixed", f"this check is of kind {known.kind}", "use another slug")
    newest = current_version(known)
    parsed = parse_check(known.kind, merged_spec(newest.spec, spec or {}))
    after = as_json(parsed)
    if after == newest.spec:
        return known, False
    if parsed.start.isoformat() != str(newest.spec.get("start")):
        _require_reachable(parsed.start, at=at)
    _add_version(known, parsed, number=newest.number + 1, actor=actor, at=at)
    _move_cursor(known, parsed, at=at)
    audit.record(
        actor, "check.changed", known, at=at, unit=model.unit,
        before=newest.spec, after=after, reason=reason,
    )  # fmt: skip
    return known, False


def _make_check(
    actor: Actor,
    model: RegisteredModel,
    slug: str,
    kind: str | None,
    spec: dict[str, Any],
    *,
    at: datetime,
    reason: str,
) -> Check:
    if kind is None:
        raise invalid("/kind", "required", "a new check needs its kind", "data or performance")
    parsed = parse_check(kind, spec)
    _require_reachable(parsed.start, at=at)
    check = Check.objects.create(
        model=model, slug=slug, kind=kind, next_window_start=parsed.start, next_plan_at=at
    )
    _add_version(check, parsed, number=1, actor=actor, at=at)
    after = {"kind": kind, **as_json(parsed)}
    audit.record(actor, "check.made", check, at=at, unit=model.unit, after=after, reason=reason)
    health.recompute(model, at=at)
    return check


def _require_reachable(start: datetime, *, at: datetime) -> None:
    """Every window from the start on is accounted for, so the start must be within reach."""
    if not at - REACH <= start <= at + REACH:
        days = REACH.days
        raise invalid(
            "/spec/start",
            "out_of_reach",
            f"the first window may begin at most {days} days before or after today",
            f"a time from {at - REACH:%Y-%m-%d} to {at + REACH:%Y-%m-%d}",
        )


def _add_version(
    check: Check, spec: CheckSpec, *, number: int, actor: Actor, at: datetime
) -> CheckVersion:
    engine = spec.engine if isinstance(spec, DataSpec) else "local"
    if check.engine != engine:
        check.engine = engine
        check.save(update_fields=["engine"])
    return CheckVersion.objects.create(
        check_ref=check, number=number, spec=as_json(spec), by=actor.person, at=at
    )


def _move_cursor(check: Check, spec: CheckSpec, *, at: datetime) -> None:
    """Keep windows from overlapping when the grid has moved."""
    last = check.windows.order_by("-start").first()
    start = spec.start
    if last is not None and last.end > start:
        period = timedelta(days=spec.every_days)
        start += period * -((start - last.end) // period)
    check.next_window_start, check.next_plan_at = start, at
    check.save(update_fields=["next_window_start", "next_plan_at"])


@transaction.atomic
def put_contract(
    actor: Actor,
    model: RegisteredModel,
    *,
    at: datetime,
    changes: dict[str, Any],
    reason: str = "",
) -> tuple[ContractVersion, bool]:
    """Change the contract; a column given as null is dropped, what is absent is kept."""
    access.require(actor, Right.EDIT_MONITORING, model.unit)
    contract, _ = Contract.objects.select_for_update().get_or_create(model=model)
    newest = current_contract(model)
    before = newest.spec if newest else {}
    after = as_json(_possible(parse_contract(merged(before, changes))))
    if newest and after == before:
        return newest, False
    number = newest.number + 1 if newest else 1
    version = ContractVersion.objects.create(
        contract=contract, number=number, spec=after, by=actor.person, at=at
    )
    audit.record(
        actor, "contract.changed", contract, at=at, unit=model.unit,
        before=before, after=after, reason=reason,
    )  # fmt: skip
    return version, newest is None


def _possible(spec: ContractSpec) -> ContractSpec:
    """Refuse a range that no value can lie in: it would make every batch a fault."""
    wrong = [
        FieldError(
            f"/columns/{name.replace('~', '~0').replace('/', '~1')}/low",
            "empty_range",
            f"the lowest value {rules.low:g} is above the highest {rules.high:g}",
            "swap them, or leave one out",
        )
        for name, rules in spec.columns.items()
        if rules.low is not None and rules.high is not None and rules.low > rules.high
    ]
    if wrong:
        raise Invalid(*wrong)
    return spec


def merged(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a contract with the changes laid over it, column by column."""
    columns = dict(before.get("columns", {}))
    given = changes.get("columns")
    if not isinstance(given, dict | None):
        return {**before, **changes}
    for name, rules in (given or {}).items():
        if rules is None:
            columns.pop(name, None)
        elif isinstance(rules, dict):
            columns[name] = {**columns.get(name, {}), **rules}
        else:
            columns[name] = rules
    return {**before, **changes, "columns": columns}


@transaction.atomic
def pause_check(actor: Actor, check: Check, *, paused: bool, reason: str, at: datetime) -> Check:
    """Stop or go on with a check; windows that pass meanwhile are accounted for afterwards."""
    access.require(actor, Right.EDIT_MONITORING, check.model.unit)
    check = Check.objects.select_for_update().get(pk=check.pk)
    if check.paused == paused:
        return check
    check.paused, check.next_plan_at = paused, at
    check.save(update_fields=["paused", "next_plan_at"])
    audit.record(
        actor,
        "check.paused" if paused else "check.resumed",
        check,
        at=at,
        unit=check.model.unit,
        before={"paused": not paused},
        after={"paused": paused},
        reason=reason,
    )
    health.recompute(check.model, at=at)
    return check
