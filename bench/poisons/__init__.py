"""Batches that no pipeline should deliver, each with what may be said of it: never `ok`."""

from collections.abc import Iterator

from bench.poisons import bombs, files, labels, values
from bench.poisons.poison import Poison

__all__ = ["Poison", "corpus"]


def corpus(*, seed: int = 1, bombs_too: bool = True) -> Iterator[Poison]:
    """Return every poison batch; the same seed gives the same bytes."""
    yield from values.poisons(seed)
    yield from files.poisons(seed)
    yield from labels.poisons(seed)
    if bombs_too:
        yield from bombs.poisons()
