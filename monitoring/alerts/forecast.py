"""How many alerts a sequence of windows opens that only chance has moved; pure."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitoring.alerts.judgement import Condition, Look, Point, When, judge

SIMULATED = 5_000  # windows
_SEED = 20260101
_START = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def alerts_a_window(looks: Sequence[Sequence[str]], when: When) -> float:
    """Return how many alerts open a window; each look lists the segments that crossed in one.

    The windows are put in a row by lot, as many as make the answer steady, and judged as the real
    ones are: so many bad of the last, so many good to be over.
    """
    luck = random.Random(_SEED)  # noqa: S311 - no secret, and the same answer each time
    kept = max(when.of, when.good) + 1
    recent: list[Look] = []
    opened: dict[Condition, Point] = {}
    ended: dict[Condition, Point] = {}
    alerts = 0
    for number in range(SIMULATED if any(looks) else 0):
        crossed = frozenset(luck.choice(looks))
        look = Look(number, _START + number * _DAY, "drift" if crossed else "ok", crossed)
        recent = [*recent, look][-kept:]
        found = judge(recent, open_since=opened, ended=ended, when=when)
        point = Point(look.start, look.run_id)
        for condition in found.resolves:
            del opened[condition]
            ended[condition] = point
        for opening in found.opens:
            opened[opening.condition] = point
            alerts += 1
    return alerts / SIMULATED
