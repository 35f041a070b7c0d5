"""The strokes that charts are made of: axes, limits and labels, with classes only."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard import words

WIDTH, HEIGHT = 480, 150
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 8, 20


def draw(markup: str, *values: Any) -> SafeString:
    """Fill in values, coordinates to a tenth of a pixel; text is escaped."""
    rounded = (round(value, 1) if isinstance(value, float) else value for value in values)
    return format_html(markup, *rounded)


def page(
    key: str, title: str, said: str, inside: SafeString, *, width: int = WIDTH, height: int = HEIGHT
) -> SafeString:
    return draw(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>',
        *(width, height, key, key, key, title, key, said, inside),
    )


def join(parts: list[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    pad = (high - low) * 0.08 or abs(high) * 0.05 or 0.5
    return low - pad, high + pad


def height_of(value: float, low: float, high: float) -> float:
    return HEIGHT - BOTTOM - (value - low) / ((high - low) or 1) * (HEIGHT - TOP - BOTTOM)


def frame(low: float, high: float, first: str, last: str, *, percent: bool = False) -> SafeString:
    show = words.share if percent else words.number
    return draw(
        '<path class="axis" d="M{},{}V{}H{}"/><text class="end" x="{}" y="16">{}</text>'
        '<text class="end" x="{}" y="{}">{}</text><text x="{}" y="{}">{}</text>'
        '<text class="end" x="{}" y="{}">{}</text>',
        *(LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT, LEFT - 4, show(high)),
        *(LEFT - 4, HEIGHT - BOTTOM, show(low), LEFT, HEIGHT - 5, first),
        *(WIDTH - RIGHT, HEIGHT - 5, last),
    )


def limit_line(limit: float, low: float, high: float) -> SafeString:
    y = height_of(limit, low, high)
    return draw('<path class="limit" d="M{},{}H{}"/>', LEFT, y, WIDTH - RIGHT)


def bin_names(bins: Sequence[str], slot: float) -> list[SafeString]:
    """Name every bin when they fit, else the first, the middle and the last."""
    few = len(bins) <= 8
    shown = range(len(bins)) if few else (0, len(bins) // 2, len(bins) - 1)
    length = max(int(slot / 6.5), 3) if few else 18
    name = '<text class="{}" x="{}" y="{}">{}</text>'
    parts = []
    for place in shown:
        anchor, x = "mid", LEFT + (place + 0.5) * slot
        if not few and place == 0:
            anchor, x = "", float(LEFT)
        elif not few and place == len(bins) - 1:
            anchor, x = "end", float(WIDTH - RIGHT)
        text = bins[place] if len(bins[place]) <= length else bins[place][: length - 1] + "…"
        parts.append(draw(name, anchor, x, HEIGHT - 5, text))
    return parts
