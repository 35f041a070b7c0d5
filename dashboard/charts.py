"""Every chart: SVG drawn by the server, classes only, with title, description and a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from dashboard import svg, words

_STEP, _TALL = 5, 26.0  # of a trend: width of a window with its gap, height
_POINTS = 200  # more are thinned to the least and the greatest of each stretch


@dataclass(frozen=True)
class Chart:
    """A drawing and the numbers it was drawn from."""

    title: str
    drawing: SafeString
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    limit: bool = False


@dataclass(frozen=True)
class Span:
    """A stretch of time in one state."""

    state: str
    start: datetime
    end: datetime
    reason: str = ""


def strip(key: str, spans: Sequence[Span], *, start: datetime, end: datetime) -> Chart:
    """Draw health over time; each stretch wide enough carries its shape."""
    length = max((end - start).total_seconds(), 1.0)
    width, parts = 960.0, []
    for span in spans:
        left = max(0.0, (span.start - start).total_seconds() / length) * width
        right = min(1.0, (span.end - start).total_seconds() / length) * width
        mark = words.health(span.state)
        box = '<rect class="span-{}" x="{}" y="2" width="{}" height="26"/>'
        parts.append(svg.draw(box, mark.tone, left, max(right - left, 1.5)))
        if right - left > 16:
            glyph = '<text class="glyph mid on-{}" x="{}" y="19">{}</text>'
            parts.append(svg.draw(glyph, mark.tone, (left + right) / 2, mark.shape))
    said = "; ".join(f"{words.health(s.state).word} from {words.moment(s.start)}" for s in spans)
    rows = [
        (words.health(s.state).word, words.moment(s.start), words.moment(s.end), s.reason)
        for s in reversed(spans)
    ]
    title = f"Health from {words.moment(start)} to {words.moment(end)}"
    drawing = svg.page(key, title, said[:900], svg.join(parts), width=int(width), height=30)
    return Chart(title, drawing, ("Health", "From", "To", "Why"), rows)


def series(
    key: str,
    title: str,
    points: Sequence[tuple[float, str, float | None]],
    *,
    limit: float | None = None,
    direction: str = "",
) -> Chart:
    """Draw values over time as (place, label, value); a gap in the data stays a gap."""
    known = [(place, value) for place, _, value in points if value is not None]
    note = f"limit {words.number(limit)}" if limit is not None else ""
    rows = [(label, words.number(value)) for _, label, value in reversed(points)]
    if not known:
        drawing = svg.page(key, title, "No values", SafeString(""))
        return Chart(title, drawing, ("When", "Value"), rows, note)
    values = [value for _, value in known] + ([limit] if limit is not None else [])
    low, high = svg.bounds(values)
    first, last = known[0][0], known[-1][0]

    def spot(place: float, value: float) -> tuple[float, float]:
        x = svg.LEFT + (place - first) / ((last - first) or 1) * (svg.WIDTH - svg.LEFT - svg.RIGHT)
        return x, svg.height_of(value, low, high)

    thin = _thin(known)
    parts = [svg.frame(low, high, points[0][1], points[-1][1])]
    if limit is not None:
        parts.append(svg.limit_line(limit, low, high))
    path = " ".join("{},{}".format(*spot(place, value)) for place, value in thin)
    parts.append(svg.draw('<polyline class="line" points="{}"/>', path))
    for place, value in thin if len(thin) <= 60 else []:
        bad = limit is not None and (value > limit if direction == "max" else value < limit)
        dot = '<circle class="dot{}" cx="{}" cy="{}" r="{}"/>'
        parts.append(svg.draw(dot, " bad" if bad else "", *spot(place, value), 4 if bad else 3))
    ends = f"from {words.number(known[0][1])} to {words.number(known[-1][1])}"
    said = f"{len(known)} values {ends}, latest {points[-1][1]}{'; ' + note if note else ''}"
    drawing = svg.page(key, title, said, svg.join(parts))
    return Chart(title, drawing, ("When", "Value"), rows[:100], said, limit is not None)


def overlay(
    key: str,
    title: str,
    bins: Sequence[str],
    reference: Sequence[float],
    current: Sequence[float],
    *,
    ticks: Sequence[str] = (),
) -> Chart:
    """Draw the shares of reference (filled) and current (outlined) over the same bins.

    `ticks` are what stands below the bins when their names are too long for that.
    """
    then, now = _shares(reference), _shares(current)
    high = max([*then, *now, 1e-9]) * 1.08
    slot = (svg.WIDTH - svg.LEFT - svg.RIGHT) / max(len(bins), 1)
    parts = [svg.frame(0.0, high, "", "", percent=True)]
    for place, value in enumerate(then):
        top = svg.height_of(value, 0, high)
        box = '<rect class="reference" x="{}" y="{}" width="{}" height="{}"/>'
        left = svg.LEFT + place * slot
        parts.append(svg.draw(box, left, top, slot, svg.HEIGHT - svg.BOTTOM - top))
    steps = []
    for place, value in enumerate(now):
        y = svg.height_of(value, 0, high)
        steps += [
            f"{svg.LEFT + place * slot:.1f},{y:.1f}",
            f"{svg.LEFT + (place + 1) * slot:.1f},{y:.1f}",
        ]
    parts.append(svg.draw('<polyline class="current" points="{}"/>', " ".join(steps)))
    parts += svg.bin_names(ticks or bins, slot)
    rows = [
        (name, f"{int(r):,}", words.share(a), f"{int(c):,}", words.share(b))
        for name, r, a, c, b in zip(bins, reference, then, current, now, strict=False)
    ]
    gap = max(range(len(rows)), key=lambda i: abs(now[i] - then[i]), default=None)
    said = "No rows"
    if gap is not None:
        moved = f"from {words.share(then[gap])} to {words.share(now[gap])}"
        said = f"Largest difference in {bins[gap]}: {moved} of the rows"
    columns = ("Values", "Reference", "Share", "Current", "Share ")
    return Chart(title, svg.page(key, title, said, svg.join(parts)), columns, rows, said)


def trend(
    values: Sequence[float | None], *, limit: float | None = None, direction: str = "max"
) -> SafeString:
    """Return the latest windows as small bars, one a window; a gap is a dot, a bad one is marked.

    What it shows stands in words beside it: to a screen reader it is an ornament.
    """
    known = [value for value in values if value is not None]
    if not known:
        return SafeString("")
    high = max([*known, limit or 0.0, 0.0]) or 1.0
    parts = [
        _bar(place, value, high, limit=limit, direction=direction)
        for place, value in enumerate(values)
    ]
    width = max(len(values), 12) * _STEP
    if limit is not None:
        y = _TALL - max(limit, 0.0) / high * _TALL
        parts.append(svg.draw('<path class="limit" d="M0,{}H{}"/>', y, width))
    markup = '<svg class="chart trend" viewBox="0 0 {} {}" width="{}" aria-hidden="true">{}</svg>'
    return svg.draw(markup, width, _TALL, width, svg.join(parts))


def _bar(
    place: int, value: float | None, high: float, *, limit: float | None, direction: str
) -> SafeString:
    left = place * _STEP
    if value is None:
        return svg.draw('<circle class="gap" cx="{}" cy="{}" r="1"/>', left + 2, _TALL - 2)
    bad = limit is not None and (value > limit if direction == "max" else value < limit)
    tall = max(max(value, 0.0) / high * _TALL, 1.5)
    box = '<rect class="{}" x="{}" y="{}" width="4" height="{}"/>'
    return svg.draw(box, "bad" if bad else "bar", left, _TALL - tall, tall)


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts) or 1.0
    return [count / total for count in counts]


def _thin(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep the least and the greatest of each stretch, so that no peak is lost."""
    if len(points) <= _POINTS:
        return points
    size = len(points) * 2 / _POINTS
    kept: list[tuple[float, float]] = []
    for index in range(_POINTS // 2):
        part = points[int(index * size) : int((index + 1) * size)]
        ends: list[Any] = [min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])]
        kept += sorted(set(ends))
    return kept
