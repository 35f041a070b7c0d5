"""Nobody gives themselves the right to approve: somebody else must."""

from collections.abc import Collection

from registry.access import UNIT_RIGHTS, Right
from registry.actors import Actor
from registry.models import Person
from registry.problems import invalid

_APPROVING = frozenset(role for role, held in UNIT_RIGHTS.items() if Right.APPROVE in held)


def refuse_own_approval(
    actor: Actor, person: Person, gained: Collection[str], *, pointer: str
) -> None:
    """Raise Invalid when the actor would gain a role that approves by their own hand."""
    own = actor.person is not None and actor.person.pk == person.pk
    if own and (roles := sorted(_APPROVING.intersection(gained))):
        detail = f"nobody gives themselves the role {roles[0]}"
        fix = "another admin of the unit or of the platform gives it"
        raise invalid(pointer, "own_approval", detail, fix)
