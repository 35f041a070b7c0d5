"""Write what is watched: sources, checks and contracts; each change is a new version, audited."""

from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import transaction

from monitoring import health
from monitoring.checks.shapes import ContractSpec
from monitoring.models import Check, CheckVersion, Contract, ContractVersion, Source
from monitoring.queries.checks import current_contract, current_version
from monitoring.specs import CheckSpec, as_json, parse_check, parse_contract
from registry import access, audit
from registry.access import Right
from registry.actors import Actor
from registry.models import RegisteredModel
from registry.problems import FieldError, Invalid, invalid
from registry.slugs import refuse_reserved

# How far from today a check may begin: a mistyped century must not become a million windows.
REACH = timedelta(days=3660)


@transaction.atomic
def put_source(
    actor: Actor,
    model: RegisteredModel,
    name: str,
    *,
    at: datetime,
    reason: str = "",
    **fields: str,
) -> tuple[Source, bool]:
    """Make or change a source; its address must lie where the platform allows sources."""
    access.require(actor, Right.EDIT_MONITORING, model.unit)
    _require_name(name, "/name")
    known = Source.objects.select_for_update().filter(model=model, name=name).first()
    source = known or Source(model=model, name=name, next_scan_at=at)
    before = _shown(source) if known else None
    if "address" in fields:
        source.address = fields["address"]
    if "format" in fields:
        source.format = fields["format"]
    if source.format not in Source.Format.values:
        raise invalid("/format", "unknown_format", "there is no such format", "parquet or csv")
    _require_allowed(source.address)
    if before == _shown(source):
        return source, False
    _require_own(source)
    source.next_scan_at = at
    source.save()
    audit.record(
        actor,
        "source.changed" if known else "source.made",
        source,
        at=at,
        unit=model.unit,
        before=before,
        after=_shown(source),
        reason=reason,
    )
    return source, known is None


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
    _require_name(slug, "/slug")
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


def merged_spec(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a spec with the changes laid over it: objects key by key, lists as a whole.

    A key given as null is taken out of an object, so that a `features` entry can go again.
    """
    after = dict(before)
    for name, value in changes.items():
        known = before.get(name)
        if isinstance(value, dict) and isinstance(known, dict):
            inner = {key: part for key, part in value.items() if part is not None}
            kept = {key: part for key, part in known.items() if key not in value}
            after[name] = kept | inner
        else:
            after[name] = value
    return after


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


def _shown(source: Source) -> dict[str, Any]:
    return {"name": source.name, "address": source.address, "format": source.format}


def _require_name(name: str, pointer: str) -> None:
    refuse_reserved(name, at=pointer)
    allowed = name.replace("-", "").replace("_", "")
    if not (0 < len(name) <= 60 and allowed.isascii() and allowed.isalnum() and name.islower()):
        fix = "lower-case letters, digits, - and _; at most 60"
        raise invalid(pointer, "slug", f"'{name[:60]}' is not a name", fix)


def _stays_in(root: str, address: str) -> bool:
    """Say whether a local folder lies under its root also when links are followed."""
    if "://" in address:
        return True
    return Path(address).resolve().is_relative_to(Path(root).resolve())


def _require_own(source: Source) -> None:
    """A folder that another unit reads is that unit's: its data must not show here."""
    mine = source.address.rstrip("/") + "/"
    others = Source.objects.exclude(model__unit=source.model.unit)
    for address in others.values_list("address", flat=True):
        theirs = address.rstrip("/") + "/"
        if mine.startswith(theirs) or theirs.startswith(mine):
            detail = "this folder, or one in or around it, belongs to another business unit"
            raise invalid("/address", "taken", detail, "name a folder of your own unit")


def _require_allowed(address: str) -> None:
    """A source is read by Muster's own account: only where the platform says may it look."""
    if not address:
        raise invalid(
            "/address",
            "required",
            "a source needs the address of its folder",
            "one under MUSTER_SOURCE_ROOTS",
        )
    if len(address) > 1000:
        raise invalid(
            "/address", "too_long", "an address has at most 1000 characters", "shorten it"
        )
    parts = PurePosixPath(address.split("://", 1)[-1]).parts
    for root in settings.MUSTER_SOURCE_ROOTS:
        inside = address == root or address.startswith(root.rstrip("/") + "/")
        if inside and ".." not in parts and "::" not in address and _stays_in(root, address):
            return
    roots = ", ".join(settings.MUSTER_SOURCE_ROOTS) or "none is set (MUSTER_SOURCE_ROOTS)"
    raise invalid(
        "/address", "outside_roots", "sources may not lie there", f"an address under: {roots}"
    )
