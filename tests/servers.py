"""Pytest plugin: a real PostgreSQL and a real Valkey, started before Django reads its settings.

Named with `-p` in pyproject.toml: a conftest.py would be read after pytest-django has read the
settings. `DATABASE_URL` and `REDIS_URL` in the environment replace the servers one by one.
Workers of pytest-xdist find the controller's addresses in their environment and start nothing.
"""

import atexit
import base64
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from script.runner import postgres, roles, valkey
from script.runner.supervisor import Supervisor
from tests.starting import start_on_free_port, tell

pytest_plugins = ["tests.processes", "tests.mailbox", "tests.browsers", "tests.sparks"]

CHECKOUT = Path(__file__).resolve().parent.parent
_NEEDED_BYTES = 3 * 2**30


def spacious_memory() -> Path | None:
    """Return /dev/shm when it is big enough; in a container it often has 64 MB."""
    memory = Path("/dev/shm")  # noqa: S108
    if memory.is_dir() and shutil.disk_usage(memory).free > _NEEDED_BYTES:
        return memory
    return None


def make_root() -> Path:
    """Make the folder everything of this test run lies in."""
    root = Path(tempfile.mkdtemp(prefix="muster-tests-", dir=spacious_memory()))
    root.chmod(0o711)  # as root, PostgreSQL runs as another user and must get through
    for name in ("data", "logs", "tmp", "servers"):
        (root / name).mkdir(mode=0o755)
    return root


def start_postgres(supervisor: Supervisor, root: Path) -> str:
    """Start a throw-away cluster; return the address of the role that runs the tests."""
    password = secrets.token_hex(12)

    def cluster(port: int) -> postgres.Cluster:
        return postgres.Cluster(CHECKOUT, root / "servers/postgres", port, password, durable=False)

    postgres.create(cluster(0))
    started = cluster(start_on_free_port(supervisor, lambda port: postgres.part(cluster(port))))
    owner_url = started.url(role=roles.OWNER, password=password, database="muster")
    # New databases copy template1, and with it the extensions a plain role could not install.
    roles.ensure_extensions(
        started.url(role=postgres.SUPERUSER, password=password, database="template1")
    )
    roles.ensure_role(started.admin_url, role=roles.OWNER, password=password, may_create=True)
    roles.ensure_role(started.admin_url, role=roles.APP, password=password)
    roles.ensure_database(started.admin_url, name="muster", owner=roles.OWNER)
    os.environ["MUSTER_TEST_APP_ROLE"] = f"{roles.APP}:{password}"
    return owner_url


def start_valkey(supervisor: Supervisor, root: Path) -> str:
    """Start a throw-away broker; return its address."""
    password = secrets.token_hex(12)

    def store(port: int) -> valkey.Store:
        return valkey.Store(root / "servers/valkey", port, password, durable=False)

    return store(start_on_free_port(supervisor, lambda port: valkey.part(store(port)))).url


def set_environment(root: Path) -> None:
    """Set what config/settings.py reads, so that nothing of the machine leaks into the tests."""
    os.environ.update(
        SECRET_KEY=secrets.token_urlsafe(40),
        MUSTER_FERNET_KEYS=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        MUSTER_CHECKPOINT_KEY="",
        MUSTER_CHECKPOINT_PATH="",
        MUSTER_DATA_DIR=str(root / "data"),
        MUSTER_JUDGE_SOCKET=str(root / "data/judge.sock"),
        MUSTER_SOURCE_ROOTS=str(root / "tmp"),  # pytest's tmp_path lies in it
        MUSTER_ALLOWED_ORIGINS="",
        MUSTER_PUBLIC_URL="http://testserver",
        MUSTER_TEST_ROOT=str(root),
        PYTEST_DEBUG_TEMPROOT=str(root / "tmp"),
        MLFLOW_TRACKING_URI="",
        DATABASE_OWNER_URL="",
        ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
        MUSTER_API_RATE="0",
        # What holds news back has tests of its own; the others would wait for Monday morning.
        MUSTER_NOISE_LIMITS="false",
        MUSTER_GROUP_WAIT_SECONDS="0",
        MUSTER_GROUP_INTERVAL_SECONDS="0",
        MUSTER_REQUIRE_MFA="nobody",  # tests of the rule set it themselves
    )


def start_servers() -> None:
    """Start what the environment does not name, and see to it that all of it ends."""
    root = make_root()
    supervisor = Supervisor(logs=root / "logs", say=tell)

    def end() -> None:
        supervisor.stop()
        shutil.rmtree(root, ignore_errors=True)

    atexit.register(end)
    supervisor.keeper.remove(root)
    set_environment(root)
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = start_postgres(supervisor, root)
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = start_valkey(supervisor, root)


def take_own_valkey_database(worker: str) -> None:
    """Give an xdist worker its own database number, so that workers do not eat others' messages."""
    number = int(worker.removeprefix("gw")) + 1
    address = urlsplit(os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = urlunsplit(address._replace(path=f"/{number % valkey.DATABASES}"))
    own = Path(os.environ["MUSTER_TEST_ROOT"]) / f"data-{worker}"
    own.mkdir(exist_ok=True)
    os.environ["MUSTER_DATA_DIR"] = str(own)
    os.environ["MUSTER_JUDGE_SOCKET"] = str(own / "judge.sock")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Run before every other plugin's hook, among them the one that reads Django's settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        take_own_valkey_database(worker)
    elif "MUSTER_TEST_ROOT" not in os.environ:
        start_servers()
    return (yield)
