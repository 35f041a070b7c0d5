"""Numbers as people read them: 31.2k, 18 %, 1,200 rows."""

import math

_SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float | None) -> str:
    """Write a number with three digits that matter."""
    if value is None or math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return "infinity" if value > 0 else "minus infinity"
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.2e}"
    for unit, suffix in _SUFFIXES:
        if size >= unit * 10 or (size >= unit and unit > 1e3):
            return f"{_digits(value / unit)}{suffix}"
    return _digits(value)


def _digits(value: float) -> str:
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    places = 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.1 else 4
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """Write a share, never rounding something down to nothing."""
    value = share * 100
    if 0 < value < 0.1:
        return "under 0.1 %"
    return f"{value:.1f} %" if value < 10 and round(value) != round(value, 1) else f"{value:.0f} %"


def count(rows: int) -> str:
    """Write how many rows."""
    return f"{rows:,} row{'' if rows == 1 else 's'}"
