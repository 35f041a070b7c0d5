"""Ask Muster what it found and hold it against what was scripted.

python -m examples.fleet.score --muster-url URL --token T [--json FILE]
Exit code 1 when a pipeline fault was missed or called drift, a sudden drift was not alerted, a
quiet model was alerted, a window is unaccounted for, or an owner was not told.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from examples.fleet.muster_client import Muster, MusterRefused
from examples.fleet.scoring import Alerted, Found, Line, ModelResult, passed, table, window_number

TRUTH = Path(__file__).with_name("truth.json")


def scripts(truth: dict[str, Any], slugs: list[str]) -> dict[str, dict[str, Any]]:
    """Find the script of each model; repeated ones have that of the one they repeat."""
    known = {told["slug"]: told for told in truth["models"]}
    found = {}
    for slug in slugs:
        stem, _, lap = slug.rpartition("-")
        told = known.get(slug) or (known.get(stem) if lap.isdigit() else None)
        if told is not None:
            found[slug] = {**told, "slug": slug}
    return found


def gather(muster: Muster, truth: dict[str, Any]) -> list[ModelResult]:
    """Read models, runs, alerts and deliveries."""
    slugs = [str(model["slug"]) for model in muster.every("models")]
    results = {slug: ModelResult(script) for slug, script in scripts(truth, slugs).items()}
    starts: dict[str, datetime] = {}
    for slug, result in results.items():
        runs = list(muster.every("models", slug, "runs"))
        moments = [_moment(run["window_start"]) for run in runs if run["check"] == "data"]
        if not moments:
            continue
        starts[slug] = min(moments)
        result.runs = [
            Found(
                check=str(run["check"]),
                window=window_number(_moment(run["window_start"]), starts[slug]),
                state=str(run["state"]),
                revision=int(run["revision"]),
            )
            for run in runs
        ]
    for alert in muster.every("alerts"):
        if alert["check"] is None:
            continue  # What happened in MLflow, such as a champion this very script moved.
        slug = str(alert["model"])
        if slug in starts:
            number = window_number(_moment(alert["since"]), starts[slug])
            results[slug].alerts.append(Alerted(alert["check"], alert["condition"], number))
    addresses = {person["name"]: person["email"] for person in muster.every("people")}
    for delivery in muster.every("deliveries", state="sent"):
        if delivery["model"] in results:
            name = str(delivery["to"])
            results[delivery["model"]].told.add(str(addresses.get(name, name)))
    return list(results.values())


def show(lines: list[Line]) -> str:
    """Write the table."""
    width = max(len(line.text) for line in lines)
    rows = []
    for line in lines:
        mark = "ok" if line.good else "WRONG" if line.binding else "short"
        rows.append(f"  {line.text:<{width}}  {line.count:>5} / {line.of:<5} {mark}")
        if not line.good:
            more = f" and {len(line.names) - 8} more" if len(line.names) > 8 else ""
            rows.append(f"      {', '.join(line.names[:8])}{more}")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Print the truth table."""
    parser = argparse.ArgumentParser(prog="python -m examples.fleet.score")
    parser.add_argument("--muster-url", required=True)
    parser.add_argument("--token", default=os.environ.get("MUSTER_TOKEN", ""))
    parser.add_argument("--truth", type=Path, default=TRUTH)
    parser.add_argument("--json", type=Path, help="write the counts to this file as well")
    given = parser.parse_args(arguments)
    if not given.token:
        parser.error("--token or MUSTER_TOKEN is needed")
    try:
        results = gather(
            Muster(given.muster_url, given.token), json.loads(given.truth.read_text("utf-8"))
        )
    except MusterRefused as error:
        print(error, file=sys.stderr)
        return 2
    if not results:
        print("Muster knows no model of the fleet", file=sys.stderr)
        return 1
    lines = table(results)
    print(f"What was scripted against what Muster found, {len(results)} models:\n{show(lines)}")
    if given.json:
        counted = [vars(line) for line in lines]
        given.json.write_text(json.dumps({"passed": passed(lines), "lines": counted}, indent=1))
    return 0 if passed(lines) else 1


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))


if __name__ == "__main__":
    raise SystemExit(main())
