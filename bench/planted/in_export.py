"""Tamper with exported rows and ask the stand-alone verifier."""

import json
import random
from collections.abc import Callable
from typing import Any

from bench.planted.anchoring import anchors

_LINKS = 120  # long enough for three checkpoints, short enough for 10,000 walks


def _exported() -> tuple[list[dict[str, Any]], Any]:
    from registry import chain

    lines = chain.export()
    rows = [json.loads(next(lines)) for _ in range(_LINKS)]
    marks = [rows[at - 1] for at in (_LINKS // 3, 2 * _LINKS // 3, _LINKS)]
    return rows, anchors([(row["sequence"], row["hash"]) for row in marks])


def _changed(value: Any) -> Any:
    if value is None:
        return "null"
    return value + 1 if isinstance(value, int) else value + " "


def _edit(rows: list[dict[str, Any]], luck: random.Random) -> None:
    at, name = luck.randrange(_LINKS), luck.choice(list(rows[0]))
    value = 1 if name in ("actor_id", "unit_id") else _changed(rows[at][name])
    rows[at] = {**rows[at], name: value}


def _delete(rows: list[dict[str, Any]], luck: random.Random) -> None:
    del rows[luck.randrange(_LINKS - 1)]


def _swap(rows: list[dict[str, Any]], luck: random.Random) -> None:
    one, other = luck.sample(range(_LINKS), 2)
    rows[one], rows[other] = rows[other], rows[one]


def _swap_events(rows: list[dict[str, Any]], luck: random.Random) -> None:
    one, other = luck.sample(range(_LINKS), 2)
    chained = ("sequence", "previous_hash", "hash")
    mine, theirs = dict(rows[one]), dict(rows[other])
    rows[one] = {**theirs, **{name: mine[name] for name in chained}}
    rows[other] = {**mine, **{name: theirs[name] for name in chained}}


def _insert(rows: list[dict[str, Any]], luck: random.Random) -> None:
    from registry import verifier

    at = luck.randrange(1, _LINKS + 1)
    forged = {**luck.choice(rows), "sequence": at + 1, "previous_hash": rows[at - 1]["hash"]}
    forged["id"] = 10**9
    forged["hash"] = verifier.link_hash(tuple(forged.values()))
    # At the very end a row that fits is an append: it must carry no link to be a plant.
    rows.insert(at, forged if at < _LINKS else {**forged, "sequence": None})


def _cut(rows: list[dict[str, Any]], luck: random.Random) -> None:
    del rows[-luck.randrange(1, _LINKS) :]


def _compute_anew(rows: list[dict[str, Any]], luck: random.Random) -> None:
    from registry import verifier

    start = luck.randrange(_LINKS)
    rows[start] = {**rows[start], "reason": "nothing to see"}
    for at in range(start, _LINKS):
        before = rows[at - 1]["hash"] if at else verifier.START
        row = {**rows[at], "previous_hash": before}
        rows[at] = {**row, "hash": verifier.link_hash(tuple(row.values()))}


_PLANTS: list[Callable[[list[dict[str, Any]], random.Random], None]] = [
    _edit, _edit, _edit, _edit, _delete, _swap, _swap_events, _insert, _cut, _compute_anew,
]  # fmt: skip


def plant(luck: random.Random, count: int) -> tuple[int, list[str]]:
    """Tamper with exported rows; return how often it was seen and what was not."""
    from registry import verifier

    sound, points = _exported()
    lines = [json.dumps(row) for row in sound]
    original = {id(row): line for row, line in zip(sound, lines, strict=True)}
    missed = []
    for number in range(count):
        rows, plant = list(sound), _PLANTS[number % len(_PLANTS)]
        plant(rows, luck)
        tampered = (original.get(id(row)) or json.dumps(row) for row in rows)
        if verifier.verify(tampered, points)[1] is None:
            missed.append(f"in the export: {plant.__name__}")
    return count - len(missed), missed


def false_alarms(count: int) -> int:
    """Verify the untouched export; return how often that was called tampering."""
    from registry import verifier

    sound, points = _exported()
    lines = [json.dumps(row) for row in sound]
    return sum(verifier.verify(lines, points)[1] is not None for _ in range(count))
