"""Judge many columns at once, where the check asks for it."""

from collections.abc import Mapping

from monitoring.checks import drift
from monitoring.checks.shapes import DataSpec, Multivariate
from monitoring.checks.words import number, percent
from monitoring.data.columns import Column
from monitoring.data.points import clouds, drawn
from monitoring.data.readers import SEED
from monitoring.integrations import sklearn
from monitoring.judging.protocol import ReadingOut
from monitoring.judging.scoring import Scores
from monitoring.statistics import multivariate

MIN_ROWS = 50
_NAMED = 3
_TELLS = 0.005
_WORTH = 0.5


def judge(
    spec: DataSpec,
    reference: Mapping[str, Column],
    current: Mapping[str, Column],
    inputs: list[str],
    scores: Scores,
) -> None:
    """Add a reading for each multivariate method, or say why there is none."""
    for look in spec.multivariate:
        wanted = look.columns or inputs
        name = (", ".join(look.columns) or "all inputs")[:250]
        absent = [column for column in wanted if column not in inputs]
        if absent:
            scores.unscored[f"{look.method} of {name}"] = f"{', '.join(absent)} could not be used"
            continue
        _look(look, name, wanted, reference, current, scores)


def _look(
    look: Multivariate,
    name: str,
    wanted: list[str],
    reference: Mapping[str, Column],
    current: Mapping[str, Column],
    scores: Scores,
) -> None:
    then, now = drawn(wanted, reference), drawn(wanted, current)
    first, second, names, owners = clouds(then, now)
    if not names or min(len(first), len(second)) < MIN_ROWS:
        scores.unscored[f"{look.method} of {name}"] = f"fewer than {MIN_ROWS} rows to compare"
        return
    telling: list[tuple[str, float]] = []
    if look.method == "mmd":
        value, effect = multivariate.mmd(first, second, seed=SEED)
        chance, by = value, multivariate.VERSION
    else:
        value, lost = sklearn.told_apart(first, second, owners, seed=SEED)
        chance, by = multivariate.chance_of(value, len(first), len(second)), sklearn.VERSION
        effect = 2 * value - 1
        telling = sorted(zip(names, lost, strict=True), key=lambda one: -one[1])[:_NAMED]
        telling = [one for one in telling if one[1] >= _TELLS]
    crossed = drift.crossed(look.method, value, look.bound)
    scores.readings.append(
        ReadingOut(
            feature=name, segment="", stage="input", method=look.method, method_version=by,
            value=value, p_value=chance, adjusted_p=chance if look.method == "mmd" else None,
            effect=effect, n_reference=len(first), n_current=len(second), limit=look.bound,
            direction=drift.direction(look.method), crossed=crossed,
            note=_sentence(look, value, name, telling) if crossed else "",
        )
    )  # fmt: skip
    scores.summary.setdefault("together", []).append(
        {
            "method": look.method,
            "columns": name,
            "value": value,
            "limit": look.bound,
            "telling": [{"feature": one, "lost": round(part, 4)} for one, part in telling],
        }
    )


def _sentence(look: Multivariate, value: float, name: str, telling: list[tuple[str, float]]) -> str:
    if look.method == "mmd":
        return (
            f"{name}, taken together, are spread differently than in the reference"
            f" (p = {number(value)})"
        )
    better = percent(max(0.0, value - _WORTH) / _WORTH)
    said = f"{name} tell this window from the reference (AUC {number(value)}, {better} of the way)"
    if telling:
        said += f", most of all {', '.join(one for one, _ in telling)}"
    return said
