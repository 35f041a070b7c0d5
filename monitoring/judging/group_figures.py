"""Figures of the groups in one batch: from counts, and from rows where counts do not suffice."""

from typing import Any

import numpy as np

from monitoring.checks import fairness, proportions
from monitoring.checks.fairness import Figure
from monitoring.checks.fairness_shapes import FairnessSpec
from monitoring.checks.groups import Counts, comparable
from monitoring.checks.words import percent
from monitoring.data import groups as dividing
from monitoring.data import labels as label_files
from monitoring.data.columns import Column
from monitoring.data.groups import Grouped, NoGroups
from monitoring.statistics import least_squares

_FEWEST_OF_A_FACTOR = 5


class WindowOfGroups:
    """One batch as groups see it: who was favored, who deserved it, and every comparison."""

    def __init__(
        self, spec: FairnessSpec, columns: dict[str, Column], truth: label_files.Truth | None
    ) -> None:
        self.spec, self.columns = spec, columns
        decision = columns[spec.decision]
        self.decided = ~decision.missing
        self.selected = dividing.favored(decision, spec.favorable) & self.decided
        self.truth = truth
        self.known = truth.known & self.decided if truth else None
        self.deserving = dividing.matches(truth.values, [spec.deserving]) if truth else None
        self.counts: dict[str, list[Counts]] = {}
        self.figures: list[Figure] = []
        for attribute, parts in spec.crossed_attributes.items():
            self._add(attribute, parts)

    def _add(self, attribute: str, parts: list[str]) -> None:
        wanted = self.spec.limits.named
        absent = [name for name in parts if name not in self.columns]
        if absent:
            problem = f"the batch has no column {' and no '.join(absent)}: nobody's group is known"
            self.figures += [Figure(attribute, "", name, problem=problem) for name in wanted]
            return
        try:
            grouped = dividing.divide(self.columns, parts)
        except NoGroups as error:
            self.figures += [Figure(attribute, "", name, problem=str(error)) for name in wanted]
            return
        decided = Grouped(grouped.codes[self.decided], grouped.names)
        counts = dividing.count(
            decided, self.selected[self.decided],
            None if self.deserving is None else self.deserving[self.decided],
            None if self.known is None else self.known[self.decided],
        )  # fmt: skip
        self.counts[attribute] = counts
        self.figures += fairness.compare(attribute, counts, self.spec)
        if "calibration_gap" in wanted:
            self.figures += self._calibration(attribute, grouped, counts)
        if "adjusted_gap" in wanted:
            self.figures += self._gaps(attribute, grouped, counts)

    def _calibration(self, attribute: str, grouped: Grouped, counts: list[Counts]) -> list[Figure]:
        """Hold each group's mean probability to how often it came true."""
        if problem := fairness.cannot_compare(attribute, counts, self.spec):
            return [Figure(attribute, "", "calibration_gap", problem=problem)]
        assert self.truth is not None and self.known is not None
        score = label_files.numbers(self.columns[self.spec.score or ""])
        happened = dividing.matches(self.truth.values, [1]).astype(float)
        usable = self.known & np.isfinite(score)
        figures = []
        for one in large_enough(counts, self.spec):
            rows = usable & grouped.rows_of(one.group)
            figures.append(self._calibrated(attribute, one.group, score[rows], happened[rows]))
        return figures

    def _calibrated(self, attribute: str, group: str, said: Any, came: Any) -> Figure:
        n, who = len(said), (attribute, group, "calibration_gap")
        if n < self.spec.min_cell:
            problem = f"fewer than {self.spec.min_cell} rows have a label and a probability"
            return Figure(*who, n=n, problem=problem)
        if said.min() < 0 or said.max() > 1:
            return Figure(*who, n=n, problem=f"{self.spec.score} is no probability from 0 to 1")
        gap = float(said.mean() - came.mean())
        spread = float(np.sqrt((said * (1 - said)).sum())) / n
        error = float((said - came).std(ddof=1) / np.sqrt(n))
        p_value = proportions.two_sided(gap / spread) if spread else (1.0 if gap == 0 else 0.0)
        reach = proportions.quantile(1 - self.spec.significance) * error
        seen = f"{percent(float(said.mean()))} expected, {percent(float(came.mean()))} came true"
        return Figure(
            *who, abs(gap), max(abs(gap) - reach, 0.0), abs(gap) + reach, p_value,
            "calibration z", n=n, seen=seen,
        )  # fmt: skip

    def _gaps(self, attribute: str, grouped: Grouped, counts: list[Counts]) -> list[Figure]:
        """Measure what each group is paid less, all stated factors being equal."""
        if problem := fairness.cannot_compare(attribute, counts, self.spec):
            return [Figure(attribute, "", "adjusted_gap", problem=problem)]
        names = [one.group for one in large_enough(counts, self.spec)]
        place = {grouped.names.index(name): code for code, name in enumerate(names)}
        codes = np.array([place.get(int(code), -1) for code in range(len(grouped.names))])
        groups = np.where(grouped.codes < 0, -1, codes[grouped.codes])
        try:
            amounts = label_files.numbers(self.columns[self.spec.amount or ""])
            keep = (groups >= 0) & np.isfinite(amounts) & (amounts > 0)
            factors, whole = _factors([self.columns[name] for name in self.spec.factors], keep)
            keep, factors = keep & whole, factors[whole[keep]]
            sizes = np.bincount(groups[keep], minlength=len(names))
            if (sizes < self.spec.min_cell).any():
                few = names[int(np.argmin(sizes))]
                least = self.spec.min_cell
                problem = f"fewer than {least} of its rows have an amount and every factor"
                return [Figure(attribute, few, "adjusted_gap", problem=problem)]
            named = self.spec.reference.get(attribute)
            gaps = least_squares.adjusted_gaps(
                amounts[keep], groups[keep], factors, count=len(names),
                against=names.index(named) if named else None,
                quantile=proportions.quantile(1 - self.spec.significance),
            )  # fmt: skip
        except (least_squares.NoFit, label_files.BadLabels) as error:
            return [Figure(attribute, "", "adjusted_gap", problem=str(error))]
        means = [float(amounts[keep][groups[keep] == code].mean()) for code in range(len(names))]
        return [
            Figure(
                attribute, names[gap.group], "adjusted_gap", gap.value, gap.low, gap.high,
                gap.p_value, "least squares, HC3 errors", n=int(sizes[gap.group]),
                against=names[gap.against], n_against=int(sizes[gap.against]),
                seen=f"paid {percent(abs(gap.value))} {'less' if gap.value >= 0 else 'more'} than "
                f"{names[gap.against]} at equal {', '.join(self.spec.factors)} "
                f"(raw {(1 - means[gap.group] / means[gap.against]) * 100:.3g} %)",
            )
            for gap in gaps
        ]  # fmt: skip


def large_enough(counts: list[Counts], spec: FairnessSpec) -> list[Counts]:
    return comparable(counts, min_cell=spec.min_cell, min_share=spec.min_share)


def _factors(columns: list[Column], keep: Any) -> tuple[Any, Any]:
    """Return the kept rows' factors as numbers and dummies, and which rows have all of them."""
    whole = np.ones(len(keep), bool)
    for column in columns:
        whole &= np.isfinite(column.values) if column.numeric else ~column.missing
    parts = []
    for column in columns:
        values = column.values[keep]
        if column.numeric:
            present = values[whole[keep]]
            spread = present.std() if len(present) else 0.0
            # In units of its own spread, or large numbers would drown the others' precision.
            parts.append(((values - present.mean()) / spread)[:, None] if spread else
                         np.zeros((len(values), 0)))  # fmt: skip
            continue
        codes, sizes = np.unique(values[whole[keep]], return_counts=True)
        often = codes[sizes >= _FEWEST_OF_A_FACTOR]
        # The rare ones stay together as what the constant stands for, with the first.
        parts.append((values[:, None] == often[1:]).astype(float))
    return np.column_stack(parts), whole
