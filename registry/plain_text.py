"""Tell text that people can read from text that only looks like it; pure.

A character that turns the direction of what follows, or that cannot be seen, makes two different
names look the same on every page, in every mail and in the audit.
"""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

# Joiners belong to the spelling of several languages and of emoji.
_JOINERS = "\u200c\u200d"
_HIDDEN = ("Cc", "Cf", "Zl", "Zp", "Co", "Cn")
_LINES = "\n\r\t"


def line(text: str) -> str:
    """Return text of one line; refuse what cannot be seen in it."""
    return _readable(text, allowed=_JOINERS)


def lines(text: str) -> str:
    """Return text of any number of lines; refuse what cannot be seen in it."""
    return _readable(text, allowed=_JOINERS + _LINES)


def named(text: str) -> str:
    """Return the text of a name: one line in which there is something to read out."""
    if text and not any(unicodedata.category(sign)[0] in "LN" for sign in text):
        raise PydanticCustomError(
            "no_letter",
            "a name needs at least one letter or digit",
            {"fix": "write the name people know it by, such as Card fraud 2"},
        )
    return line(text)


def _readable(text: str, *, allowed: str) -> str:
    for place, sign in enumerate(text, 1):
        if sign not in allowed and unicodedata.category(sign) in _HIDDEN:
            word = unicodedata.name(sign, "a control character").lower()
            raise PydanticCustomError(
                "hidden_character",
                "holds {sign} ({word}) at character {place}",
                {
                    "sign": f"U+{ord(sign):04X}",
                    "word": word,
                    "place": place,
                    "fix": "take it out: it cannot be seen, or it turns the text around it",
                },
            )
    return text


Line = Annotated[str, AfterValidator(line)]
Lines = Annotated[str, AfterValidator(lines)]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=120, strip_whitespace=True),
    AfterValidator(named),
]
