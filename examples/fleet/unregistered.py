"""Leave three small models in MLflow that nobody told Muster about: its queue is to find them."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

from examples.fleet.experiments import REQUIREMENTS

ROWS = 60


@dataclass(frozen=True)
class Stray:
    """A model somebody tried out, with what they wrote beside it in MLflow."""

    name: str
    columns: tuple[str, ...]
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    alias: str = ""


STRAYS = (
    Stray(
        "newsletter-uplift",
        ("opens_30d", "visits_30d", "tenure_months"),
        "Ranks customers by how much a newsletter makes them buy.",
        {
            "muster.unit": "marketing",
            "muster.owner": "davide@example.org",
            "muster.task": "classification",
        },
        "champion",
    ),
    Stray(
        "refund-abuse-v2",
        ("refunds_90d", "orders_90d", "account_age_days"),
        "Second try at finding refunds that are asked for too often.",
        {"muster.unit": "payments", "muster.owner": "priya@example.org"},
    ),
    # As most of them are found: no word on whose it is or what it is for.
    Stray("test-model-final", ("x1", "x2")),
)


def leave(client: MlflowClient) -> int:
    """Log those that are not there yet; return how many were."""
    known = {
        model.name
        for stray in STRAYS
        for model in client.search_registered_models(f"name='{stray.name}'")
        if model.latest_versions
    }
    fresh = [stray for stray in STRAYS if stray.name not in known]
    for stray in fresh:
        _log(client, stray)
    return len(fresh)


def _log(client: MlflowClient, stray: Stray) -> None:
    rng = np.random.default_rng(len(stray.name))
    table = pd.DataFrame(rng.normal(size=(ROWS, len(stray.columns))), columns=stray.columns)
    label = (table.sum(axis=1) + rng.normal(scale=0.5, size=ROWS) > 0).astype(int)
    model = LogisticRegression().fit(table, label)
    # Before the version: a sweep that comes between the two already reads whose it is.
    with contextlib.suppress(mlflow.MlflowException):
        client.create_registered_model(stray.name, stray.tags, stray.description or None)
    experiment = client.get_experiment_by_name("scratch")
    place = experiment.experiment_id if experiment else client.create_experiment("scratch")
    with (
        mlflow.start_run(experiment_id=place, run_name=stray.name),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        mlflow.log_metric("accuracy", float(model.score(table, label)))
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=mlflow.models.infer_signature(table, model.predict(table)),
            pip_requirements=REQUIREMENTS,
            registered_model_name=stray.name,
        )
    if stray.alias:
        client.set_registered_model_alias(
            stray.name, stray.alias, str(info.registered_model_version)
        )
