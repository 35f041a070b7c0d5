"""What the demo tells Muster's own processes through their environment."""

import os
import shlex
from pathlib import Path

from script.runner.addresses import Addresses
from script.runner.state import State


def environment(state: State, at: Addresses) -> dict[str, str]:
    """Return what Muster's own processes are told; the tables' owner is not among it."""
    data = state.folder / "data"
    data.mkdir(exist_ok=True)
    landing(state).mkdir(exist_ok=True)
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": state.secret("secret_key") + state.secret("secret_key_more"),
        "MUSTER_FERNET_KEYS": state.fernet_key(),
        "MUSTER_CHECKPOINT_KEY": state.checkpoint_key(),
        "MUSTER_CHECKPOINT_PATH": str(state.folder / "checkpoints.jsonl"),
        "DATABASE_URL": at.database,
        "DATABASE_OWNER_URL": "",
        "REDIS_URL": at.redis,
        "MLFLOW_TRACKING_URI": at.mlflow,
        "EMAIL_URL": at.email,
        "MUSTER_PUBLIC_URL": at.web,
        "MUSTER_DATA_DIR": str(data),
        "MUSTER_JUDGE_SOCKET": str(state.judge_socket),
        "MUSTER_SOURCE_ROOTS": str(landing(state)),
        "MUSTER_ALLOWED_ORIGINS": at.trainer,
        "MUSTER_DEMO": "1",
        "MUSTER_API_RATE": "0",  # the fleet's publisher sends as fast as it can
        # Thirteen weeks pass in minutes: what would wait for half an hour would never be seen.
        "MUSTER_NOISE_LIMITS": "0",
        "MUSTER_GROUP_WAIT_SECONDS": "0",
        "MUSTER_GROUP_INTERVAL_SECONDS": "0",
        "MUSTER_REQUIRE_MFA": "nobody",  # its passwords are printed on the terminal anyway
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
        "PATH": os.environ.get("PATH", os.defpath),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        # Two cores: a pool of BLAS threads in each process would only get in each other's way.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def keep(state: State, told: dict[str, str]) -> Path:
    """Write what Muster is told for a shell to read, so that `manage.py` finds the running demo."""
    path = state.folder / "environment"
    mine = {name: value for name, value in told.items() if name != "PATH"}
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in mine.items()]
    aside = path.with_name("environment.new")
    # Keys and passwords: for the one who started the demo alone, from the first byte on.
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(lines)
    aside.replace(path)
    return path


def landing(state: State) -> Path:
    """Return the folder in which the fleet's batches and labels land."""
    return state.folder / "landing"
