"""Prove an exported audit without Muster and without its database.

This one file needs Python 3.11 and `cryptography`; copy it to where you trust the machine:

    python verifier.py audit.jsonl --checkpoints checkpoints.jsonl --public-key KEY

The chain alone shows an edited cell and a row that was deleted, swapped or put in. A tail that was
cut off and a chain that was computed anew show against the signed checkpoints. Without one the file
ends with 3, unless `--without-checkpoints` says that this is known.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

START = "0" * 64
# The cells of an exported row in their order; all but `hash` are hashed (docs/audit.md).
FIELDS = (
    "sequence", "previous_hash", "hash", "id", "at", "actor_id", "actor_label", "action",
    "object_type", "object_id", "object_label", "unit_id", "request_id", "reason", "before",
    "after",
)  # fmt: skip
_NUMBERS = frozenset({"sequence", "id", "actor_id", "unit_id"})
_MAY_BE_NULL = frozenset({"actor_id", "unit_id", "before", "after"})


@dataclass(frozen=True)
class Fault:
    """What is wrong, and the first link that cannot be trusted (None: no link is meant)."""

    text: str
    sequence: int | None = None


@dataclass
class Walk:
    """How far a chain is sound: its links, the last hash, the hashes asked for, the fault."""

    links: int = 0
    head: str = START
    fault: Fault | None = None
    hashes: dict[int, str] = field(default_factory=dict)


def link_hash(cells: Sequence[Any]) -> str:
    """Return the hash of a row: sha256 over its cells, each with its length in bytes before it."""
    parts = ["muster-audit-2:"]
    for cell in (cells[1], cells[0], *cells[3:]):
        if cell is None:
            parts.append("-,")
        else:
            text = str(cell)
            length = len(text) if text.isascii() else len(text.encode())
            parts.append(f"{length}:{text},")
    return hashlib.sha256("".join(parts).encode()).hexdigest()


class _BadRow(ValueError):
    """A line is not a row of an export."""


def _cells(pairs: list[tuple[str, Any]]) -> tuple[Any, ...]:
    """Take a row only when its cells are the known ones, each once and in order."""
    names, values = zip(*pairs, strict=True) if pairs else ((), ())
    if names != FIELDS:
        raise _BadRow("has other cells than an exported row")
    return values


_DECODER = json.JSONDecoder(object_pairs_hook=_cells)


def _kinds() -> frozenset[tuple[type, ...]]:
    """Spell out which types a row may have: numbers and texts are never taken for each other."""
    rows: list[tuple[type, ...]] = [()]
    for name in FIELDS:
        kind: type = int if name in _NUMBERS else str
        kinds = (kind, type(None)) if name in _MAY_BE_NULL else (kind,)
        rows = [(*row, one) for row in rows for one in kinds]
    return frozenset(rows)


_KINDS = _kinds()


def _row_fault(cells: tuple[Any, ...], walk: Walk) -> Fault | None:
    place = walk.links + 1
    sequence = cells[0]
    if sequence is None:
        return Fault(f"event {cells[3]} has no link")
    if cells[3] is None:
        return Fault(f"the event of link {sequence} is gone", place)
    if tuple(map(type, cells)) not in _KINDS:
        return Fault(f"link {place} has a cell of a wrong kind", place)
    if sequence != place:
        gone = sequence > place
        what = f"link {place} is gone" if gone else f"link {sequence} stands out of its place"
        return Fault(what, min(sequence, place))
    if cells[1] != walk.head or cells[2] != link_hash(cells):
        return Fault(f"link {place} does not fit its event", place)
    return None


def walk_rows(lines: Iterable[str], *, wanted: Iterable[int] = ()) -> Walk:
    """Recompute every link of an export; stop at the first that does not fit."""
    walk, asked = Walk(), frozenset(wanted)
    for number, line in enumerate(lines, start=1):
        try:
            cells = _DECODER.decode(line)
            if type(cells) is not tuple:
                raise _BadRow("is no row")
            walk.fault = _row_fault(cells, walk)
        except (ValueError, RecursionError) as error:
            text = str(error) if isinstance(error, _BadRow) else "cannot be read"
            walk.fault = Fault(f"line {number} of the export {text}", walk.links + 1)
        if walk.fault is not None:
            return walk
        walk.links, walk.head = cells[0], cells[2]
        if walk.links in asked:
            walk.hashes[walk.links] = walk.head
    return walk


@dataclass(frozen=True)
class Checkpoint:
    """One signed statement: at this time the chain had this many links and this last hash."""

    sequence: int
    head: str
    at: str
    key: str
    signature: str = ""

    def message(self) -> bytes:
        """Return what is signed."""
        said = ("muster-checkpoint-1", str(self.sequence), self.head, self.at, self.key)
        return "\n".join(said).encode()

    def line(self) -> str:
        """Return the line that is kept."""
        return json.dumps(self.__dict__)


def key_id(public_key: bytes) -> str:
    """Return the short name of a public key, as checkpoints carry it."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def parse_checkpoint(line: str) -> Checkpoint | None:
    """Read one line; None when it is no checkpoint (the rest of a write that was cut short)."""
    try:
        found = Checkpoint(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    kinds = [type(value) for value in found.__dict__.values()]
    return found if kinds == [int, str, str, str, str] else None


def public_keys(texts: Iterable[str]) -> dict[str, Ed25519PublicKey]:
    """Read public keys (base64 of 32 bytes) by their short names; ValueError when one is none."""
    raws = [base64.urlsafe_b64decode(text) for text in texts]
    return {key_id(raw): Ed25519PublicKey.from_public_bytes(raw) for raw in raws}


@dataclass
class Anchors:
    """The checkpoints of a file, how many lines were none, and what is wrong with the file."""

    points: list[Checkpoint] = field(default_factory=list)
    unreadable: int = 0
    fault: Fault | None = None


def read_checkpoints(lines: Iterable[str], keys: Mapping[str, Ed25519PublicKey]) -> Anchors:
    """Read a checkpoint file and hold every line to its signature."""
    found = Anchors()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        point = parse_checkpoint(line)
        if point is None:
            found.unreadable += 1
            continue
        if point.key not in keys:
            found.fault = Fault(f"checkpoint {number} is signed with the unknown key {point.key}")
            return found
        try:
            keys[point.key].verify(base64.b64decode(point.signature), point.message())
        except (InvalidSignature, ValueError):
            found.fault = Fault(f"checkpoint {number} does not bear its key's signature")
            return found
        found.points.append(point)
    return found


def compare(
    points: Iterable[Checkpoint], *, links: int, hash_at: Callable[[int], str | None]
) -> Fault | None:
    """Hold a sound chain to its checkpoints; the fault names the first link that is not proved."""
    sound = 0
    for point in sorted(points, key=lambda point: point.sequence):
        if point.sequence > links:
            text = f"the tail is cut: at {point.at} there were {point.sequence} links, now {links}"
            return Fault(text, links + 1)
        if hash_at(point.sequence) != point.head:
            text = (
                f"the chain was computed anew after link {sound}: link {point.sequence}"
                f" is not the one signed at {point.at}"
            )
            return Fault(text, sound + 1)
        sound = point.sequence
    return None


def verify(export: Iterable[str], anchors: Anchors | None) -> tuple[Walk, Fault | None]:
    """Prove an export, against checkpoints when there are any."""
    points = anchors.points if anchors else []
    walk = walk_rows(export, wanted=[point.sequence for point in points])
    if anchors and anchors.fault:
        return walk, anchors.fault
    return walk, walk.fault or compare(points, links=walk.links, hash_at=walk.hashes.get)


def summary(links: int, head: str, anchors: Anchors | None) -> list[str]:
    """Say in words what a sound chain proves and what it does not."""
    lines = [f"{links} links are sound; head {head}"]
    if anchors is None:
        lines.append("No checkpoint: a cut tail or a recomputed chain would not be seen.")
    elif not anchors.points:
        lines.append(
            "No checkpoint in the file: a cut tail or a recomputed chain would not be seen."
        )
    else:
        last = max(anchors.points, key=lambda point: point.sequence)
        newest = max(point.at for point in anchors.points)
        lines.append(
            f"{len(anchors.points)} checkpoints agree; the last one is of {newest};"
            f" {links - last.sequence} links came after it and are not signed yet"
        )
    if anchors and anchors.unreadable:
        lines.append(f"{anchors.unreadable} lines of the checkpoint file are no checkpoints")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove the files named on the command line.

    0 sound, 1 tampered with, 2 wrong arguments, 3 nothing wrong seen and no checkpoint to hold
    it to.
    """
    parser = argparse.ArgumentParser(description="Prove an exported audit of Muster.")
    parser.add_argument("export", type=Path, help="what `manage.py export_audit` wrote")
    parser.add_argument("--checkpoints", type=Path, help="the checkpoint file, from another place")
    parser.add_argument("--public-key", action="append", default=[], help="may be given often")
    parser.add_argument(
        "--without-checkpoints", action="store_true", help="take a chain that none proves for sound"
    )
    options = parser.parse_args(arguments)
    if options.checkpoints and not options.public_key:
        parser.error("--checkpoints needs --public-key: an unsigned checkpoint proves nothing")
    anchors = None
    try:
        if options.checkpoints:
            keys = public_keys(options.public_key)
            with options.checkpoints.open(encoding="utf-8", errors="replace") as file:
                anchors = read_checkpoints(file, keys)
        with options.export.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            walk, fault = verify(file, anchors)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    said = [f"{fault.text} ({walk.links} links before it are sound)"] if fault else []
    sys.stdout.write("\n".join(said or summary(walk.links, walk.head, anchors)) + "\n")
    if fault:
        return 1
    proved = bool(anchors and anchors.points) or options.without_checkpoints
    return 0 if proved else 3


if __name__ == "__main__":
    sys.exit(main())
