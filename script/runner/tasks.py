"""Commands that run to their end while the parts are watched."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from script.runner.part import RunnerError
from script.runner.spawn import signal_family, spawn
from script.runner.state import State
from script.runner.supervisor import Supervisor

CHECKOUT = Path(__file__).resolve().parents[2]
ADMIN = "admin@example.org"
_TOKEN_SECONDS = 60 * 86_400  # bootstrap makes tokens for 90 days


@dataclass
class Tasks:
    """Runs commands with Muster's environment; the supervisor keeps watching meanwhile."""

    supervisor: Supervisor
    environment: Mapping[str, str]
    owner_url: str

    def run_outside(self, *command: str, **environment: str) -> int:
        """Run a program that is no part of Muster, for the person to see; return its exit code.

        It gets none of Muster's settings: other teams reach Muster by its API alone.
        """
        return self._finish(self._begin(command, environment, output=sys.stdout.fileno()))

    def read(self, *command: str, **more: str) -> str:
        """Run one of Muster's commands for what it writes; RunnerError when it fails."""
        log = self.supervisor.logs / f"{Path(command[0]).stem}-{command[1]}.out"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb+") as output:
            settings = {**self.environment, **more}
            process = self._begin(command, settings, output=output.fileno())
            code = self._finish(process)
            output.seek(0)
            text = output.read().decode(errors="replace")
        if code:
            raise RunnerError(f"{' '.join(command)} failed (exit code {code}):\n{text[-3000:]}")
        return text

    def read_json(self, *command: str, **more: str) -> dict[str, Any]:
        """Run a command that prints one JSON object, among other lines perhaps."""
        text = self.read(*command, **more)
        for line in reversed(text.splitlines()):
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        raise RunnerError(f"{' '.join(command)} printed no JSON object:\n{text[-3000:]}")

    def migrate(self) -> None:
        """Bring the tables up to date as their owner, then give the service its rights."""
        self.supervisor.say("migrating the database")
        self.read("manage.py", "migrate", "--no-input", DATABASE_URL=self.owner_url)
        self.read("manage.py", "grant", DATABASE_OWNER_URL=self.owner_url)

    def token(self, state: State, *, renew: bool = False) -> str:
        """Return the platform admin's API token: the last start's while nothing has changed.

        `bootstrap` also tells Muster where MLflow is, so it runs again when that has moved.
        """
        known, mlflow = state.values.get("token"), self.environment["MLFLOW_TRACKING_URI"]
        young = time.time() - state.values.get("token_made_at", 0) < _TOKEN_SECONDS
        if renew or not (known and young and state.values.get("token_mlflow") == mlflow):
            made = self.read_json(
                "manage.py", "bootstrap",
                f"--email={ADMIN}", MUSTER_BOOTSTRAP_PASSWORD=state.secret("demo_password"),
            )  # fmt: skip
            known = made["token"]
            state.keep("token", known)
            state.keep("token_mlflow", mlflow)
            state.keep("token_made_at", time.time())
        return str(known)

    def _begin(
        self, command: tuple[str, ...], environment: Mapping[str, str], *, output: int
    ) -> subprocess.Popen[bytes]:
        process = spawn(
            (sys.executable, *command),
            environment={**os.environ, **environment},
            log=output,
            folder=CHECKOUT,
        )
        self.supervisor.keeper.hold(process.pid, signal.SIGTERM)
        return process

    def _finish(self, process: subprocess.Popen[bytes]) -> int:
        try:
            while process.poll() is None:
                self.supervisor.wait(0.2)
        finally:
            if process.poll() is None:  # the runner is being stopped
                process.terminate()
                process.wait(10)
            signal_family(process.pid, signal.SIGKILL)
            self.supervisor.keeper.release(process.pid)
        return process.returncode
