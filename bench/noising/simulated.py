"""`python -m bench.noising.simulated`: 20,000 series of 13 weeks, some with a real issue."""

import json
import os
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.noising.owner import Inbox, Series, Verdict
from monitoring.alerts.stages import Reader, Waits

SERIES = 20_000
OWNED = 20  # by one owner
DAYS = 91
NOISE = 0.05  # of the windows of a healthy series that cross their limit
ISSUES = 0.02  # of the series have one
STRENGTH = 0.9  # of the windows of an issue that cross
SHORTEST, LONGEST = 7, 28  # days that an issue lasts
_MONDAY = datetime(2026, 8, 3, 6, 0, tzinfo=UTC)
_DAY = timedelta(days=1)
# Found too late: so long after an issue ended nobody could have prevented it.
_GRACE = _DAY


def run(series: int = SERIES) -> dict[str, float]:
    """Let each owner's series run for 13 weeks of daily windows; count what owners are told."""
    rng = np.random.default_rng(5)
    owners = series // OWNED
    messages = interruptions = breaches = issues = caught = 0
    for _ in range(owners):
        inbox, wanted = _owner(rng)
        told = inbox.told
        messages += told.messages
        interruptions += told.interruptions
        breaches += told.every_breach
        issues += len(wanted)
        for number, first, last in wanted:
            caught += any(
                which == number and first <= opened <= last + _GRACE and at <= last + _GRACE
                for which, opened, at in told.opened
            )
    weeks = owners * DAYS / 7
    return {
        "series": float(owners * OWNED),
        "messages_per_owner_week": round(messages / weeks, 3),
        "interruptions_per_owner_week": round(interruptions / weeks, 3),
        "every_breach_per_owner_week": round(breaches / weeks, 3),
        "issues": float(issues),
        "issues_caught_share": round(caught / max(issues, 1), 4),
    }


def _owner(rng: np.random.Generator) -> tuple[Inbox, list[tuple[int, datetime, datetime]]]:
    tiers = rng.choice([1, 2, 3], OWNED, p=[0.1, 0.3, 0.6])
    critical = rng.random(OWNED) < 0.3
    kinds = [
        Series(int(t), "critical" if c else "watch") for t, c in zip(tiers, critical, strict=True)
    ]
    inbox = Inbox(kinds, Reader(), Waits())
    bad = rng.random((OWNED, DAYS)) < NOISE
    wanted = []
    for number in map(int, np.flatnonzero(rng.random(OWNED) < ISSUES)):
        lasts = int(rng.integers(SHORTEST, LONGEST + 1))
        first = int(rng.integers(0, DAYS - lasts))
        bad[number, first : first + lasts] = rng.random(lasts) < STRENGTH
        begins = _MONDAY + (first + 1) * _DAY
        wanted.append((number, begins, begins + lasts * _DAY))
    for day in range(DAYS):
        for number in range(OWNED):
            # Windows are judged one after the other in the hour after midnight's batches came.
            at = _MONDAY + (day + 1) * _DAY + number * timedelta(minutes=3)
            name = "breach" if critical[number] else "drift"
            state = name if bad[number, day] else "ok"
            inbox.take(Verdict(number, at, _MONDAY + day * _DAY, state))
    inbox.until(_MONDAY + (DAYS + 7) * _DAY)
    return inbox, wanted


if __name__ == "__main__":
    print(json.dumps(run(int(os.environ.get("BENCH_SERIES", SERIES)))))
