"""Turn scores into crossings, once all of a run are known: p-values are corrected for how many."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitoring.checks import drift
from monitoring.checks.correction import benjamini_hochberg
from monitoring.checks.shapes import DataSpec
from monitoring.data.pairs import Pair, histogram, summary
from monitoring.judging.protocol import HistogramOut, ReadingOut


@dataclass(frozen=True)
class Draft:
    """A score that is not yet held to its limit, and what it is the score of."""

    reading: ReadingOut
    sides: Pair
    # The true score lies between these; only what was sketched leaves room.
    room: tuple[float, float] = (0.0, 0.0)

    @property
    def sure(self) -> bool:
        return self.room[0] == self.room[1]


def settled(
    drafts: Sequence[Draft], spec: DataSpec, against: str, *, draws: bool = True
) -> tuple[list[ReadingOut], list[HistogramOut]]:
    """Return the readings with their crossings, and the histograms that pages draw."""
    adjusted = _adjusted(drafts, spec)
    readings, histograms = [], []
    for draft, corrected in zip(drafts, adjusted, strict=True):
        reading = replace(draft.reading, adjusted_p=corrected)
        crossed = _crossed(reading, spec)
        if crossed and draws:
            note = _sentence(reading, draft.sides, against)
            reading = replace(reading, note=note)
        readings.append(replace(reading, crossed=True) if crossed else reading)
        if draws and (crossed or not reading.segment):
            histograms.append(_drawn(reading, draft.sides))
    return readings, histograms


def undecided(drafts: Sequence[Draft], spec: DataSpec) -> list[Draft]:
    """Return the drafts of which a sketch cannot say on which side of the limit they lie."""
    if all(draft.sure for draft in drafts):
        return []
    least, most = ([_at_end(draft, end) for draft in drafts] for end in (0, 1))
    return [
        draft
        for draft, *ends in zip(
            drafts, _crossings(least, spec), _crossings(most, spec), strict=True
        )
        if len(set(ends)) > 1
    ]


def _at_end(draft: Draft, end: int) -> Draft:
    if draft.sure:
        return draft
    value, tested = draft.room[end], draft.reading.p_value is not None
    reading = replace(draft.reading, value=value, p_value=value if tested else None)
    return replace(draft, reading=reading)


def _crossings(drafts: Sequence[Draft], spec: DataSpec) -> list[bool]:
    adjusted = _adjusted(drafts, spec)
    pairs = zip(drafts, adjusted, strict=True)
    return [_crossed(replace(one.reading, adjusted_p=p), spec) for one, p in pairs]


def _adjusted(drafts: Sequence[Draft], spec: DataSpec) -> list[float | None]:
    tested = [draft.reading.p_value for draft in drafts]
    return tested if spec.correction == "none" else benjamini_hochberg(tested)


def _crossed(reading: ReadingOut, spec: DataSpec) -> bool:
    assert reading.value is not None and reading.limit is not None
    if reading.adjusted_p is None:
        return drift.crossed(reading.method, reading.value, reading.limit)
    # With enough rows any difference is certain; whether it is large is another question.
    large = reading.effect is None or reading.effect >= spec.min_effect
    return large and drift.crossed(reading.method, reading.adjusted_p, reading.limit)


def _sentence(reading: ReadingOut, sides: Pair, against: str) -> str:
    both = summary(sides)
    subject = reading.feature
    if reading.segment:
        subject = f"{subject} ({reading.segment.removeprefix('@').replace('=', ' = ', 1)})"
    if sides.numeric:
        return drift.numeric_sentence(subject, both["reference"], both["current"], against)
    shares = both["reference"]["shares"], both["current"]["shares"]
    return drift.categorical_sentence(subject, *shares, against)


def _drawn(reading: ReadingOut, sides: Pair) -> HistogramOut:
    edges, labels, then, now = histogram(sides)
    return HistogramOut(reading.feature, reading.segment, edges, labels, then, now, summary(sides))
