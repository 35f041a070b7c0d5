"""`python -m bench.noising.fleet`: the fleet's 13 weeks, as its owners are told of them."""

import json
import sys
import tempfile
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.drifting.fleet import CALENDAR, QUIET, judged
from bench.noising.owner import Inbox, Series, Verdict
from examples.fleet import batches, registrations, training, worlds
from examples.fleet.catalogue import find
from examples.fleet.score import TRUTH
from examples.fleet.worlds.world import WEEKS
from monitoring.alerts.judgement import When
from monitoring.alerts.stages import Reader, Waits
from monitoring.judging import child

# A batch is judged some hours after its window, on a working morning.
_AFTER = timedelta(days=7, hours=10)


def run(slugs: list[str]) -> dict[str, float]:
    """Judge what the data check is to find or to leave alone; tell each owner."""
    child.warm_up()
    owners: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for told in json.loads(TRUTH.read_text("utf-8"))["models"]:
        watched = told["kind"] in QUIET or told.get("alert_check") == "data"
        if watched and (not slugs or told["slug"] in slugs):
            owners[told["owner"]].append(told)
    messages = breaches = wanted = caught = 0
    for models in owners.values():
        inbox, found, issues = _owner(models)
        messages += inbox.told.messages
        breaches += inbox.told.every_breach
        wanted, caught = wanted + issues, caught + found
    weeks = len(owners) * WEEKS
    return {
        "models": float(sum(map(len, owners.values()))),
        "messages_per_owner_week": round(messages / weeks, 3),
        "every_breach_per_owner_week": round(breaches / weeks, 3),
        "issues": float(wanted),
        "issues_caught_share": round(caught / max(wanted, 1), 4),
    }


def _owner(models: list[dict[str, Any]]) -> tuple[Inbox, int, int]:
    series, verdicts = [], []
    for number, told in enumerate(models):
        spec = find(told["slug"])
        world = worlds.build(spec.world, rows=spec.rows)
        trained = training.train(spec, world, batches.history(spec, world, CALENDAR))
        check = registrations.checks(spec, world, trained.limits, CALENDAR)["data"]["spec"]
        series.append(Series(tier=2, severity="watch", when=When(**check["when"])))
        with tempfile.TemporaryDirectory(prefix="muster-noise-") as folder:
            weeks = judged(spec, world, trained, check, Path(folder))
            for week, (_, result) in enumerate(weeks, start=1):
                crossed = frozenset(one.segment for one in result.readings if one.crossed)
                start = CALENDAR.window(week)
                at = start + _AFTER + number * timedelta(minutes=5)
                verdicts.append(Verdict(number, at, start, result.state, crossed))
    inbox = Inbox(series, Reader(), Waits())
    for verdict in sorted(verdicts, key=lambda one: one.at):
        inbox.take(verdict)
    inbox.until(CALENDAR.window(WEEKS) + timedelta(days=30))
    wanted = [(number, told) for number, told in enumerate(models) if told["kind"] not in QUIET]
    caught = sum(any(which == number for which, *_ in inbox.told.opened) for number, _ in wanted)
    return inbox, caught, len(wanted)


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1:])))
