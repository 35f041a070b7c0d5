"""Train the whole fleet, log it to MLflow, land its batches and tell Muster about it.

python -m examples.fleet.publish --muster-url URL --token T --mlflow-uri URI --landing DIR
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from examples.fleet import experiments, registrations, unregistered
from examples.fleet.calendar import Calendar
from examples.fleet.catalogue import MODELS, SEED, fleet
from examples.fleet.muster_client import Muster, MusterRefused
from examples.fleet.publication import Publication, land_late, publish_model

TRAINER_PORT = 8801
BAR = 24


def main(arguments: list[str] | None = None) -> int:
    """Publish and say what was done; 1 when Muster or MLflow refused."""
    given = _arguments(arguments)
    began = time.monotonic()
    landing = given.landing.resolve()
    muster = Muster(given.muster_url, given.token)
    to = Publication(
        muster=muster,
        mlflow=experiments.connect(given.mlflow_uri),
        landing=landing,
        calendar=Calendar.kept_in(landing, now=datetime.now(UTC)),
    )
    secret = registrations.webhook_secret(given.secret)
    try:
        registrations.register_organization(muster, given.password)
        registrations.register_outside(muster, given.trainer_url, secret)
        # Before the models: what a policy decides is told in the very first message.
        registrations.register_policies(muster)
        # Late batches first: Muster then has the longest time to notice that they are missing.
        specs = sorted(fleet(given.models, seed=given.seed), key=lambda spec: not spec.late)
        for place, spec in enumerate(specs, start=1):
            started = time.monotonic()
            done = publish_model(to, spec)
            _progress(place, len(specs), f"{spec.slug}: {done}", time.monotonic() - started)
        print(f"{unregistered.leave(to.mlflow)} models logged that nobody registers", flush=True)
        for spec in specs:
            if spec.late:
                print(f"{spec.slug}: {land_late(to, spec)}", flush=True)
    except MusterRefused as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(
        f"{len(specs)} models in {len({spec.unit for spec in specs})} units, "
        f"{muster.written['created']} objects new to Muster, {muster.written['known']} known, "
        f"{time.monotonic() - began:.0f} s"
    )
    return 0


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m examples.fleet.publish",
        description="Train the reference fleet and tell MLflow and Muster about it.",
    )
    own = os.environ.get
    parser.add_argument("--muster-url", required=True)
    parser.add_argument("--token", default=own("MUSTER_TOKEN", ""), help="default: MUSTER_TOKEN")
    parser.add_argument(
        "--mlflow-uri", default=own("MLFLOW_TRACKING_URI", ""), help="default: MLFLOW_TRACKING_URI"
    )
    parser.add_argument("--landing", type=Path, required=True, help="folder the batches land in")
    parser.add_argument("--models", type=int, default=len(MODELS))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--trainer-url", default=f"http://127.0.0.1:{TRAINER_PORT}")
    given = parser.parse_args(arguments)
    for name in ("token", "mlflow_uri"):
        if not getattr(given, name):
            parser.error(f"--{name.replace('_', '-')} is needed")
    if given.models < 1:
        parser.error("--models must be 1 or more")
    given.password = own("FLEET_PASSWORD", "muster-demo")
    given.secret = own("FLEET_WEBHOOK_SECRET", "muster-demo-webhook-secret")
    return given


def _progress(place: int, of: int, text: str, seconds: float) -> None:
    """Draw one line a model, over the last one where a person looks on."""
    filled = BAR * place // of
    line = f"[{'#' * filled}{'.' * (BAR - filled)}] {place}/{of} {text} {seconds:.1f} s"
    if sys.stdout.isatty():
        print(f"\r\033[2K{line}", end="\n" if place == of else "", flush=True)
    else:
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
