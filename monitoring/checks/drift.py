"""Turn a score into a crossing and a sentence in the words of a model's owner."""

from monitoring.checks.words import number, percent

P_VALUE_METHODS = frozenset({"ks", "chisquare", "mmd"})
_OF_BOTH = {"psi", "jensenshannon", "hellinger", "total_variation"}
NUMERIC_METHODS = frozenset({*_OF_BOTH, "ks", "wasserstein"})
CATEGORICAL_METHODS = frozenset({*_OF_BOTH, "chisquare"})
_WORTH_SAYING = 0.05
_MANIFOLD = 9.0


def direction(method: str) -> str:
    """A distance is bad above its limit; a p-value below it."""
    return "min" if method in P_VALUE_METHODS else "max"


def crossed(method: str, value: float, limit: float) -> bool:
    """Say whether a score lies on the bad side of its limit."""
    return value < limit if method in P_VALUE_METHODS else value > limit


def suits(method: str, *, numeric: bool) -> bool:
    """Say whether a method can judge a column of this kind."""
    return method in (NUMERIC_METHODS if numeric else CATEGORICAL_METHODS)


def numeric_sentence(
    name: str, reference: dict[str, float], current: dict[str, float], against: str
) -> str:
    """Say what moved in a numeric column: "income is 18 % higher than at training: ..."."""
    then, now = reference["median"], current["median"]
    medians = f"median {number(now)} against {number(then)}"
    if reference["mean"] and abs(then) < 1e-12 and abs(now) < 1e-12:
        then, now = reference["mean"], current["mean"]
        medians = f"mean {number(now)} against {number(then)}"
    change = (now - then) / abs(then) if then else None
    if change is not None and change >= _MANIFOLD:
        return f"{name} is {number(change + 1)} times what it was {against}: {medians}"
    if change is not None and abs(change) >= _WORTH_SAYING:
        side = "higher" if change > 0 else "lower"
        return f"{name} is {percent(abs(change))} {side} than {against}: {medians}"
    if change is None and now != then:
        side = "higher" if now > then else "lower"
        return f"{name} is {side} than {against}: {medians}"
    before, after = reference["std"], current["std"]
    if before and abs(after - before) / before >= _WORTH_SAYING:
        side = "more" if after > before else "less"
        spread = f"spread {number(after)} against {number(before)}"
        return f"{name} varies {side} than {against}: {spread}, {medians}"
    return f"{name} is spread differently than {against}: {medians}"


def categorical_sentence(
    name: str, reference: dict[str, float], current: dict[str, float], against: str
) -> str:
    """Say which category's share moved most."""
    names = sorted(reference.keys() | current.keys())
    moved = max(names, key=lambda one: abs(current.get(one, 0) - reference.get(one, 0)))
    then, now = reference.get(moved, 0.0), current.get(moved, 0.0)
    verb = "rose" if now > then else "fell"
    return f"{name} = {moved} {verb} from {percent(then)} {against} to {percent(now)}"
