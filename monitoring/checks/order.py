"""The order of verdicts: what hides what, so that a broken pipeline is never called drift."""

from collections.abc import Iterable

# A state further left explains those right of it; the first that applies is the verdict.
ORDER = (
    "failed",
    "source_fault",
    "data_fault",
    "drift",
    "breach",
    "not_evaluated",
    "missed",
    "ok",
)


def verdict(states: Iterable[str]) -> str:
    """Return the one state that stands for all; nothing at all was not evaluated."""
    found = sorted(set(states), key=ORDER.index)
    return found[0] if found else "not_evaluated"
