"""Train and register one model the way a team does: with MLflow's own client."""

import sys

import mlflow
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression


def main(origin: str, name: str) -> None:
    mlflow.set_tracking_uri(origin)
    mlflow.set_experiment(name)
    inputs = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 2)), columns=["age", "income"])
    label = (inputs.age > 0).astype(int)
    with mlflow.start_run():
        fitted = LogisticRegression(C=2).fit(inputs, label)
        mlflow.log_params({"C": 2})
        mlflow.log_metric("auc", 0.9)
        dataset = mlflow.data.from_pandas(inputs, name="train")
        mlflow.log_input(dataset, context="training")
        mlflow.set_tags({"muster.prediction": "prediction"})
        mlflow.sklearn.log_model(
            fitted,
            name="model",
            registered_model_name=name,
            signature=mlflow.models.infer_signature(inputs, fitted.predict(inputs)),
            pip_requirements=["scikit-learn"],
        )
        mlflow.log_dict({"age": 0.9, "income": 0.1}, "muster/importance.json")
    mlflow.MlflowClient().set_registered_model_alias(name, "champion", "1")


if __name__ == "__main__":
    main(*sys.argv[1:])
