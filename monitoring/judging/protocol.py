"""What goes to the judge and what comes back: frozen dataclasses and their JSON.

Both sides import this module; it knows neither Django nor numpy.
"""

import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

MAX_MESSAGE = 64 * 2**20
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Roles:
    """Which columns are not features."""

    prediction: str = ""
    label: str = ""
    time: str = ""
    leave_out: tuple[str, ...] = ()  # identifiers: request_id, the group of a ranking


@dataclass(frozen=True)
class Job:
    """One piece of work: `kind` names a job of monitoring.judging.child."""

    kind: str
    seconds: float = 60.0
    spec: dict[str, Any] = field(default_factory=dict)
    contract: dict[str, Any] = field(default_factory=dict)
    reference: str = ""
    batch: str = ""
    batch_format: str = "parquet"
    labels: tuple[str, ...] = ()  # oldest first: a later file corrects an earlier one
    window_start: datetime | None = None
    window_end: datetime | None = None
    roles: Roles = Roles()
    usual_rows: float | None = None
    environment: dict[str, str] = field(default_factory=dict)  # keys of a store; the child's only
    reference_format: str = "parquet"
    importance: dict[str, Any] = field(default_factory=dict)  # by column, as the run logged it


@dataclass(frozen=True)
class ReadingOut:
    """One score, as it is stored."""

    feature: str
    segment: str
    method: str
    method_version: str
    value: float | None
    p_value: float | None
    n_reference: int | None
    n_current: int | None
    limit: float | None
    direction: str
    crossed: bool
    note: str = ""
    stage: str = ""  # see states.Stage
    adjusted_p: float | None = None
    effect: float | None = None
    weight: float | None = None


@dataclass(frozen=True)
class GroupCountOut:
    """Counts of one group, as they are stored; what only labels tell is None without them."""

    attribute: str
    group: str
    n: int
    selected: int
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None


@dataclass(frozen=True)
class HistogramOut:
    """Counts of both sides over the same bins, as they are stored."""

    feature: str
    segment: str
    edges: list[float] | None
    labels: list[str] | None
    reference: list[int]
    current: list[int]
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What the judge found. `state` is a verdict of monitoring.states, or "learned", "made"."""

    state: str
    reason: str = ""
    rows: int | None = None
    labeled: int | None = None
    readings: tuple[ReadingOut, ...] = ()
    histograms: tuple[HistogramOut, ...] = ()
    groups: tuple[GroupCountOut, ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)
    made_with: dict[str, Any] = field(default_factory=dict)
    contract: dict[str, Any] = field(default_factory=dict)
    document: str = ""  # HTML, when a document was asked for

    @property
    def completeness(self) -> float | None:
        """The share of rows with a label, where labels were asked for."""
        if self.labeled is None or self.rows is None:
            return None
        return self.labeled / self.rows if self.rows else 0.0


def dump_job(job: Job) -> bytes:
    """Write a job."""
    return json.dumps(asdict(job), default=datetime.isoformat).encode()


def load_job(data: bytes) -> Job:
    """Read a job."""
    raw = json.loads(data)
    roles = raw.pop("roles")
    for name in ("window_start", "window_end"):
        raw[name] = datetime.fromisoformat(raw[name]) if raw[name] else None
    raw["labels"] = tuple(raw["labels"])
    roles["leave_out"] = tuple(roles["leave_out"])
    return Job(**raw, roles=Roles(**roles))


def dump_result(result: Result) -> bytes:
    """Write a result; NaN and infinity may not pass, PostgreSQL's JSON has neither."""
    # Not asdict(): it copies every number before one is written.
    return json.dumps({"result": result}, allow_nan=False, default=vars).encode()


def dump_error(error: str, message: str) -> bytes:
    """Write that there is no result."""
    return json.dumps({"error": error, "message": message}).encode()


def load_answer(data: bytes) -> Any:
    """Parse what a judge sent; what PostgreSQL cannot store of a stranger's texts is replaced.

    Names and values come from the batch, and a NUL or half a surrogate pair in one of them would
    keep the verdict from ever being written.
    """
    found = json.loads(data)
    # Written as escapes, so that a look at the bytes tells whether there may be one.
    return _storable(found) if b"\\u0000" in data or b"\\ud" in data else found


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    return value


def load_result(raw: dict[str, Any]) -> Result:
    """Read a result from the parsed answer."""
    found = dict(raw["result"])
    found["readings"] = tuple(ReadingOut(**one) for one in found["readings"])
    found["histograms"] = tuple(HistogramOut(**one) for one in found["histograms"])
    found["groups"] = tuple(GroupCountOut(**one) for one in found["groups"])
    return Result(**found)
