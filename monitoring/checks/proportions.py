"""Compare two proportions from their counts: a test, and intervals of difference and ratio."""

import math
from dataclasses import dataclass
from statistics import NormalDist

# Below so many expected in a cell the normal approximation is not trusted.
_FEW = 5.0
FISHER, Z_TEST = "Fisher exact", "two-proportion z"


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def rate(self) -> float:
        return self.count / self.of


def test(a: Share, b: Share) -> tuple[float, str]:
    """Return the two-sided p-value that both rates are one, and which test said it."""
    both = (a.count + b.count) / (a.of + b.of)
    if both in (0.0, 1.0):
        return 1.0, FISHER
    if min(a.of, b.of) * min(both, 1 - both) < _FEW:
        return _fisher(a, b), FISHER
    error = math.sqrt(both * (1 - both) * (1 / a.of + 1 / b.of))
    return two_sided((a.rate - b.rate) / error), Z_TEST


def two_sided(z: float) -> float:
    """Return how often a standard normal value is at least so far from 0."""
    return math.erfc(abs(z) / math.sqrt(2))


def _fisher(a: Share, b: Share) -> float:
    """Sum the probabilities of all tables that are no likelier than the one seen."""
    hits, total = a.count + b.count, a.of + b.of
    fixed = _log_choose(total, hits)

    def chance(count: int) -> float:
        ways = _log_choose(a.of, count) + _log_choose(b.of, hits - count)
        return math.exp(ways - fixed)

    seen = chance(a.count) * (1 + 1e-9)
    tables = range(max(0, hits - b.of), min(hits, a.of) + 1)
    return min(1.0, sum(p for count in tables if (p := chance(count)) <= seen))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def difference(a: Share, b: Share, *, confidence: float) -> tuple[float, float]:
    """Return Newcombe's interval of the difference of two rates, from Wilson's of each."""
    gap = a.rate - b.rate
    (low_a, high_a), (low_b, high_b) = _wilson(a, confidence), _wilson(b, confidence)
    down = math.hypot(a.rate - low_a, high_b - b.rate)
    up = math.hypot(high_a - a.rate, b.rate - low_b)
    return gap - down, gap + up


def _wilson(share: Share, confidence: float) -> tuple[float, float]:
    z, n, p = quantile(confidence), share.of, share.rate
    center = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return center - half, center + half


def ratio(a: Share, b: Share, *, confidence: float) -> tuple[float, float]:
    """Return the interval of the ratio of two rates on the log scale.

    A count of 0 has no logarithm: then half a case is added to each.
    """
    more = 0.5 if 0 in (a.count, b.count) else 0.0
    x, n, y, m = a.count + more, a.of + more, b.count + more, b.of + more
    middle = math.log((x / n) / (y / m))
    error = math.sqrt(1 / x - 1 / n + 1 / y - 1 / m)
    z = quantile(confidence)
    return math.exp(middle - z * error), math.exp(middle + z * error)


def quantile(confidence: float) -> float:
    """Return how many standard errors a two-sided interval reaches."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)
