"""Muster's own processes, MLflow and the mail catcher as parts: for the demo, tests and benches."""

import sys
from collections.abc import Mapping
from pathlib import Path

from script.runner.part import Part
from script.runner.ready import answers, listens, listens_at

CHECKOUT = Path(__file__).resolve().parents[2]
Environment = Mapping[str, str]


def mlflow(*, port: int, store: str, artifacts: Path) -> Part:
    """MLflow's tracking server, without the job runner that costs 500 MB (dependencies.md 0.3)."""
    return Part(
        name="mlflow",
        command=(
            sys.executable, "-m", "mlflow", "server",
            "--host=127.0.0.1", f"--port={port}", "--workers=1",
            f"--artifacts-destination={artifacts}",
            f"--allowed-hosts=127.0.0.1:{port},localhost:{port}",
        ),
        environment={
            # In the environment, not on the command line: it holds a password.
            "MLFLOW_BACKEND_STORE_URI": store,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            "MLFLOW_TRACKING_URI": "",
        },
        folder=artifacts.parent,
        ready=answers(f"http://127.0.0.1:{port}/health"),
        ready_seconds=300,
        order=1,
        detail=f"http://127.0.0.1:{port}",
    )  # fmt: skip


def mail(*, port: int, folder: Path) -> Part:
    """The SMTP catcher."""
    return Part(
        name="mail",
        command=(
            sys.executable, "-m", "script.runner.mail", f"--port={port}", f"--folder={folder}"
        ),
        folder=CHECKOUT,
        ready=listens(port, greeting=b"220"),
        order=1,
        detail=f"smtp://127.0.0.1:{port}, kept in {folder}",
    )  # fmt: skip


def judge(environment: Environment) -> Part:
    """The warm process that forks a child for each batch."""
    socket = Path(environment["MUSTER_JUDGE_SOCKET"])
    return Part(
        name="judge",
        command=(sys.executable, "-m", "monitoring.judging"),
        environment=environment,
        folder=CHECKOUT,
        ready=listens_at(socket),
        ready_seconds=300,
        order=2,
        detail=str(socket),
    )


def web(environment: Environment, *, port: int, workers: int = 2) -> Part:
    """Gunicorn: one master and its workers."""
    return Part(
        name="web",
        command=(
            sys.executable, "-m", "gunicorn", "config.wsgi",
            f"--bind=127.0.0.1:{port}", f"--workers={workers}", "--threads=4", "--timeout=60",
            "--access-logfile=-", "--no-control-socket",
        ),
        environment=environment,
        folder=CHECKOUT,
        ready=answers(f"http://127.0.0.1:{port}/"),
        order=3,
        detail=f"http://127.0.0.1:{port}",
    )  # fmt: skip


def worker(environment: Environment, *, concurrency: int = 2) -> Part:
    """The Celery worker."""
    return Part(
        name="worker",
        command=(
            sys.executable, "-m", "celery", "-A", "config", "worker", "--loglevel=INFO",
            f"--concurrency={concurrency}", "--prefetch-multiplier=1",
            "--without-gossip", "--without-mingle",
        ),
        environment=environment,
        folder=CHECKOUT,
        announces=" ready.",  # remote control is off, so it cannot be pinged
        order=3,
        stop_seconds=25,
        detail=f"{concurrency} processes",
    )  # fmt: skip


def beat(environment: Environment) -> Part:
    """Celery's clock, which rings the doorbell."""
    return Part(
        name="beat",
        command=(sys.executable, "-m", "celery", "-A", "config", "beat", "--loglevel=INFO"),
        environment=environment,
        folder=CHECKOUT,
        announces="beat: Starting",
        order=3,
    )


def sweep(environment: Environment) -> Part:
    """The guarantee: finds due work without the broker."""
    return Part(
        name="sweep",
        command=(sys.executable, "manage.py", "sweep"),
        settle_seconds=6,
        environment=environment,
        folder=CHECKOUT,
        order=3,
        stop_seconds=25,
    )
