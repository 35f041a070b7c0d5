"""The fleet's list of models, in an order in which a short fleet already shows every story."""

from __future__ import annotations

from dataclasses import replace

from examples.fleet.portfolios import customers, money, operations
from examples.fleet.specification import KINDS, ModelSpec

SEED = 7


def _varied(models: tuple[ModelSpec, ...]) -> tuple[ModelSpec, ...]:
    """Take one model of each kind in turn, so that the first few already cover all kinds."""
    queues = {kind: [m for m in models if m.script.kind == kind] for kind in KINDS}
    order: list[ModelSpec] = []
    while any(queues.values()):
        order += [queue.pop(0) for queue in queues.values() if queue]
    return tuple(order)


MODELS = _varied((*money.MODELS, *customers.MODELS, *operations.MODELS))


def fleet(models: int = len(MODELS), *, seed: int = SEED) -> list[ModelSpec]:
    """List so many models: the catalogue, then the catalogue again with other seeds and slugs."""
    chosen = []
    for place in range(models):
        lap, spec = place // len(MODELS), MODELS[place % len(MODELS)]
        slug = spec.slug if lap == 0 else f"{spec.slug}-{lap + 1:02d}"
        name = spec.name if lap == 0 else f"{spec.name}, {lap + 1}"
        chosen.append(
            replace(spec, slug=slug, name=name, original=spec.slug, seed=seed + 1000 * lap)
        )
    return chosen


def original_slug(slug: str) -> str:
    """Name the catalogue's model that `slug` repeats."""
    known = {spec.slug for spec in MODELS}
    stem, _, lap = slug.rpartition("-")
    return stem if slug not in known and lap.isdigit() else slug


def find(slug: str, *, seed: int = SEED) -> ModelSpec:
    """Find the specification behind a slug, repeated ones included."""
    stem = original_slug(slug)
    for spec in MODELS:
        if spec.slug == stem:
            lap = 0 if slug == stem else int(slug.rpartition("-")[2]) - 1
            return replace(spec, slug=slug, original=stem, seed=seed + 1000 * lap)
    raise KeyError(f"the fleet has no model {slug!r}")
