"""Judge a batch: read it, hold it against its contract, then score its columns."""

from collections.abc import Mapping

from monitoring.checks import contract as contracts
from monitoring.checks import importance
from monitoring.checks.order import verdict
from monitoring.checks.shapes import ContractSpec, DataSpec
from monitoring.data import readers
from monitoring.data.columns import Column, load
from monitoring.data.profiling import profile
from monitoring.integrations import evidently
from monitoring.judging import references, together
from monitoring.judging.explaining import explained_by
from monitoring.judging.protocol import Job, ReadingOut, Result
from monitoring.judging.ranking import said, worst_first
from monitoring.judging.scoring import Scorer, Scores
from monitoring.statistics import distances

_NAMED = 5
_SCORED = ("number", "category", "flag")


def judge_data(job: Job) -> Result:
    """Return the verdict on one batch; what broke first stands, and nothing hides a column."""
    spec = DataSpec.model_validate(job.spec, strict=False)
    contract = ContractSpec.model_validate(job.contract, strict=False)
    aside = {"request_id", *job.roles.leave_out}
    wanted = {*contract.columns, *spec.segments, spec.time, "request_id"}
    texts = [name for name, rules in contract.columns.items() if rules.family != "number"]
    try:
        frame = readers.read(
            job.batch, kind=job.batch_format, columns=wanted, strings=_texts(contract, texts)
        )
    except readers.Unreadable as error:
        return Result(error.state, str(error), summary={"violations": [_plain(str(error))]})
    columns = {
        name: column for name, column in _load(frame, spec.time).items() if name not in aside
    }
    table = frame.table
    ids = table["request_id"] if "request_id" in table.column_names else None
    seen = profile(
        frame,
        columns,
        rules=contract.columns,
        ids=ids,
        time=columns.get(spec.time),
        window=(job.window_start, job.window_end) if job.window_start and job.window_end else None,
    )
    known = frozenset({*aside, job.roles.label, job.roles.time, spec.time, *spec.segments})
    findings = contracts.check(
        seen, contract, min_rows=spec.min_rows, usual_rows=job.usual_rows, known=known
    )
    scores, problem = _score(job, spec, contract, columns, findings)
    return _result(seen.rows, contract, findings, scores, problem, sampled=frame.sampled)


def _texts(contract: ContractSpec, names: list[str]) -> list[str]:
    return [name for name in names if contract.columns[name].family in ("category", "text")]


def _load(frame: readers.Frame, time: str) -> dict[str, Column]:
    table = frame.table
    return {
        name: load(table[name], as_time=name == time)
        for name in table.column_names
        if name != "request_id"  # one a row: nothing but its repeats is looked at
    }


def _score(
    job: Job,
    spec: DataSpec,
    contract: ContractSpec,
    columns: Mapping[str, Column],
    findings: contracts.Findings,
) -> tuple[Scores, str]:
    """Score every column that kept its contract; say why when none could be."""
    if not contract.columns:
        return Scores(), "the contract names no column"
    names = [
        name
        for name, rules in contract.columns.items()
        if rules.family in _SCORED and name in columns and name not in findings.columns
        and name not in job.roles.leave_out and name not in (spec.time, job.roles.label)
    ]  # fmt: skip
    if any(violation.rule == "no_rows" for violation in findings.violations):
        return Scores(), ""
    if not job.reference:
        if spec.baseline == "window":
            return Scores(), f"no batch came for {spec.baseline_window}, the window to compare with"
        return Scores(), "no window before this one has a batch to compare with"
    try:
        frame = readers.read(
            job.reference, kind=job.reference_format, columns={*names, *spec.segments, spec.time},
            strings=_texts(contract, names),
        )  # fmt: skip
    except readers.Unreadable as error:
        return Scores(), f"the reference could not be read: {error}"
    reference, problem = references.chosen(job, spec, _load(frame, spec.time), columns)
    if problem:
        return Scores(), problem
    absent = {name: "the reference has no such column" for name in names if name not in reference}
    comparable = [name for name in names if name not in absent]
    for name in list(comparable):
        if reference[name].numeric != columns[name].numeric or not reference[name].scorable:
            absent[name] = "the reference holds another type"
            comparable.remove(name)
    weights = importance.weights(job.importance, contract.columns)
    scorer = Scorer(spec, reference, columns, references.against(spec), weights)
    scores = scorer.run(comparable)
    scores.unscored |= absent
    inputs = [name for name in comparable if name != spec.prediction.column]
    together.judge(spec, reference, columns, inputs, scores)
    crossed = worst_first(scores.readings)
    moved = [one.feature for one in crossed if not one.segment and one.stage == "input"]
    share, note = importance.said(moved, weights)
    scores.notes += [note] if note else []
    scores.summary |= {
        "weighted_share": share,
        "explained_by": explained_by(crossed, spec, reference, columns),
    }
    return scores, ""


def _result(
    rows: int,
    contract: ContractSpec,
    findings: contracts.Findings,
    scores: Scores,
    problem: str,
    *,
    sampled: bool,
) -> Result:
    crossed = worst_first(scores.readings)
    faults = [violation.detail for violation in findings.violations]
    scored = {reading.feature for reading in scores.readings}
    verdicts = {
        name: _column_verdict(name, rules.family, findings, scores, scored, crossed)
        for name, rules in contract.columns.items()
    }
    unjudged = [f"{name}: {why}" for name, why in scores.unscored.items()]
    if not problem and not scores.readings and not faults:
        problem = "no column could be compared: too few values"
    if problem:
        unjudged.append(problem)
    states = ["data_fault"] * bool(faults) + ["drift"] * bool(crossed)
    state = verdict([*states, *(["not_evaluated"] if unjudged else ["ok"])])
    notes = [*findings.notes, *scores.notes]
    if scores.sparse:
        notes.append(f"Too few values to compare: {', '.join(scores.sparse)}")
    lines = {
        "data_fault": faults,
        "drift": [reading.note for reading in crossed],
        "not_evaluated": unjudged,
    }
    return Result(
        state=state,
        reason=_joined(lines.get(state, [])),
        rows=rows,
        readings=tuple(scores.readings),
        histograms=tuple(scores.histograms),
        summary={
            **scores.summary,
            "worst": [said(reading) for reading in crossed[:_NAMED]],
            "violations": [vars(violation) for violation in findings.violations],
            "notes": [*notes, *unjudged],
            "columns": verdicts,
            "crossed": len({reading.feature for reading in crossed}),
            "scored": len(scored),
        },
        made_with={
            **evidently.versions(),
            "statistics": distances.VERSION,
            "row_cap": readers.ROW_CAP,
            "seed": readers.SEED,
            "sampled": sampled,
        },
    )


def _column_verdict(
    name: str,
    family: str,
    findings: contracts.Findings,
    scores: Scores,
    scored: set[str],
    crossed: list[ReadingOut],
) -> str:
    if name in findings.columns:
        return "data_fault"
    if any(reading.feature == name for reading in crossed):
        return "drift"
    if name in scored:
        return "ok"
    # Times, free text and nearly empty columns are held to their contract only.
    if family not in _SCORED or name in scores.sparse:
        return "contract_only"
    return "not_evaluated"


def _joined(lines: list[str]) -> str:
    more = f"; and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
    return "; ".join(lines[:_NAMED]) + more


def _plain(detail: str) -> dict[str, str]:
    return {"column": "", "rule": "unreadable", "detail": detail}
