"""Judge a batch: read it, hold it against its contract, then score its columns."""

from typing import Any

from monitoring.checks import contract as contracts
from monitoring.checks import importance
from monitoring.checks.order import verdict
from monitoring.checks.shapes import ContractSpec, DataSpec
from monitoring.data import readers
from monitoring.data.columns import SCORED
from monitoring.judging import references, together
from monitoring.judging.explaining import explained_by
from monitoring.judging.looks import Arrays, Columns, Engine, aside
from monitoring.judging.protocol import Job, ReadingOut, Result
from monitoring.judging.ranking import said, worst_first
from monitoring.judging.scoring import Scorer, Scores
from monitoring.statistics import distances

_NAMED = 5


def judge_data(job: Job, engine: Engine | None = None) -> Result:
    """Return the verdict on one batch; what broke first stands, and nothing hides a column."""
    engine = engine or Arrays()
    spec = DataSpec.model_validate(job.spec, strict=False)
    contract = ContractSpec.model_validate(job.contract, strict=False)
    try:
        seen = engine.batch(job, spec, contract)
    except readers.Unreadable as error:
        return Result(error.state, str(error), summary={"violations": [_plain(str(error))]})
    named = {job.roles.label, job.roles.time, spec.time, *spec.segments}
    findings = contracts.check(
        seen.profile,
        contract,
        min_rows=spec.min_rows,
        usual_rows=job.usual_rows,
        known=frozenset({*aside(job), *named}),
    )
    scores, problem = _score(engine, job, spec, contract, seen.columns, findings)
    made_with = {
        **engine.made_with(), "statistics": distances.VERSION, "sampled": seen.sampled,
    }  # fmt: skip
    return _result(seen.profile.rows, contract, findings, scores, problem, made_with=made_with)


def _score(
    engine: Engine,
    job: Job,
    spec: DataSpec,
    contract: ContractSpec,
    columns: Columns,
    findings: contracts.Findings,
) -> tuple[Scores, str]:
    """Score every column that kept its contract; say why when none could be."""
    if not contract.columns:
        return Scores(), "the contract names no column"
    names = [
        name
        for name, rules in contract.columns.items()
        if rules.family in SCORED and name in columns and name not in findings.columns
        and name not in job.roles.leave_out and name not in (spec.time, job.roles.label)
    ]  # fmt: skip
    if any(violation.rule == "no_rows" for violation in findings.violations):
        return Scores(), ""
    if not job.reference:
        if spec.baseline == "window":
            return Scores(), f"no batch came for {spec.baseline_window}, the window to compare with"
        return Scores(), "no window before this one has a batch to compare with"
    try:
        there = engine.reference(job, spec, contract, names)
    except readers.Unreadable as error:
        return Scores(), f"the reference could not be read: {error}"
    reference, problem = references.chosen(job, spec, there, columns)
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
    made_with: dict[str, Any],
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
        made_with=made_with,
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
    if family not in SCORED or name in scores.sparse:
        return "contract_only"
    return "not_evaluated"


def _joined(lines: list[str]) -> str:
    more = f"; and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
    return "; ".join(lines[:_NAMED]) + more


def _plain(detail: str) -> dict[str, str]:
    return {"column": "", "rule": "unreadable", "detail": detail}
