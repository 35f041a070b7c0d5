"""Count the windows that showed a signal, and tell new causes from answered ones. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf

from policies.retraining.seen import Facts, MetricSeen, RetrainingSeen, WindowSeen
from policies.retraining.specs import DriftShare, MetricDrop

# A retraining that failed has answered nothing; any other one answers the windows it covers.
ANSWERING = ("requested", "started", "succeeded")


@dataclass(frozen=True)
class SignalSeen:
    """How one signal of a policy stands."""

    sentence: str
    counted: int  # windows that showed it, among the latest `of`
    looked: int  # windows there were to look at, at most `of`
    on: bool
    answered: bool = False  # on, but by a cause that a retraining has answered already


def latest_answer(facts: Facts) -> RetrainingSeen | None:
    """Return the newest retraining that did not fail."""
    answers = [item for item in facts.retrainings if item.state in ANSWERING]
    return max(answers, key=lambda item: item.at, default=None)


def look(signal: DriftShare | MetricDrop, facts: Facts) -> SignalSeen:
    """Say how a signal stands; with several checks the one that shows it most speaks."""
    shows = _drifts(signal) if isinstance(signal, DriftShare) else _drops(signal)
    found = [
        _look_at(signal, check, windows, shows, facts)
        for check, windows in _by_check(signal, facts).items()
    ]
    if not found:
        sentence = f"No judged window of the champion shows the {_name(signal)} yet."
        return SignalSeen(sentence, counted=0, looked=0, on=False)
    return max(found, key=lambda item: (item.on and not item.answered, item.on, item.counted))


def _look_at(
    signal: DriftShare | MetricDrop,
    check: str,
    windows: Sequence[WindowSeen],
    shows: Callable[[WindowSeen], bool],
    facts: Facts,
) -> SignalSeen:
    marks = [shows(window) for window in windows]
    counted, looked = sum(marks[-signal.of :]), len(marks[-signal.of :])
    answer = latest_answer(facts)
    on = counted >= signal.windows
    if on and answer is not None:
        fresh = marks[_first_fresh(signal, windows, marks, answer, facts.champion) :]
        if sum(fresh[-signal.of :]) < signal.windows:
            text = f"Check '{check}' still shows the {_name(signal)} that was answered already."
            return SignalSeen(text, counted, looked, on=True, answered=True)
        counted, looked = sum(fresh[-signal.of :]), len(fresh[-signal.of :])
    return SignalSeen(_sentence(signal, check, counted, looked, windows[-1]), counted, looked, on)


def _first_fresh(
    signal: DriftShare | MetricDrop,
    windows: Sequence[WindowSeen],
    marks: Sequence[bool],
    answer: RetrainingSeen,
    champion: int | None,
) -> int:
    """Return the index of the first window that the answer does not cover.

    Under another champion every later window is new. Under the same one, the cause is the same
    until the signal has gone off once: m of n was not reached at some window since.
    """
    after = [i for i, window in enumerate(windows) if window.end > answer.covers_until]
    if answer.champion != champion:
        return after[0] if after else len(windows)
    for i in after:
        seen = marks[max(0, i - signal.of + 1) : i + 1]
        # Windows that are no longer at hand count as if they had shown it.
        if sum(seen) + (signal.of - len(seen)) < signal.windows:
            return i + 1
    return len(windows)


def _by_check(signal: DriftShare | MetricDrop, facts: Facts) -> dict[str, list[WindowSeen]]:
    found: dict[str, list[WindowSeen]] = {}
    for window in sorted(facts.windows, key=lambda item: (item.start, item.run)):
        measured = (
            window.drift_share is not None
            if isinstance(signal, DriftShare)
            else _metric(signal, window) is not None
        )
        of_champion = window.version is None or window.version == facts.champion
        if measured and of_champion and signal.check in (None, window.check):
            found.setdefault(window.check, []).append(window)
    return found


def _drifts(signal: DriftShare) -> Callable[[WindowSeen], bool]:
    return lambda window: window.drift_share is not None and window.drift_share >= signal.at_least


def _drops(signal: MetricDrop) -> Callable[[WindowSeen], bool]:
    def shows(window: WindowSeen) -> bool:
        metric = _metric(signal, window)
        return metric is not None and drop(metric) >= signal.at_least

    return shows


def _metric(signal: MetricDrop, window: WindowSeen) -> MetricSeen | None:
    named: Iterable[MetricSeen] = (m for m in window.metrics if m.name == signal.metric)
    found = next(iter(named), None)
    return None if found is None or _base(found) is None else found


def _base(metric: MetricSeen) -> float | None:
    return metric.reference if metric.reference is not None else metric.limit


def drop(metric: MetricSeen) -> float:
    """Return how far a metric is worse than its reference (or limit), as a share of that."""
    base = _base(metric)
    if base is None:
        return 0.0
    worse = base - metric.value if metric.direction == "min" else metric.value - base
    if base == 0:
        return inf if worse > 0 else 0.0
    return worse / abs(base)


def _name(signal: DriftShare | MetricDrop) -> str:
    if isinstance(signal, DriftShare):
        return f"drift share of at least {signal.at_least:.0%}"
    return f"drop of {signal.metric} of at least {signal.at_least:.0%}"


def _sentence(
    signal: DriftShare | MetricDrop, check: str, counted: int, looked: int, newest: WindowSeen
) -> str:
    windows = "window" if looked == 1 else "windows"
    text = (
        f"Check '{check}' shows a {_name(signal)} in {counted} of the latest {looked} {windows};"
        f" the policy asks for {signal.windows} of {signal.of}"
    )
    if isinstance(signal, DriftShare):
        return f"{text} (latest: {newest.drift_share or 0:.0%}{_columns(newest)})."
    metric = _metric(signal, newest)
    if metric is None:
        return f"{text}."
    return f"{text} (latest: {metric.value:.4g} against {_base(metric) or 0:.4g})."


def _columns(window: WindowSeen) -> str:
    if not window.drifted:
        return ""
    rest = len(window.drifted) - 3
    return f": {', '.join(window.drifted[:3])}{f' and {rest} more' if rest > 0 else ''}"
