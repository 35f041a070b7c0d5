"""Make a model's short name from whatever it is called elsewhere."""

import re
import unicodedata
from collections.abc import Iterator

from registry.models import SlugHistory
from registry.problems import Invalid
from registry.slugs import slug_of

_LONGEST = 100
# Words that stand, or may come to stand, where a slug does in an address.
RESERVED = frozenset({"new", "bulk", "import", "export", "search", "edit", "all", "me"})


def plain(name: str) -> str:
    """Return `name` in lower-case ASCII letters, digits and single dashes; '' if none is left."""
    # The German sharp s and some letters of the north do not fall apart into letter and accent.
    spelled = name.translate(_SPELLED)
    ascii_only = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:_LONGEST].strip("-")


_SPELLED = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d"}
)


def free(name: str, *, suffix: str) -> str:
    """Return a slug for `name` that no model has or had; `suffix` tells namesakes apart."""
    for candidate in _candidates(plain(name) or "model", plain(suffix)):
        if candidate in RESERVED or SlugHistory.objects.filter(slug=candidate).exists():
            continue
        try:
            return slug_of(candidate, longest=_LONGEST)
        except Invalid:
            continue  # It looks like a UUID; with a suffix it does not.
    raise AssertionError("the candidates never end")


def _candidates(stem: str, suffix: str) -> Iterator[str]:
    yield stem
    if suffix:
        yield _joined(stem, suffix)
    number = 2
    while True:
        yield _joined(stem, str(number))
        number += 1


def _joined(stem: str, ending: str) -> str:
    return f"{stem[: _LONGEST - len(ending) - 1].rstrip('-')}-{ending}"
