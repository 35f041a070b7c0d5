"""Session fixtures that start a real process when a test first asks for it."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from script.runner import processes
from script.runner.part import Part
from script.runner.supervisor import Supervisor
from tests.starting import start_on_free_port, tell


@pytest.fixture(scope="session")
def test_root() -> Path:
    """The folder of this test run; it goes when the run ends, however it ends."""
    root = Path(os.environ["MUSTER_TEST_ROOT"]) / os.environ.get("PYTEST_XDIST_WORKER", "main")
    root.mkdir(exist_ok=True)
    return root


@pytest.fixture(scope="session")
def supervisor(test_root: Path) -> Iterator[Supervisor]:
    """The runner's own supervisor: what it starts ends with the tests, even after kill -9."""
    watcher = Supervisor(logs=test_root / "logs", say=tell)
    yield watcher
    watcher.stop()


@pytest.fixture(scope="session")
def mlflow_server(supervisor: Supervisor, test_root: Path) -> str:
    """A real MLflow server, empty at first; the value is its address."""
    folder = test_root / "mlflow"
    folder.mkdir()

    def part(port: int) -> Part:
        store = f"sqlite:///{folder / 'mlflow.db'}"
        return processes.mlflow(port=port, store=store, artifacts=folder / "artifacts")

    return f"http://127.0.0.1:{start_on_free_port(supervisor, part)}"


@pytest.fixture(scope="session")
def process_environment(django_db_setup: None) -> dict[str, str]:
    """What a process of Muster's own is told so that it works on the test database.

    The test that uses it must be marked `django_db(transaction=True)`: pytest-django makes the
    database only then, and another process sees only what was committed.
    """
    from django.conf import settings
    from django.db import connection

    told = connection.settings_dict
    user, password = quote(told["USER"]), quote(told["PASSWORD"])
    url = f"postgres://{user}:{password}@{told['HOST']}:{told['PORT']}/{told['NAME']}"
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": url,
        "MUSTER_JUDGE_SOCKET": str(settings.MUSTER_JUDGE_SOCKET),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture(scope="session")
def judge_process(supervisor: Supervisor, process_environment: dict[str, str]) -> Path:
    """The real judge, warm; it listens where the settings say."""
    supervisor.start(processes.judge(process_environment))
    return Path(process_environment["MUSTER_JUDGE_SOCKET"])


@pytest.fixture
def judge(judge_process: Path, settings: SimpleNamespace) -> Path:
    """The judge's socket, which the settings name."""
    settings.MUSTER_JUDGE_SOCKET = str(judge_process)
    return judge_process


@pytest.fixture(scope="session")
def celery_worker_process(supervisor: Supervisor, process_environment: dict[str, str]) -> Part:
    """A real Celery worker on the test database; only for tests with `transactional_db`."""
    part = processes.worker(process_environment, concurrency=1)
    supervisor.start(part)
    return part


@pytest.fixture(scope="session")
def live_web(supervisor: Supervisor, process_environment: dict[str, str]) -> str:
    """A real gunicorn on the test database; the value is its address."""

    def part(port: int) -> Part:
        address = {"MUSTER_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        return processes.web({**process_environment, **address}, port=port)

    return f"http://127.0.0.1:{start_on_free_port(supervisor, part)}"
