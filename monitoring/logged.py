"""Take the rows that runs in MLflow logged: the newest finished run of a window gives its batch.

A run says in tags which model it scored (`muster.model`) and for which window
(`muster.window`); without the second it belongs to the window in which it began. Only what says
that it is of this model is read: in a shared experiment other units' rows lie beside it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitoring import grid, shelves
from monitoring.artifacts import Artifact, read, server_of
from monitoring.data import landing
from monitoring.data.folder import CannotLook, File
from monitoring.models import Batch, LabelSet, Source
from monitoring.patience import Sight
from monitoring.planning import HORIZON
from registry.mlflow import scored
from registry.mlflow.client import Client, Kind, MlflowError, OutOfTime
from registry.mlflow.scored import Experiment, ScoredRun
from registry.models import RegisteredModel
from registry.problems import Invalid
from registry.queries import champion

MODEL, WINDOW = "muster.model", "muster.window"
# So long after it ended a run is looked for; at first, and after an outage, longer.
_LOOK_BACK = timedelta(days=35)
_MARGIN = timedelta(days=1)
_SECONDS = 60.0
_A_LOOK = 5  # so many files are fetched in one look
_MOST_TRIED = 5  # so many runs of one window are searched for the artifact
_MOST_SAID = 3


def look(source: Source, *, at: datetime) -> Sight:
    """Fetch what finished runs have logged for windows that have nothing newer, oldest first."""
    server = server_of(source.model)
    if server is None:
        fix = "say in its record where MLflow knows it, or remove the source from the checks"
        return Sight(fault=f"The model is tied to no MLflow server any more; {fix}")
    if server.breaker_until is not None and server.breaker_until > at:
        return Sight(fault=f"MLflow has not answered lately: {server.fault}")
    found = _Look(source, Client(server, seconds=_SECONDS), at)
    try:
        found.run()
    except OutOfTime as error:
        # Large files: what came is kept, and the next look goes on.
        return Sight("" if found.fresh else str(error), fresh=found.fresh, whole=not found.fresh)
    except MlflowError as error:
        return Sight(str(error), fresh=found.fresh, hangs=error.is_of_the_server)
    except CannotLook as error:
        return Sight(str(error), fresh=found.fresh)
    said = "; ".join(found.complaints[:_MOST_SAID])
    return Sight(said, fresh=found.fresh, whole=not found.more)


@dataclass
class _Look:
    """One look at an experiment."""

    source: Source
    client: Client
    at: datetime
    fresh: list[tuple[File, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    more: bool = False

    def run(self) -> None:
        """Find the runs, sort them by window, and take what is new."""
        experiment = _experiment(self.source, self.client)
        runs = self._runs(experiment)
        if not runs:
            self._hint(experiment)
        self.shelf = shelves.Shelf(self.source, self.client)
        self.rows = read(self.source.artifact, "/artifact")
        labels = self.source.labels_artifact
        self.labels = read(labels, "/labels_artifact") if labels else None
        by_window = self._by_window(runs)
        for start in sorted(by_window):
            self._window(start, by_window[start])
        if self.labels is not None:
            for run in reversed(runs):
                if not _says_window(run):
                    self._take(self.labels, "labels", run.run_id, [run])

    def _runs(self, experiment: Experiment) -> list[ScoredRun]:
        found: dict[str, ScoredRun] = {}
        for name in _names(self.source.model):
            question = scored.question({MODEL: name}, self._since())
            runs = self.client.find_scored_runs(experiment, question)
            found |= {run.run_id: run for run in runs}
        return sorted(found.values(), key=lambda run: (run.ended_at, run.run_id), reverse=True)

    def _since(self) -> datetime:
        """Return since when runs that ended may be news."""
        source, oldest = self.source, self.at - HORIZON
        if source.scanned_at is None:
            return oldest
        seen_until = min(source.scanned_at, source.fault_since or source.scanned_at)
        return max(oldest, min(self.at - _LOOK_BACK, seen_until - _MARGIN))

    def _hint(self, experiment: Experiment) -> None:
        """Say so when runs log the table and only do not say of which model it is."""
        path = read(self.source.artifact, "/artifact").path
        if not path or self.source.batches.exists():
            return
        logged = {"mlflow.loggedArtifacts": f"%{path}%"}
        question = scored.question(logged, self.at - _LOOK_BACK, like=logged)
        nameless = [
            run for run in self.client.find_scored_runs(experiment, question, most=20)
            if not run.tags.get(MODEL)
        ]  # fmt: skip
        if nameless:
            self.complaints.append(
                f"Runs in the experiment {experiment.name} log {path} and do not say which model"
                f" they scored; set their tag {MODEL} to {self.source.model.slug}"
            )

    def _by_window(self, runs: list[ScoredRun]) -> dict[datetime, list[ScoredRun]]:
        """Return the runs of each window, the newest first."""
        windows = grid.of(self.source, at=self.at)
        found: dict[datetime, list[ScoredRun]] = defaultdict(list)
        for run in runs:
            if said := _says_window(run):
                try:
                    found[windows.start_of(said, "/")].append(run)
                except Invalid as error:
                    told = error.errors[0]
                    self._complain(run, f"has the tag {WINDOW}, but {told.detail}; {told.fix}")
            else:
                for start in windows.around(run.started_at):
                    found[start].append(run)
        return found

    def _window(self, start: datetime, runs: list[ScoredRun]) -> None:
        name = landing.name_of(start)
        here = self._take(self.rows, "batches", name, runs)
        told = [run for run in runs if _says_window(run)]
        labeled = self.labels is not None and self._take(self.labels, "labels", name, told)
        if told and not here and not labeled:
            what = " and no ".join(str(one) for one in (self.rows, self.labels) if one)
            fix = "log it in that run or a later one, or correct the source"
            self._complain(told[0], f"of the window {name} logged no {what}; {fix}")

    def _take(self, wanted: Artifact, kind: str, name: str, runs: list[ScoredRun]) -> bool:
        """Fetch the newest run's file unless it is here; say whether there is one."""
        known = self._known(kind, name)
        for run in runs[:_MOST_TRIED]:
            if known == _mark(run):
                return True
            if len(self.fresh) >= _A_LOOK:
                self.more = True
                return True
            try:
                file = self.shelf.fetch(run, wanted, kind, name)
            except shelves.CannotTake as error:
                self._complain(run, str(error))
                return True
            if file is not None:
                self.fresh.append(self._described(file, run, wanted, kind, name, len(runs)))
                return True
        return known is not None

    def _known(self, kind: str, name: str) -> str | None:
        """Return of which run that is which is here, None when nothing is."""
        rows = self.source.batches if kind == "batches" else self.source.label_sets
        of = {"window_start": landing.window_start(name)} if kind == "batches" else {"name": name}
        newest: Batch | LabelSet | None = rows.filter(**of).order_by("landed_at", "pk").last()
        return newest.modified if newest else None

    def _described(
        self, file: shelves.Fetched, run: ScoredRun, wanted: Artifact, kind: str, name: str, of: int
    ) -> tuple[File, str]:
        origin = {"mlflow_run": run.run_id, "mlflow_artifact": str(wanted)}
        if of > 1:
            origin["mlflow_runs"] = f"the newest of {of} that this window has"
        found = File(kind, name, file.path, file.size, _mark(run), file.format, origin)
        return found, file.digest

    def _complain(self, run: ScoredRun, what: str) -> None:
        if run.ended_at >= self.at - _LOOK_BACK:
            self.complaints.append(f"The run {run.run_id} {what}")


