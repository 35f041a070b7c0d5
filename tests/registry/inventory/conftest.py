"""A team with a real MLflow server, and a model of theirs that Muster knows."""

import time

import pytest

from registry.mlflow import client as client_module
from tests import factories
from tests.registry.training import Team


@pytest.fixture(scope="module")
def team(mlflow_server):
    return Team(mlflow_server)


@pytest.fixture
def server(mlflow_server):
    return factories.MLflowServerFactory.create(slug="default", origin=mlflow_server)


@pytest.fixture
def name(request):
    return f"{request.node.originalname[:60]} {time.time_ns()}"


@pytest.fixture
def model(server, name):
    return factories.RegisteredModelFactory.create(mlflow_server=server, mlflow_name=name)


@pytest.fixture
def hidden(monkeypatch):
    """Names that the lists leave out, as they do when a right is lost or a page slips."""
    names = set()
    whole = client_module.Client.search_registered_models
    monkeypatch.setattr(
        client_module.Client,
        "search_registered_models",
        lambda self, kept=None: [found for found in whole(self, kept) if found.name not in names],
    )
    return names
