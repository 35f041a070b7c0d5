"""Count at the end what is lost, doubled, or was repeated without its key.

What must be there comes from the plan of the world, not from what the tables say of themselves.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.killing.sinks import Accepted
from bench.killing.world import DAY, Planned


@dataclass
class Losses:
    """What is wrong; all empty when nothing is."""

    windows: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    keyless: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def hits(failed_sends: int) -> int:
    """Return how much leased work was interrupted: claims that came to nothing.

    An attempt that the receiver refused was not interrupted, so those are taken off.
    """
    from django.db.models import F, Sum

    from monitoring.models import Message, Run

    again = 0
    for rows in (Run.objects, Message.objects):
        found = rows.filter(attempts__gt=1).aggregate(n=Sum(F("attempts") - 1))
        again += found["n"] or 0
    return max(again - failed_sends, 0)


def unfinished(planned: Sequence[Planned]) -> int:
    """Return how many windows, news and messages are still to come."""
    from monitoring.models import Delivery, Message, Run, Window
    from monitoring.states import OPEN_STATES

    windows = sum(len(one.crossed) for one in planned) - Window.objects.count()
    runs = Window.objects.exclude(runs__current=True).count()
    open_runs = Run.objects.filter(state__in=OPEN_STATES).count()
    owed = Delivery.objects.filter(state="owed").count()
    return windows + runs + open_runs + owed + Message.objects.filter(state="owed").count()


def losses(planned: Sequence[Planned], accepted: Sequence[Accepted]) -> Losses:
    """Hold the tables and the receivers against the plan."""
    found = Losses()
    _windows(planned, found)
    _alerts(planned, found)
    _news(planned, accepted, found)
    _invariants(found)
    return found


def _windows(planned: Sequence[Planned], found: Losses) -> None:
    """Look for each window: one run, in force, with the verdict the plan asks for."""
    from monitoring.models import Reading, Run

    runs: dict[tuple[int, Any], list[Run]] = defaultdict(list)
    for run in Run.objects.select_related("window"):
        runs[run.window.check_ref_id, run.window.start].append(run)
    readings = Counter(Reading.objects.values_list("run_id", flat=True))
    for one in planned:
        for number, bad in enumerate(one.crossed):
            name = f"check {one.check_id} window {number}"
            mine = runs.pop((one.check_id, one.start + number * DAY), [])
            current = [run for run in mine if run.current]
            if len(current) != 1 or current[0].state != ("breach" if bad else "ok"):
                found.windows.append(f"{name}: {[run.state for run in mine]}")
            if len(mine) > 1 or any(readings[run.pk] > 1 for run in mine):
                found.doubled.append(f"{name}: {len(mine)} runs")
    found.doubled += [f"window of check {key}, never planned" for key in runs]


def _alerts(planned: Sequence[Planned], found: Losses) -> None:
    """Look for each streak: one alert, in one incident, ended as the plan says."""
    from monitoring.models import Alert

    alerts: dict[int, list[Alert]] = defaultdict(list)
    for alert in Alert.objects.select_related("incident").order_by("since"):
        alerts[alert.check_ref_id or 0].append(alert)
    for one in planned:
        mine = [(alert.since, alert.state == "resolved") for alert in alerts.pop(one.check_id, [])]
        found.alerts += [
            f"check {one.check_id}: no alert {x}" for x in one.episodes if x not in mine
        ]
        if len(mine) > len(one.episodes):
            found.doubled.append(f"check {one.check_id}: alerts {mine}")
    found.doubled += [f"alerts of check {key}" for key in alerts]


def _news(planned: Sequence[Planned], accepted: Sequence[Accepted], found: Losses) -> None:
    """Each piece of news was accepted, under one key, whose every repeat said the same."""
    from monitoring.models import Delivery, Message

    keys = Counter(one.key for one in accepted)
    said: dict[str, set[str]] = defaultdict(set)
    told: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in accepted:
        said[one.key].add(one.text)
        for alert, kind in one.facts:
            told[one.to, alert, kind].add(one.key)
    known = set(Message.objects.values_list("key", flat=True))
    found.keyless += [f"accepted under the unknown key {key}" for key in keys if key not in known]
    found.keyless += [f"{key}: {_difference(n)}" for key, n in said.items() if len(n) > 1]
    found.doubled += [f"{news} told under {len(n)} keys" for news, n in told.items() if len(n) > 1]
    owed: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    for row in Delivery.objects.select_related("alert", "channel", "message"):
        owed[row.alert.check_ref_id or 0][row.channel.kind, row.kind] += 1
        if row.message is None or not keys[row.message.key]:
            found.alerts.append(f"{row.kind} of alert {row.alert_id} was never accepted")
        elif row.channel.kind == "webhook":
            to = "/" + row.channel.address.split("/", 3)[3]
            if (to, str(row.alert_id), row.kind) not in told:
                found.alerts.append(f"{row.kind} of alert {row.alert_id} was in no message")
    for plan in planned:
        want: Counter[tuple[str, str]] = Counter()
        for _, ended in plan.episodes:
            kinds = ["firing", "resolved"] if ended else ["firing"]
            want.update((channel, kind) for channel in ("mail", "webhook") for kind in kinds)
        have = owed.pop(plan.check_id, Counter())
        found.alerts += [f"check {plan.check_id}: {news} is not owed" for news in want - have]
        found.doubled += [f"check {plan.check_id}: {news} is owed twice" for news in have - want]


def _difference(texts: set[str]) -> str:
    """Return the first lines in which two attempts differ."""
    one, other = (text.splitlines() for text in sorted(texts)[:2])
    lines = (pair for pair in zip(one, other, strict=False) if pair[0] != pair[1])
    return f"{len(texts)} texts; {next(lines, 'one is longer')}"


def _invariants(found: Losses) -> None:
    """Look at what must always hold, too; checks wait for windows that have not ended yet."""
    from monitoring.invariants import RULES
    from registry import clock

    for rule in RULES:
        broken = rule.look(clock.now())
        if broken.count:
            found.broken.append(f"{rule.name}: {broken.count}, {'; '.join(broken.examples)}")
