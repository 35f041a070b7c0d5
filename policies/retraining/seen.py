"""What a retraining decision is made from, as values that can be stored and replayed. Pure."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class MetricSeen:
    """One performance metric of one window, with what it is measured against."""

    name: str
    value: float
    direction: str  # "min": below the limit is bad; "max": above it
    limit: float | None = None
    reference: float | None = None  # the champion's own value when it was trained


@dataclass(frozen=True)
class WindowSeen:
    """One window a check has accounted for, with what was measured in it."""

    check: str
    kind: str  # data, performance, metric
    start: datetime
    end: datetime
    run: int
    state: str
    version: int | None = None  # the version it was judged for
    drift_share: float | None = None
    drifted: tuple[str, ...] = ()
    metrics: tuple[MetricSeen, ...] = ()


@dataclass(frozen=True)
class FaultSeen:
    """A data or source fault that is open now."""

    check: str
    state: str
    since: datetime
    reason: str = ""


@dataclass(frozen=True)
class RetrainingSeen:
    """A retraining that was asked for before, and which windows it answered."""

    at: datetime
    state: str
    champion: int | None  # the champion it was to replace
    covers_until: datetime  # windows that end by then have been answered
    version: int | None = None  # what came of it


@dataclass(frozen=True)
class Facts:
    """Everything decide() may look at beside the policy and the time."""

    model: str
    lifecycle: str
    trigger_run: int | None  # None: the cadence asked, no verdict
    trainer_known: bool = True
    champion: int | None = None
    champion_created_at: datetime | None = None
    windows: tuple[WindowSeen, ...] = ()  # in window order
    windows_open: int = 0  # still being judged
    faults: tuple[FaultSeen, ...] = ()
    retrainings: tuple[RetrainingSeen, ...] = ()  # oldest first


def to_json(facts: Facts) -> dict[str, Any]:
    """Return the facts as JSON can hold them."""
    found: dict[str, Any] = _plain(asdict(facts))
    return found


def from_json(stored: dict[str, Any]) -> Facts:
    """Return facts as they were stored, so that a decision can be made again."""
    return Facts(
        **{
            **stored,
            "champion_created_at": _time(stored["champion_created_at"]),
            "windows": tuple(_window(item) for item in stored["windows"]),
            "faults": tuple(
                FaultSeen(**{**item, "since": _time(item["since"])}) for item in stored["faults"]
            ),
            "retrainings": tuple(
                RetrainingSeen(
                    **{
                        **item,
                        "at": _time(item["at"]),
                        "covers_until": _time(item["covers_until"]),
                    }
                )
                for item in stored["retrainings"]
            ),
        }
    )


def _window(item: dict[str, Any]) -> WindowSeen:
    return WindowSeen(
        **{
            **item,
            "start": _time(item["start"]),
            "end": _time(item["end"]),
            "drifted": tuple(item["drifted"]),
            "metrics": tuple(MetricSeen(**metric) for metric in item["metrics"]),
        }
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
