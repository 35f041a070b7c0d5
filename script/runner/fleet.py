"""The reference fleet around Muster: its trainer, its publication, its first full cycle."""

import base64
import json
import sys
import time
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from script.runner.addresses import Addresses
from script.runner.part import Part, RunnerError
from script.runner.processes import CHECKOUT
from script.runner.ready import listens
from script.runner.state import State
from script.runner.surroundings import landing
from script.runner.tasks import ADMIN, Tasks

OWNER = "ana@example.org"
VALIDATOR = "vera@example.org"
# The keys of the last line, in the order the issue gives them.
COUNTS = (
    "models", "units", "versions", "metric_points", "observations", "ok", "drift", "breach",
    "data_fault", "source_fault", "missed", "not_evaluated", "incidents", "alerts_delivered",
    "decisions",
)  # fmt: skip
_POLL_SECONDS = 4.0
_STALL_SECONDS = 300.0


@dataclass
class Fleet:
    """Other teams' jobs: they reach Muster by its public API and by files alone."""

    tasks: Tasks
    state: State
    at: Addresses
    token: str

    @property
    def _secrets(self) -> dict[str, str]:
        """What the fleet's programs read from the environment: `ps` shows arguments to all."""
        return {
            "MUSTER_TOKEN": self.token,
            "FLEET_PASSWORD": self.state.secret("demo_password"),
            "FLEET_WEBHOOK_SECRET": self.state.secret("webhook_secret"),
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def trainer(self) -> Part:
        """The program that retrains when Muster's signed webhook asks."""
        return Part(
            name="trainer",
            command=(
                sys.executable, "-m", "examples.fleet.trainer",
                f"--port={self.at.trainer_port}",
                f"--muster-url={self.at.web}",
                f"--mlflow-uri={self.at.mlflow}",
                f"--landing={landing(self.state)}",
            ),
            environment=self._secrets,
            folder=CHECKOUT,
            ready=listens(self.at.trainer_port),
            order=3,
            detail=self.at.trainer,
        )  # fmt: skip

    def publish(self, *, models: int | None) -> bool:
        """Train, log and register the fleet unless an earlier start did; True when it worked."""
        wanted = {
            "models": models,
            "trainer": self.at.trainer,
            "mlflow": self.at.mlflow,
            "database": self.at.database,
        }
        if self.state.values.get("published") == wanted:
            return True
        size = [f"--models={models}"] if models else []
        code = self.tasks.run_outside(
            "-m", "examples.fleet.publish",
            f"--muster-url={self.at.web}",
            f"--mlflow-uri={self.at.mlflow}",
            f"--landing={landing(self.state)}",
            f"--trainer-url={self.at.trainer}",
            *size,
            **self._secrets,
        )  # fmt: skip
        if code:
            self.tasks.supervisor.say(f"publishing the fleet failed (exit code {code})")
            return False
        self.state.keep("published", wanted)
        return True

    def welcome(self) -> str:
        """Say where everything is."""
        password = self.state.secret("demo_password")
        public = public_half(self.state.checkpoint_key())
        return (
            f"\n  dashboard  {self.at.web}\n"
            f"  sign in    owner {OWNER}, validator {VALIDATOR}, admin {ADMIN};"
            f" password {password}\n"
            f"  API        {self.at.web}/api/docs/\n"
            f"  MLflow     {self.at.mlflow}\n"
            f"  mail       {self.state.folder / 'mail'}/<recipient>/new/\n"
            f"  logs       {self.tasks.supervisor.logs}\n"
            f"  audit      public key of its checkpoints {public}\n"
            f"  manage.py  in the environment of {self.state.folder / 'environment'}"
            " (docs/commands.md)\n"
        )

    def see_through(self, began_at: float, *, sound: bool) -> tuple[int, str]:
        """Wait for the first full cycle and print the truth table; return exit code, last line."""
        found = self.await_cycle()
        score = self.tasks.run_outside(
            "-m", "examples.fleet.score",
            f"--muster-url={self.at.web}",
            **self._secrets,
        )  # fmt: skip
        down = self.tasks.supervisor.down()
        if down:
            self.tasks.supervisor.say(f"not working at the end: {', '.join(down)}")
        if found.get("invariants_broken"):
            self.tasks.supervisor.say(
                f"{found['invariants_broken']} invariants are broken; see {self.at.web}/watcher/"
            )
        line = {name: found.get(name) for name in COUNTS}
        line["seconds"] = round(time.monotonic() - began_at, 1)
        good = sound and score == 0 and not down
        return (0 if good else 1), json.dumps(line)

    def await_cycle(self) -> dict[str, object]:
        """Ask again and again until nothing is pending; a standstill of minutes is a failure."""
        supervisor = self.tasks.supervisor
        before: object = None
        moved_at, quiet = time.monotonic(), 0
        while True:
            found = self.tasks.read_json("manage.py", "cycle", "--json")
            waiting = {name: count for name, count in found["pending"].items() if count}
            # Twice in a row: between two duties there is a moment in which nothing is due.
            quiet = quiet + 1 if found["done"] else 0
            if quiet == 2:
                return found
            if found != before:
                before, moved_at = found, time.monotonic()
                listed = ", ".join(f"{count} {name}" for name, count in waiting.items())
                supervisor.say(f"waiting for {listed or 'the next look'}")
            elif time.monotonic() - moved_at > _STALL_SECONDS:
                raise RunnerError(f"the cycle stands still; still pending: {waiting}")
            supervisor.wait(_POLL_SECONDS)


def public_half(key: str) -> str:
    """Return the part of the checkpoints' key that auditors need."""
    private = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(key))
    return base64.urlsafe_b64encode(private.public_key().public_bytes_raw()).decode()
