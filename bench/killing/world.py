"""Work to be interrupted: models with a metric whose limit is crossed where the plan says so."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

WINDOWS = 6
DAY = timedelta(days=1)
_LIMIT, _GOOD, _BAD = 120, 90, 150
_UNITS, _OWNERS = 12, 36


@dataclass(frozen=True)
class Planned:
    """One check and what must come of it: for each window whether it crosses its limit."""

    check_id: int
    unit: int
    start: datetime
    crossed: tuple[bool, ...]

    @property
    def episodes(self) -> list[tuple[datetime, bool]]:
        """Return the alerts that must be: since when, and whether each has ended."""
        found = []
        for number, bad in enumerate(self.crossed):
            if bad and not (number and self.crossed[number - 1]):
                found.append((self.start + number * DAY, not all(self.crossed[number:])))
        return found


@dataclass
class World:
    """Everything that was planned; `grow` adds models with their windows still to be judged."""

    webhooks: str
    seed: int
    planned: list[Planned] = field(default_factory=list)
    _units: list[Any] = field(default_factory=list)
    _owners: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def settle(self) -> None:
        """Make units with a webhook each, and owners, without quiet hours or budgets."""
        from monitoring.models import Channel, UnitNotification
        from registry.models import BusinessUnit, Person

        for number in range(_UNITS):
            unit = BusinessUnit.objects.create(slug=f"unit-{number}", name=f"Unit {number}")
            UnitNotification.objects.create(unit=unit, quiet_hours=False, budgets=False)
            Channel.objects.create(
                slug=f"hook-{number}",
                kind="webhook",
                unit=unit,
                address=f"{self.webhooks}/hook/{number}",
                secret="whsec_" + "c2VjcmV0" * 4,
            )
            self._units.append(unit)
        self._owners += [
            Person.objects.create_user(f"owner{number}@kills.example", name=f"Owner {number}")
            for number in range(_OWNERS)
        ]

    def grow(self, models: int) -> None:
        """Add models whose checks are due."""
        for _ in range(models):
            self.planned.append(self._model(len(self.planned)))

    def _model(self, number: int) -> Planned:
        from monitoring.models import Check, CheckVersion

        unit = number % _UNITS
        at = _now()
        start = at.replace(hour=0, minute=0, second=0, microsecond=0) - WINDOWS * DAY
        owner = self._owners[number % _OWNERS]
        version = register(f"killed-{number}", self._units[unit], owner, at=at)
        model = version.source_model.registered_model
        crossed = self._pattern()
        _history(version, start, crossed)
        check = Check.objects.create(
            model=model, slug="latency", kind="metric", next_window_start=start, next_plan_at=at
        )
        CheckVersion.objects.create(check_ref=check, number=1, spec=_spec(start), at=at)
        return Planned(check.pk, unit, start, crossed)

    def _pattern(self) -> tuple[bool, ...]:
        """One streak at most, so that nothing flaps: none, one that ends, or one that goes on."""
        begins = self._random.randrange(0, WINDOWS + 2)
        ends = begins + self._random.randrange(1, 4)
        return tuple(begins <= number < ends for number in range(WINDOWS))


def register(slug: str, unit: Any, owner: Any, *, at: datetime) -> Any:
    """Register a model with a champion; return that version."""
    from registry.models import (
        MLflowServer,
        ModelVersion,
        RegisteredModel,
        SlugHistory,
        SourceModel,
    )

    server, _ = MLflowServer.objects.get_or_create(
        slug="none",
        defaults={"origin": "http://mlflow.invalid", "next_sweep_at": at + 3650 * DAY},
    )
    model = RegisteredModel.objects.create(
        slug=slug,
        name=slug,
        unit=unit,
        owner=owner,
        purpose="To be measured",
        task="classification",
        lifecycle="active",
        decision_role="one_input",
        tier_reasons=["made by a bench"],
    )
    SlugHistory.objects.create(slug=slug, model=model)
    source = SourceModel.objects.create(
        server=server,
        name=slug,
        created_ms=1_700_000_000_000,
        first_seen_at=at,
        seen_at=at,
        registered_model=model,
        aliases={"champion": 1},
    )
    return ModelVersion.objects.create(
        source_model=source,
        number=1,
        run_id=f"{model.pk:032x}",
        status="READY",
        created_at=at,
        first_seen_at=at,
        points_read_at=at,
    )


def _history(version: Any, start: datetime, crossed: tuple[bool, ...]) -> None:
    from registry.models import MetricPoint

    values = [_BAD if bad else _GOOD for bad in crossed]
    MetricPoint.objects.bulk_create(
        MetricPoint(
            server=version.source_model.server,
            run_id=version.run_id,
            key="latency_p95_ms",
            step=number,
            at=start + (number + 0.5) * DAY,
            value=str(value),
            number=value,
        )
        for number, value in enumerate(values)
    )


def _spec(start: datetime) -> dict[str, Any]:
    from monitoring.specs import as_json, parse_check

    return as_json(
        parse_check(
            "metric",
            {
                "metric": "latency_p95_ms",
                "every_days": 1,
                "grace_hours": 0,
                "start": start.isoformat(),
                "direction": "max",
                "limit": _LIMIT,
                "when": {"bad": 1, "of": 1, "good": 1},
            },
        )
    )


def _now() -> datetime:
    from registry import clock

    return clock.now()
