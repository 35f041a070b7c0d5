"""Prove that the version that serves now could come back: load it and let it answer again."""

from __future__ import annotations

from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient

from examples.fleet.muster_client import Muster, MusterRefused
from examples.fleet.specification import ModelSpec
from examples.fleet.training import serve
from examples.fleet.worlds.world import World

CASES = 200
TOLERANCE = 1e-6


def proof(
    client: MlflowClient,
    muster: Muster | None,
    spec: ModelSpec,
    world: World,
    known: pd.DataFrame,
) -> dict[str, Any] | None:
    """Compare the champion's answers of today with those it logged; None without its digest.

    Muster reads the files' digest and never loads a model; this outside job does, and says for
    which files that holds.
    """
    champion = client.get_model_version_by_alias(spec.slug, "champion")
    digest = _digest(muster, spec.slug, str(champion.version))
    if not digest:
        return None
    pipeline = mlflow.sklearn.load_model(f"models:/{spec.slug}/{champion.version}")
    threshold = float(client.get_run(champion.run_id).data.params["threshold"])
    cases = known.head(CASES)
    answer = "score" if "score" in cases.columns else "prediction"
    again = serve(spec, world.features, pipeline, threshold, cases)[answer]
    return {
        "target": int(champion.version),
        "digest": digest,
        "loads": True,
        "cases": len(cases),
        "max_difference": float(np.abs(again - cases[answer]).max()),
        "tolerance": TOLERANCE,
    }


def _digest(muster: Muster | None, slug: str, version: str) -> str:
    if muster is None:
        return ""
    try:
        return str(muster.get("models", slug, "versions", version)["digest"])
    except MusterRefused:
        return ""
