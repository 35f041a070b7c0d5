"""The jobs that were accepted and are not done: files, since a 202 must survive a crash."""

from __future__ import annotations

import json
from pathlib import Path

from examples.fleet.landing import put
from examples.fleet.retraining import Job


class AcceptedJobs:
    """One file a job, there from before the answer until the work is done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, job: Job) -> None:
        """Remember a job."""
        put(self._path(job), json.dumps(job.as_message()).encode())

    def finish(self, job: Job) -> None:
        """Forget a job that is done."""
        self._path(job).unlink(missing_ok=True)

    def give_up(self, job: Job) -> None:
        """Set a job aside for a person to look at; it is not taken up again by itself."""
        self._path(job).replace(self.folder / f"{job.job}.failed")

    def left(self) -> list[Job]:
        """List what an earlier process accepted and did not finish, oldest first."""
        paths = sorted(self.folder.glob("[!.]*.json"), key=lambda path: path.stat().st_mtime)
        return [Job.from_message(json.loads(path.read_text("utf-8"))) for path in paths]

    def _path(self, job: Job) -> Path:
        return self.folder / f"{job.job}.json"
