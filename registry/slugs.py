"""What may stand as a name in an address."""

import re
import uuid

from registry.problems import Invalid, invalid

# Words that an address of a page or of the API keeps for itself where a slug could stand, such as
# `/policies/new/`; a test derives them from the URLconf.
RESERVED = frozenset({"new", "bulk"})
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)


def slug_of(text: str, *, longest: int, at: str = "/slug") -> str:
    """Return `text` if it can be a slug; one that looks like a UUID would be taken for one."""
    refuse_reserved(text, at=at)
    if len(text) > longest or not _SLUG.fullmatch(text) or is_uuid(text):
        raise _no_slug(at, longest)
    return text


def refuse_reserved(text: str, *, at: str) -> None:
    """Raise Invalid for a word that addresses keep for themselves."""
    if text in RESERVED:
        detail = f"'{text}' stands for something else in addresses"
        fix = f"add a word, such as {text}-model; kept words: {', '.join(sorted(RESERVED))}"
        raise invalid(at, "reserved", detail, fix)


def _no_slug(at: str, longest: int) -> Invalid:
    fix = f"lower-case letters, digits and single dashes, at most {longest} characters"
    return invalid(at, "invalid", "this cannot be a slug", fix)


def is_uuid(text: str) -> bool:
    """Say whether a text would be taken for a UUID."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
