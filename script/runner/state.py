"""What one checkout's demo remembers between starts: ports, passwords, keys, what is done."""

import base64
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from script.runner.binaries import public_place
from script.runner.part import RunnerError
from script.runner.ports import free_port, is_free

_KEEPER_SECONDS = 12  # how long the rest of a killed runner may take to end


@dataclass
class State:
    """A folder of this checkout's own and the values in its state.json (mode 0600)."""

    checkout: Path
    say: Callable[[str], None]
    values: dict[str, Any] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    database_home: Path | None = None
    lock: int = -1

    @property
    def folder(self) -> Path:
        """Where everything but (as root) PostgreSQL's files lies."""
        return self.checkout / ".demo"

    @property
    def database_folder(self) -> Path:
        """Where the cluster lies: as root outside any private home, PostgreSQL is another user."""
        if self.database_home is not None:
            return self.database_home / "postgres"
        home = public_place(self.checkout) if os.getuid() == 0 else self.folder
        return home / "postgres"

    @property
    def judge_socket(self) -> Path:
        """Where the judge listens; a Unix socket's path may have 107 bytes at most."""
        path = self.folder / "judge.sock"
        if len(str(path)) < 100:
            return path
        place = public_place(self.checkout) / "run"
        place.mkdir(mode=0o700, exist_ok=True)
        return place / "judge.sock"

    def open(self) -> None:
        """Take the folder for this runner alone and read what it holds."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.folder.chmod(0o700)
        self.lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _KEEPER_SECONDS
        while True:
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                # A living runner, or the keeper of a killed one that ends its parts just now.
                if self._holder_lives() or time.monotonic() > deadline:
                    raise RunnerError("script/demo is already running in this checkout") from None
                time.sleep(0.2)
        os.truncate(self.lock, 0)
        os.pwrite(self.lock, str(os.getpid()).encode(), 0)
        try:
            self.values = json.loads((self.folder / "state.json").read_text())
        except FileNotFoundError:
            self.values = {}

    def _holder_lives(self) -> bool:
        holder = os.pread(self.lock, 20, 0)
        try:
            os.kill(int(holder), 0)
        except (ValueError, ProcessLookupError):
            return False
        except PermissionError:
            return True
        return True

    def reset(self) -> None:
        """Forget everything but the lock."""
        for path in self.folder.iterdir():
            if path.name != "lock":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.rmtree(self.database_folder, ignore_errors=True)
        self.values = {}

    def keep(self, name: str, value: Any) -> None:
        """Remember a value; None forgets it."""
        self.values[name] = value
        aside = self.folder / "state.json.new"
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({key: val for key, val in self.values.items() if val is not None}, file)
        aside.replace(self.folder / "state.json")

    def secret(self, name: str) -> str:
        """Return the password of this name, made once."""
        if name not in self.values:
            self.keep(name, secrets.token_hex(16))
        return str(self.values[name])

    def fernet_key(self) -> str:
        """Return the key that encrypts stored secrets, made once."""
        if "fernet_key" not in self.values:
            self.keep("fernet_key", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        return str(self.values["fernet_key"])

    def checkpoint_key(self) -> str:
        """Return the key that signs the audit's checkpoints, made once (32 bytes)."""
        if "checkpoint_key" not in self.values:
            self.keep("checkpoint_key", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        return str(self.values["checkpoint_key"])

    def port(self, name: str) -> int:
        """Return the port of this name: the same as last time unless somebody took it."""
        key = f"{name}_port"
        known = self.values.get(key)
        if name not in self.settled and (known is None or not is_free(known)):
            fresh = free_port()
            if known is not None:
                self.say(f"port {known} of {name} is taken by now; using {fresh}")
            self.keep(key, fresh)
        self.settled.add(name)  # from here on the port is taken by our own part
        return int(self.values[key])
