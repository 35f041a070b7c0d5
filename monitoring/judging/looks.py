"""Where a data check gets what it knows of two tables: from arrays that are read here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, Protocol

from monitoring.checks.profiles import TableProfile
from monitoring.checks.shapes import ContractSpec, DataSpec
from monitoring.data import readers
from monitoring.data.columns import Column, load_all
from monitoring.data.profiling import profile
from monitoring.judging.protocol import Job

# Column, or Counted where the rows are elsewhere: scores ask the same of both.
Columns = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What is known of a batch."""

    profile: TableProfile
    columns: Columns
    sampled: bool = False


class Engine(Protocol):
    """What reads and counts. Both looks raise readers.Unreadable."""

    def batch(self, job: Job, spec: DataSpec, contract: ContractSpec) -> Seen: ...
    def reference(
        self, job: Job, spec: DataSpec, contract: ContractSpec, names: list[str]
    ) -> Columns: ...
    def made_with(self) -> dict[str, Any]: ...


class Arrays:
    """The engine of one machine: up to the row cap, every value is here."""

    def batch(self, job: Job, spec: DataSpec, contract: ContractSpec) -> Seen:
        frame = readers.read(
            job.batch,
            kind=job.batch_format,
            columns=wanted(spec, contract),
            strings=texts(contract, contract.columns),
        )
        out, table = aside(job), frame.table
        columns = {
            name: column for name, column in _load(frame, spec.time).items() if name not in out
        }
        ids = table["request_id"] if "request_id" in table.column_names else None
        seen = profile(
            frame, columns, rules=contract.columns, ids=ids,
            time=columns.get(spec.time), window=window(job),
        )  # fmt: skip
        return Seen(seen, columns, frame.sampled)

    def reference(
        self, job: Job, spec: DataSpec, contract: ContractSpec, names: list[str]
    ) -> Columns:
        frame = readers.read(
            job.reference, kind=job.reference_format, columns={*names, *spec.segments, spec.time},
            strings=texts(contract, names),
        )  # fmt: skip
        return _load(frame, spec.time)

    def made_with(self) -> dict[str, Any]:
        return {**versions(), "row_cap": readers.ROW_CAP, "seed": readers.SEED}


@cache
def versions() -> dict[str, str]:
    """Return the versions that a score depends on."""
    return {name: version(name) for name in ("evidently", "numpy", "pandas")}


def wanted(spec: DataSpec, contract: ContractSpec) -> set[str]:
    """Return the columns that a batch is read for."""
    return {*contract.columns, *spec.segments, spec.time, "request_id"}


def aside(job: Job) -> set[str]:
    """Return the columns that are no part of a row's content."""
    return {"request_id", *job.roles.leave_out}


def texts(contract: ContractSpec, names: Any) -> list[str]:
    """Return those of the columns that are not to be guessed into numbers."""
    return [name for name in names if contract.columns[name].family in ("category", "text")]


def window(job: Job) -> Any:
    """Return first and last moment of the window, or None."""
    return (job.window_start, job.window_end) if job.window_start and job.window_end else None


def _load(frame: readers.Frame, time: str) -> dict[str, Column]:
    # Identifiers are one a row: nothing but their repeats is looked at.
    return load_all(frame.table, time=time, leave_out={"request_id"})
