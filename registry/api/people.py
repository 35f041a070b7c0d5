"""Endpoints of units, people and their roles, and of who one is."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from registry import access, catalogue, inputs, queries, serializers
from registry.api_view import ResourceView, documented
from registry.models import BusinessUnit, Person


class UnitList(ResourceView):
    @documented("List business units", answer=serializers.UnitAnswer, listed=True)
    def get(self, request: Request) -> Response:
        """Return the units you see."""
        units = access.visible_units(self.actor)
        return self.page(units, order=["slug"], show=serializers.unit)


class UnitDetail(ResourceView):
    subject = BusinessUnit, {"slug": "slug"}

    @documented("Get a business unit", answer=serializers.UnitAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Return one unit."""
        return self.answer(serializers.unit(access.visible_units(self.actor).get(slug=slug)))

    @documented(
        "Put a business unit", body=inputs.UnitBody, answer=serializers.UnitAnswer, upsert=True
    )
    def put(self, request: Request, slug: str) -> Response:
        """Make a unit or change the known one; for platform admins."""
        unit, created = catalogue.put_unit(self.actor, slug, request.data, at=self.at)
        return self.answer(serializers.unit(unit), created=created)


class MemberDetail(ResourceView):
    @documented("Put a member", body=inputs.MemberBody, answer=serializers.PersonAnswer)
    def put(self, request: Request, slug: str, email: str) -> Response:
        """Set somebody's roles in a unit; for its unit admins."""
        unit = access.visible_units(self.actor).get(slug=slug)
        person = catalogue.put_member(self.actor, unit, email, request.data, at=self.at)
        return self.answer(_show(self, person))


class PersonList(ResourceView):
    @documented(
        "List people",
        answer=serializers.PersonAnswer,
        listed=True,
        filters={"q": "part of a name or address"},
    )
    def get(self, request: Request) -> Response:
        """Return the people you share a unit with; fleet-wide roles see everybody."""
        people = queries.people(self.actor, words=request.query_params.get("q", ""))
        seen = queries.seen_unit_ids(self.actor)
        return self.page(
            people, order=["email"], show=lambda row: serializers.person(row, seen_units=seen)
        )


class PersonDetail(ResourceView):
    subject = Person, {"email": "email"}

    @documented("Get a person", answer=serializers.PersonAnswer)
    def get(self, request: Request, email: str) -> Response:
        """Return one person."""
        return self.answer(_show(self, queries.people(self.actor).get(email=email.lower())))

    @documented(
        "Put a person", body=inputs.PersonBody, answer=serializers.PersonAnswer, upsert=True
    )
    def put(self, request: Request, email: str) -> Response:
        """Make an account or change the known one; for platform admins."""
        person, created = catalogue.put_person(self.actor, email, request.data, at=self.at)
        return self.answer(_show(self, person), created=created)


class Me(ResourceView):
    @documented("Get me", answer=serializers.MeAnswer)
    def get(self, request: Request) -> Response:
        """Return who you are and what you may do, within the limits of the token you use."""
        assert self.actor.person is not None
        shown = _show(self, self.actor.person)
        rights = queries.rights_by_unit(self.actor)
        return self.answer(serializers.MeAnswer(**shown.model_dump(), rights=rights))


def _show(view: ResourceView, person: Any) -> serializers.PersonAnswer:
    return serializers.person(person, seen_units=queries.seen_unit_ids(view.actor))
