"""What the name of a source or a check may look like."""

from registry.problems import invalid
from registry.slugs import refuse_reserved


def require_name(name: str, pointer: str) -> None:
    """Raise Invalid unless the name can stand in an address."""
    refuse_reserved(name, at=pointer)
    allowed = name.replace("-", "").replace("_", "")
    if not (0 < len(name) <= 60 and allowed.isascii() and allowed.isalnum() and name.islower()):
        fix = "lower-case letters, digits, - and _; at most 60"
        raise invalid(pointer, "slug", f"'{name[:60]}' is not a name", fix)
