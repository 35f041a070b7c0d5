"""Say who is too close to a model to decide on it: separation of duties, person by person."""

from collections.abc import Iterable

from registry import access
from registry.access import NotAllowed, Right
from registry.actors import Actor
from registry.models import Person, RegisteredModel

LINE = 10  # steps of management that are followed upwards


class NotIndependent(NotAllowed):
    """You may not approve this: you are too close to it, or not a person."""

    def __init__(self, why: str, model: RegisteredModel) -> None:
        super().__init__(Right.APPROVE, model.unit)
        self.args = (f"{why} An approver of {model.unit.name} who is independent can.",)


def conflict(
    actor: Actor, model: RegisteredModel, others: Iterable[tuple[str, Person | None]] = ()
) -> str:
    """Say in words why the actor may not approve; '' when nothing stands against it.

    `others` are people whom the decision is about beside the owner and the deputy, with a name
    for what they are.
    """
    if actor.by_token:
        return "A token never approves; sign in on the page."
    if actor.person is None:
        return "A part of Muster never approves."
    if not access.can(actor, Right.APPROVE, model.unit):
        return "You are no approver here."
    above = _line_above(actor.person)
    for role, person in (("owner", model.owner), ("deputy", model.deputy), *others):
        if person is not None and person.pk == actor.person.pk:
            return f"You are the {role}."
        if person is not None and person.pk in above:
            return f"{person.name}, to whom you report, is the {role}."
    return ""


def _line_above(person: Person) -> set[int]:
    """Return those to whom a person reports, also through others; a circle ends by itself."""
    above: list[int] = []
    manager = person.manager_id
    while manager is not None and manager not in above and len(above) < LINE:
        above.append(manager)
        manager = Person.objects.filter(pk=manager).values_list("manager_id", flat=True).first()
    return set(above)
