"""The forms of a decision on a rulebook and of another tier."""

from dashboard import words
from dashboard.forms import Field, Group

_RESULTS = (("in", "in scope"), ("out", "out of scope"), ("not_applicable", "not applicable"))


def decision() -> list[Group]:
    """Return the form of a decision on one rulebook."""
    why = "Somebody who was not there must understand it."
    return [
        Group(
            "Decision",
            (
                Field("result", "The model is", "select", choices=_RESULTS, required=True),
                Field("reason", "Because", "textarea", why, required=True),
            ),
        )
    ]


def tier(computed: int) -> list[Group]:
    """Return the form that asks for another tier than the computed one."""
    names = tuple((str(n), words.tier(n)) for n in (1, 2, 3, 4) if n != computed)
    end = "A day at most a year away, such as 2027-03-31; asked for when the tier is lighter."
    return [
        Group(
            f"The rule gives {words.tier(computed)}",
            (
                Field("tier", "Tier", "scale", choices=names, required=True),
                Field("reason", "Because", "textarea", required=True),
                Field("ends_on", "Until", "text", end),
            ),
        )
    ]
