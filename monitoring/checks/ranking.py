"""Metrics of ranked lists: how good the top of each list is."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence


def lists(
    groups: Sequence[object], scores: Sequence[float], labels: Sequence[float]
) -> list[list[float]]:
    """Return the labels of each list, best score first; ties keep the order of the file."""
    found: dict[object, list[tuple[float, float]]] = defaultdict(list)
    for group, score, label in zip(groups, scores, labels, strict=True):
        found[group].append((score, label))
    ordered = (sorted(rows, key=lambda row: -row[0]) for rows in found.values())
    return [[label for _, label in rows] for rows in ordered]


def click_rate(labels: Sequence[float]) -> float:
    """Return the share of shown items that were taken."""
    return sum(labels) / len(labels)


def precision_at_k(ranked: Iterable[list[float]], k: int) -> float:
    """Return the mean share of hits among the first k of each list."""
    shares = [sum(labels[:k]) / min(k, len(labels)) for labels in ranked]
    return sum(shares) / len(shares)


def ndcg(ranked: Iterable[list[float]]) -> float | None:
    """Return the mean discounted gain against the ideal order; lists without a hit say nothing."""
    shares = []
    for labels in ranked:
        ideal = _gain(sorted(labels, reverse=True))
        if ideal > 0:
            shares.append(_gain(labels) / ideal)
    return sum(shares) / len(shares) if shares else None


def _gain(labels: list[float]) -> float:
    return sum(label / math.log2(place + 2) for place, label in enumerate(labels))
