"""Train a model again, on what it was trained on and on the weeks whose labels have come since."""

from __future__ import annotations

import logging
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow import MlflowClient

from examples.fleet import experiments, rollback, training, worlds
from examples.fleet.catalogue import find
from examples.fleet.muster_client import Muster
from examples.fleet.specification import ModelSpec

FRESH_WEEKS = 6
OUT_OF_TIME_WEEKS = 1
JOB_NAME = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)

logger = logging.getLogger("fleet.retraining")


@dataclass(frozen=True)
class Job:
    """What Muster asks for."""

    job: str
    model: str
    data_until: datetime | None

    @classmethod
    def from_message(cls, message: Any) -> Job:
        """Read a `retraining.requested` message; ValueError says what is wrong with it."""
        if not isinstance(message, dict) or message.get("type") != "retraining.requested":
            raise ValueError("only retraining.requested is understood")
        for name in ("job", "mlflow_model"):
            if not isinstance(message.get(name), str) or not message[name]:
                raise ValueError(f"{name} is missing")
        until = message.get("data_until")
        moment = datetime.fromisoformat(until) if until else None
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if not JOB_NAME.fullmatch(message["job"]):
            raise ValueError("the job's id is not one")
        return cls(message["job"], message["mlflow_model"], moment)

    def as_message(self) -> dict[str, str | None]:
        """Write it as the message that it was read from."""
        return {
            "type": "retraining.requested",
            "job": self.job,
            "mlflow_model": self.model,
            "data_until": self.data_until.isoformat() if self.data_until else None,
        }


def retrain(client: MlflowClient, muster: Muster | None, landing: Path, job: Job) -> str:
    """Log a new version for a job and make it the challenger; once, however often it is asked."""
    spec = find(job.model)
    if _done(client, spec, job):
        return f"{spec.slug}: job {job.job} was done before"
    world = worlds.build(spec.world, rows=spec.rows)
    known = _reference(client, spec)
    fresh = fresh_rows(landing, spec, list(known.columns), until=job.data_until)
    history = pd.concat([known, fresh], ignore_index=True).sort_values("time", kind="stable")
    trained = training.train(
        spec,
        world,
        history.reset_index(drop=True),
        version=job.job,
        out_of_time_weeks=OUT_OF_TIME_WEEKS,
    )
    logged = experiments.log_version(
        client,
        spec,
        world,
        trained,
        limits_set_at=f"{known['time'].max():%Y-%m-%dT%H:%M:%SZ}",
        label="retrained",
        alias="challenger",
        tags={"muster.job": job.job},
        rollback=rollback.proof(client, muster, spec, world, known),
    )
    return f"{spec.slug}: version {logged.number} from {len(known)} known, {len(fresh)} fresh rows"


def fresh_rows(
    landing: Path, spec: ModelSpec, columns: list[str], *, until: datetime | None
) -> pd.DataFrame:
    """Read the latest whole weeks with labels; a broken file or column is left out, and said."""
    weeks: list[pd.DataFrame] = []
    for path in sorted((landing / spec.slug / "batches").glob("[!.]*.parquet"), reverse=True):
        if len(weeks) == FRESH_WEEKS:
            break
        start = datetime.strptime(path.stem, "%Y-%m-%d").replace(tzinfo=UTC)
        labels = path.parent.parent / "labels" / path.name
        if (until is not None and start >= until) or (
            spec.task != "clustering" and not labels.exists()
        ):
            continue
        week = _week(path, labels if spec.task != "clustering" else None)
        if week is None or not set(columns) <= set(week.columns):
            logger.info("%s: %s is left out", spec.slug, path.name)
            continue
        weeks.append(week[columns].drop_duplicates("request_id"))
    return pd.concat(weeks, ignore_index=True) if weeks else pd.DataFrame(columns=columns)


def _week(batch: Path, labels: Path | None) -> pd.DataFrame | None:
    try:
        frame = pd.read_parquet(batch)
        if frame.empty:
            return None
        if labels is None:
            return frame.assign(label=float("nan"))
        return frame.merge(pd.read_parquet(labels), on="request_id")
    except (OSError, ValueError, KeyError):
        return None


def _done(client: MlflowClient, spec: ModelSpec, job: Job) -> bool:
    experiment = client.get_experiment_by_name(experiments.experiment_name(spec))
    if experiment is None:
        return False
    asked = f"tags.`muster.job` = '{job.job}' AND attributes.status = 'FINISHED'"
    return bool(client.search_runs([experiment.experiment_id], asked, max_results=1))


def _reference(client: MlflowClient, spec: ModelSpec) -> pd.DataFrame:
    champion = client.get_model_version_by_alias(spec.slug, "champion")
    with tempfile.TemporaryDirectory() as folder:
        path = mlflow.artifacts.download_artifacts(
            run_id=champion.run_id, artifact_path="muster/reference.parquet", dst_path=folder
        )
        return pd.read_parquet(path)
