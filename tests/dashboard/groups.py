"""A fairness run with a large, a refused and a small group, and a window that is estimated."""

from datetime import datetime

from monitoring import models as m
from monitoring.states import RunState
from tests.dashboard.scene import WEEK, Scene, _check, _read, _run

_GROUPS = (("male", 900, 620), ("female", 800, 400), ("diverse", 60, 35), ("(not stated)", 7, 3))


def figure(group: str, value: float | None, state: str, sentence: str) -> dict[str, object]:
    """One figure as a run keeps it."""
    known = value is not None
    return {
        "attribute": "sex", "group": group, "metric": "impact_ratio", "value": value,
        "low": value - 0.1 if known else None, "high": value + 0.1 if known else None,
        "p_value": 0.0004 if known else None, "adjusted_p": 0.0008 if known else None,
        "test": "two-proportion z" if known else "", "compared_with": "male", "limit": 0.8,
        "direction": "min", "state": state, "sentence": sentence,
    }  # fmt: skip


def fairness_run(story: Scene) -> m.Run:
    """Give the model of the scene a fairness check with one run."""
    model, start = story.people.model, story.run.window.start
    check, version = _check(model, "fairness", "fairness", start, attributes=["sex"])
    said = "sex female: 50 % favored, against 68.9 % of male: impact ratio 0.726"
    run = _run(
        *(check, version, story.run.model_version, start, 0, RunState.BREACH),
        reason=said,
        summary={
            "min_cell": 30,
            "notes": [said],
            "fairness": [
                figure("female", 0.726, "breach", said),
                figure("diverse", None, "not_evaluated", "impact ratio of sex diverse is unknown"),
            ],
        },
    )
    for group, n, selected in _GROUPS:
        m.GroupCount.objects.create(run=run, attribute="sex", group=group, n=n, selected=selected)
    _read(
        *(run, "sex", 0.726, 0.8, "sex=female"),
        method="impact_ratio",
        direction="min",
        stage="fairness",
        crossed=True,
    )
    return run


def estimated_window(story: Scene, now: datetime) -> None:
    """Let the performance check wait for labels with an estimate."""
    check = story.people.model.checks.get(slug="performance")
    version = check.versions.get()
    m.CheckVersion.objects.create(
        check_ref=check, number=2, spec={**version.spec, "estimate": "confidence"}, at=now
    )
    metric = {"name": "roc_auc", "value": 0.84, "n": 900, "limit": 0.7, "direction": "min"}
    m.Window.objects.create(
        check_ref=check,
        start=story.run.window.start,
        end=story.run.window.end,
        due_at=now + WEEK,
        estimate={"metrics": [{**metric, "reference_error": 0.01}], "batch": 1},
    )