def _experiment(source: Source, client: Client) -> Experiment:
    if source.address:
        try:
            found = client.find_experiment(source.address)
        except MlflowError as error:
            if error.kind is not Kind.MISSING:
                raise
            raise CannotLook(
                f"MLflow has no experiment {source.address} that Muster may see;"
                " correct the source's address, or give Muster's account access"
            ) from error
    else:
        version = champion(source.model)
        if version is None or not version.run_id:
            raise CannotLook(
                "No version with a run has the alias champion in MLflow, so that its experiment is"
                " not known; name the experiment as the source's address"
            )
        found = client.experiment_of(version.run_id)
    if found.is_deleted:
        raise CannotLook(
            f"The experiment {found.name} is deleted in MLflow; restore it, or name another"
        )
    return found


def _names(model: RegisteredModel) -> list[str]:
    """Return what a run may call the model: its slugs, which are never reused, and its UUID."""
    former = model.slugs.exclude(slug=model.slug).order_by("slug")
    return [model.slug, str(model.uuid), *former.values_list("slug", flat=True)]


def _says_window(run: ScoredRun) -> str:
    return run.tags.get(WINDOW, "").strip()


def _mark(run: ScoredRun) -> str:
    """Return what changes when another run, or this one again, gives a window its rows."""
    return f"{run.run_id} {int(run.ended_at.timestamp() * 1000)}"
