"""Hold what Muster found against what was scripted: pure counting over plain rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PIPELINE = ("data_fault", "source_fault")
QUIET = ("nothing", "season")
OPEN = ("queued", "running")
LARGE_FLEET = 60
TOLERATED = 0.05  # of the quiet models of a large fleet


@dataclass(frozen=True)
class Found:
    """One judged window of one check; `window` counts from 1."""

    check: str
    window: int
    state: str
    revision: int = 1


@dataclass(frozen=True)
class Alerted:
    """One alert; `window` is that of its first bad one."""

    check: str
    condition: str
    window: int


@dataclass
class ModelResult:
    """A model's script and everything Muster said about it."""

    script: dict[str, object]
    runs: list[Found] = field(default_factory=list)
    alerts: list[Alerted] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # addresses that a message reached

    @property
    def kind(self) -> str:
        """Name what was scripted."""
        return str(self.script["kind"])

    @property
    def states(self) -> dict[int, str]:
        """Give the state of the data check, window by window."""
        return {run.window: run.state for run in self.runs if run.check == "data"}

    @property
    def wanted(self) -> list[set[str]]:
        """Give the allowed states of the data check, window 1 first."""
        listed = self.script["data"]
        if not isinstance(listed, list):
            raise TypeError("`data` of the truth is a list of states")
        return [set(str(states).split("|")) for states in listed]


@dataclass(frozen=True)
class Line:
    """One line of the truth table; `binding` ones decide the exit code."""

    text: str
    count: int
    of: int
    good: bool
    binding: bool
    names: tuple[str, ...] = ()  # what went wrong


def window_number(moment: datetime, first: datetime) -> int:
    """Count in which window a moment lies; the first one is 1."""
    return (moment - first) // timedelta(days=7) + 1


def table(results: Iterable[ModelResult]) -> list[Line]:
    """Count everything that can be said."""
    models = list(results)
    quiet = [model for model in models if model.kind in QUIET]
    lines = [
        _all("models with every window accounted for", models, _accounted, binding=True),
        *_pipeline([model for model in models if _fault_windows(model)]),
        *[
            _all(f"{kind} drifts alerted", _of(models, kind), _alerted, binding=kind == "sudden")
            for kind in ("sudden", "gradual", "segment", "concept")
        ],
        _all("latency limits alerted", _of(models, "latency"), _alerted),
        _quiet(quiet, len(models)),
        _all(
            "fairness checks judged, and no chance called unfair",
            [model for model in models if model.script.get("fairness") == "must_not_alert"],
            _fair,
            binding=True,
        ),
        _all("unfair models told, once and in time", _of(models, "unfair"), _unfair, binding=True),
        _all("late batches judged after they were missed", _of(models, "late_batch"), _judged_late),
        _all("late batches not called drift", _of(models, "late_batch"), _without_drift, True),
        _owners(models),
    ]
    return [line for line in lines if line.of]


def passed(lines: Iterable[Line]) -> bool:
    """Say whether everything that binds is as it must be."""
    return all(line.good for line in lines if line.binding)


def _of(models: list[ModelResult], kind: str) -> list[ModelResult]:
    return [model for model in models if model.kind == kind]


def _all(
    text: str,
    models: list[ModelResult],
    holds: Callable[[ModelResult], bool],
    binding: bool = False,
) -> Line:
    missed = tuple(str(model.script["slug"]) for model in models if not holds(model))
    return Line(text, len(models) - len(missed), len(models), not missed, binding, missed)


def _accounted(model: ModelResult) -> bool:
    states = model.states
    return all(states.get(n, "queued") not in OPEN for n in range(1, len(model.wanted) + 1))


def _fault_windows(model: ModelResult) -> list[int]:
    return [n for n, states in enumerate(model.wanted, start=1) if states & set(PIPELINE)]


def _pipeline(models: list[ModelResult]) -> list[Line]:
    """Count the windows whose pipeline was broken on purpose."""
    windows = [(model, n) for model in models for n in _fault_windows(model)]
    seen = [(model, n) for model, n in windows if model.states.get(n) in PIPELINE]
    drift = [(model, n) for model, n in windows if model.states.get(n) in ("drift", "breach")]
    exact = [(model, n) for model, n in windows if model.states.get(n) in model.wanted[n - 1]]
    missed = _named([pair for pair in windows if pair not in seen])
    wrong = _named([pair for pair in seen if pair not in exact])
    of = len(windows)
    return [
        Line("broken windows reported as a fault", len(seen), of, not missed, True, missed),
        Line("broken windows called drift", len(drift), of, not drift, True, _named(drift)),
        Line("  with the right kind of fault", len(exact), of, len(exact) == of, False, wrong),
        _all("pipeline faults alerted", models, _alerted),
    ]


def _named(pairs: Iterable[tuple[ModelResult, int]]) -> tuple[str, ...]:
    return tuple(f"{model.script['slug']} window {number}" for model, number in pairs)


def _alerted(model: ModelResult) -> bool:
    """Say whether the right alert came, and not before there was something to see."""
    first, last = int(str(model.script["from_window"])), int(str(model.script["to_window"]))
    return any(
        alert.check == model.script["alert_check"]
        and alert.condition == model.script["alert_condition"]
        and first <= alert.window <= last
        for alert in model.alerts
    )


def _quiet(models: list[ModelResult], of_all: int) -> Line:
    loud = tuple(str(model.script["slug"]) for model in models if model.alerts)
    allowed = int(TOLERATED * len(models)) if of_all > LARGE_FLEET else 0
    return Line(
        "nothing or season, but alerted", len(loud), len(models), len(loud) <= allowed, True, loud
    )


def _fair(model: ModelResult) -> bool:
    """Say whether the groups were looked at and nobody was alarmed by chance."""
    judged = any(run.check == "fairness" and run.state == "ok" for run in model.runs)
    return judged and not any(alert.check == "fairness" for alert in model.alerts)


def _unfair(model: ModelResult) -> bool:
    """Say whether one alert came of the treatment, from the first week on, and nothing else did."""
    first = int(str(model.script["from_window"]))
    return [(alert.check, alert.condition, alert.window) for alert in model.alerts] == [
        ("fairness", "breach", first)
    ]


def _judged_late(model: ModelResult) -> bool:
    late = model.script["missed_first"]
    return any(
        run.check == "data" and run.window == late and run.revision > 1 and run.state == "ok"
        for run in model.runs
    )


def _without_drift(model: ModelResult) -> bool:
    return "drift" not in model.states.values()


def _owners(models: list[ModelResult]) -> Line:
    """Count the owners of failing models whom a message about one of them has reached."""
    failing = [model for model in models if model.script["alert"] == "must"]
    owners = sorted({str(model.script["owner"]) for model in failing})
    reached = {
        str(model.script["owner"]) for model in failing if str(model.script["owner"]) in model.told
    }
    missed = tuple(owner for owner in owners if owner not in reached)
    text = "owners of failing models who were told"
    return Line(text, len(reached), len(owners), not missed, True, missed)
