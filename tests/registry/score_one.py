"""Score one batch the way a team does, in a run of MLflow's own client."""

import sys

import mlflow
import pandas as pd


def main(origin: str, experiment: str, path: str) -> None:
    mlflow.set_tracking_uri(origin)
    mlflow.set_experiment(experiment)
    rows = pd.read_parquet(path)
    with mlflow.start_run():
        mlflow.set_tags({"muster.model": "credit", "muster.window": "2026-08-03"})
        mlflow.log_table(rows[:200], "scored.json")
        mlflow.log_table(rows[200:], "scored.json")  # which appends
        mlflow.log_table(rows, "tables/scored.parquet")
        mlflow.log_input(mlflow.data.from_pandas(rows, source=path), context="inference")


if __name__ == "__main__":
    main(*sys.argv[1:])
