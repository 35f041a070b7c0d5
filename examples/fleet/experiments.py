"""Log a trained version to MLflow as Muster's logging contract describes, and register it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pandas
import sklearn
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from examples.fleet.calendar import Calendar
from examples.fleet.estimators import inputs
from examples.fleet.specification import ModelSpec
from examples.fleet.training import Trained
from examples.fleet.worlds.world import World

# Said by hand: MLflow would otherwise import the model in a new process to find out (5 s each).
REQUIREMENTS = [f"scikit-learn=={sklearn.__version__}", f"pandas=={pandas.__version__}"]
# MLflow writes skops files, not pickles; the trees of ensembles must be named to it.
TRUSTED = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
]
FINGERPRINT = "fleet.fingerprint"
LIMITS = "fleet.limits"
FAIRNESS_LIMIT = "0.8"


@dataclass(frozen=True)
class Logged:
    """A version as MLflow knows it."""

    run_id: str
    number: int


def connect(uri: str) -> MlflowClient:
    """Point MLflow at a server, quietly."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")
    mlflow.set_tracking_uri(uri)
    return MlflowClient(uri)


@dataclass(frozen=True)
class Published:
    """What an earlier publication left behind: what it was made of, and the limits it found."""

    fingerprint: str
    limits: dict[str, float]


def published(client: MlflowClient, slug: str) -> Published | None:
    """Say what an earlier publication left; None when none came to its end."""
    try:
        tags = client.get_registered_model(slug).tags
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    if FINGERPRINT not in tags:
        return None
    return Published(tags[FINGERPRINT], json.loads(tags[LIMITS]))


def log_version(
    client: MlflowClient,
    spec: ModelSpec,
    world: World,
    trained: Trained,
    *,
    limits_set_at: str,
    label: str,
    alias: str = "",
    tags: dict[str, str] | None = None,
    rollback: dict[str, Any] | None = None,
    points: Sequence[Metric] = (),
) -> Logged:
    """Log run, inputs, artifacts and model, register the model and give it its alias."""
    experiment = _experiment(client, experiment_name(spec))
    commit = hashlib.sha1(f"{spec.slug}:{label}".encode(), usedforsecurity=False).hexdigest()
    run_tags = {
        "mlflow.source.git.commit": commit,
        "mlflow.source.name": f"{spec.unit}/train_{spec.slug.replace('-', '_')}.py",
        "mlflow.user": spec.deputy.partition("@")[0],
        "muster.prediction": "prediction",
        "muster.label": "label",
        "muster.time": "time",
        "muster.segments": ",".join(world.segments),
        "muster.limits_set_at": limits_set_at,
        **({"muster.fairness_limit": FAIRNESS_LIMIT} if trained.groups else {}),
        **(tags or {}),
    }
    features = inputs(trained.learned, world.features)
    with mlflow.start_run(
        experiment_id=experiment, run_name=f"{spec.slug} {label}", tags=run_tags
    ) as run:
        mlflow.log_params({**trained.params, "rows": len(trained.learned), "version": label})
        mlflow.log_metrics(trained.metrics)
        mlflow.log_input(
            mlflow.data.from_pandas(features, name=f"{spec.slug}-training"), context="training"
        )
        if points:
            client.log_batch(run.info.run_id, metrics=points)
        _log_artifacts(trained, limits_set_at, rollback)
        number = _log_model(spec.slug, trained, features.head(100))
    if alias:
        client.set_registered_model_alias(spec.slug, alias, str(number))
    return Logged(run.info.run_id, number)


def mark_published(
    client: MlflowClient, slug: str, fingerprint: str, limits: dict[str, float]
) -> None:
    """Leave word that everything of this model was published."""
    client.set_registered_model_tag(slug, LIMITS, json.dumps(limits))
    client.set_registered_model_tag(slug, FINGERPRINT, fingerprint)


def latency_points(calendar: Calendar, values: Sequence[float]) -> list[Metric]:
    """Make one point a week, each with a moment inside its window."""
    return [
        Metric(
            "latency_p95_ms",
            value,
            int(calendar.window(number).timestamp() * 1000) + 6 * 86_400_000,
            number,
        )
        for number, value in enumerate(values, start=1)
    ]


def experiment_name(spec: ModelSpec) -> str:
    """Name the MLflow experiment of a model's unit."""
    return f"{spec.unit}-models"


def _experiment(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def _log_model(name: str, trained: Trained, sample: pandas.DataFrame) -> int:
    # MLflow tells stderr of every registration, whatever its loggers are set to.
    with contextlib.redirect_stderr(io.StringIO()):
        info = mlflow.sklearn.log_model(
            trained.pipeline,
            name="model",
            signature=mlflow.models.infer_signature(sample, trained.pipeline.predict(sample)),
            pip_requirements=REQUIREMENTS,
            skops_trusted_types=TRUSTED,
            registered_model_name=name,
        )
    return int(info.registered_model_version)


def _log_artifacts(trained: Trained, limits_set_at: str, rollback: dict[str, Any] | None) -> None:
    documents: dict[str, Any] = {"importance.json": trained.importance}
    if trained.groups:
        documents["groups.json"] = trained.groups
    if trained.out_of_time:
        documents["oot.json"] = {**trained.out_of_time, "limit_set_at": limits_set_at}
    if rollback:
        documents["rollback.json"] = rollback
    with tempfile.TemporaryDirectory() as folder:
        trained.reference.to_parquet(Path(folder, "reference.parquet"), index=False)
        for name, document in documents.items():
            Path(folder, name).write_text(json.dumps(document, indent=1), encoding="utf-8")
        mlflow.log_artifacts(folder, "muster")
