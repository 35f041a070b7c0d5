"""Judge how differently groups were treated: count them, compare, and keep only the counts."""

from typing import Any

from monitoring.checks import fairness
from monitoring.checks.disclosure import hidden
from monitoring.checks.fairness import Figure, Judged
from monitoring.checks.fairness_shapes import FairnessSpec
from monitoring.checks.groups import NOT_STATED
from monitoring.checks.order import verdict
from monitoring.checks.words import count as rows_said
from monitoring.data import labels as label_files
from monitoring.data import readers
from monitoring.data.columns import load_all
from monitoring.data.groups import NoGroups
from monitoring.judging import shortage
from monitoring.judging.group_figures import WindowOfGroups, large_enough
from monitoring.judging.protocol import GroupCountOut, Job, ReadingOut, Result

_OURS = "muster 1"


def judge_fairness(job: Job) -> Result:
    """Return the verdict on one window's groups; a group that nothing is known of is never ok."""
    spec = FairnessSpec.model_validate(job.spec, strict=False)
    factors = [spec.amount, *spec.factors] if "adjusted_gap" in spec.limits.named else []
    wanted = {"request_id", spec.decision, *spec.attributes, *(name for name in factors if name)}
    wanted |= {spec.score} if spec.score else set()
    try:
        frame = readers.read(
            job.batch, kind=job.batch_format, columns=wanted, strings=["request_id"]
        )
        columns = load_all(frame.table)
        lost = wanted - set(spec.attributes) - set(columns)
        if missing := sorted(lost if spec.needs_labels else lost - {"request_id"}):
            reason = f"The batch has no column {' and no '.join(missing)}"
            return Result("data_fault", reason, rows=frame.rows)
        truth = (
            label_files.join(columns["request_id"], frame, list(job.labels), spec.label or "")
            if spec.needs_labels
            else None
        )
    except label_files.BadLabels as error:
        return Result("data_fault", str(error))
    except readers.Unreadable as error:
        return Result(error.state, str(error))
    rows = int(frame.table.num_rows)
    labeled = int(truth.known.sum()) if truth else None
    if labeled is not None:
        short = shortage.of_labels(spec, labeled=labeled, rows=rows)
        if short is not None:
            return short
    try:
        window = WindowOfGroups(spec, columns, truth)
    except (NoGroups, label_files.BadLabels) as error:
        return Result("not_evaluated", str(error), rows=rows, labeled=labeled)
    return _result(window, frame, labeled)


def _result(window: WindowOfGroups, frame: readers.Frame, labeled: int | None) -> Result:
    judged = fairness.judge(window.figures, window.spec)
    state = verdict(one.state for one in judged)
    unseen = {
        (attribute, group)
        for attribute, counts in window.counts.items()
        for group in hidden({c.group: c.n for c in counts}, min_cell=window.spec.min_cell)
    }
    said = list(dict.fromkeys(one.sentence for one in judged if one.state == state))
    return Result(
        state=state,
        reason="; ".join(said) if state != "ok" else "",
        rows=int(frame.table.num_rows),
        labeled=labeled,
        readings=tuple(
            _reading(one, unseen={g for a, g in unseen if a == one.figure.attribute})
            for one in judged
        ),
        groups=tuple(
            GroupCountOut(attribute, **vars(one))
            for attribute, counts in window.counts.items()
            for one in counts
        ),
        summary={
            "worst": [_worst(one) for one in judged if one.state == "breach"],
            "violations": [],
            "notes": _left_out(window) + [one.sentence for one in judged],
            "fairness": [_figure(one) for one in judged],
            "min_cell": window.spec.min_cell,
        },
        made_with={"fairness": _OURS, "row_cap": readers.ROW_CAP, "seed": readers.SEED},
    )


def _left_out(window: WindowOfGroups) -> list[str]:
    notes = []
    for attribute, counts in window.counts.items():
        large = {one.group for one in large_enough(counts, window.spec)}
        small = [c.group for c in counts if c.group not in {*large, NOT_STATED}]
        if small:
            names = ", ".join(small[:10])
            notes.append(f"{attribute}: too few rows to compare, so left out: {names}")
    undecided = int((~window.decided).sum())
    if undecided:
        notes.append(f"{rows_said(undecided)} have no decision and are not counted")
    return notes


def _worst(one: Judged) -> dict[str, Any]:
    figure = one.figure
    return {"feature": figure.attribute, "segment": _segment(figure), "method": figure.metric,
            "value": figure.value, "limit": one.limit, "sentence": one.sentence}  # fmt: skip


def _figure(one: Judged) -> dict[str, Any]:
    figure = one.figure
    return {
        "attribute": figure.attribute, "group": figure.group, "metric": figure.metric,
        "value": figure.value, "low": figure.low, "high": figure.high,
        "p_value": figure.p_value, "adjusted_p": one.adjusted_p, "test": figure.test,
        "compared_with": figure.against, "limit": one.limit, "direction": one.direction,
        "state": one.state, "sentence": one.sentence,
    }  # fmt: skip


def _segment(figure: Figure) -> str:
    return f"{figure.attribute}={figure.group}" if figure.group else ""


def _reading(one: Judged, *, unseen: set[str]) -> ReadingOut:
    figure = one.figure
    return ReadingOut(
        feature=figure.attribute,
        segment=_segment(figure),
        method=figure.metric,
        method_version=_OURS,
        value=figure.value,
        p_value=figure.p_value,
        # A size that would tell that of a small group stays with the counts.
        n_reference=None if figure.against in unseen else figure.n_against,
        n_current=None if figure.group in unseen or figure.value is None else figure.n,
        limit=one.limit,
        direction=one.direction,
        crossed=one.state == "breach",
        note=one.sentence,
        stage="fairness",
        adjusted_p=one.adjusted_p,
    )
