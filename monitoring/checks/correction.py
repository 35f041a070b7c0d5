"""Correct p-values for how many were taken at once."""

from collections.abc import Sequence


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Return the p-values adjusted for the false discovery rate, in their order.

    Held to a limit of 0.05, at most 5 % of what is found is expected to be chance. What has no
    p-value keeps none and does not count.
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    least = 1.0
    for rank in range(len(known), 0, -1):
        p, place = known[rank - 1]
        least = min(least, p * len(known) / rank)
        adjusted[place] = least
    return adjusted
