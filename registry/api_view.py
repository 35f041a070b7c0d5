"""The small parent of every API view: who acts, what was sent, how it is answered.

A view does three things: find what is in the address, call one operation, answer. Errors are
raised (`Invalid`, `NotAllowed`, any model's `DoesNotExist`) and become problems here.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import Http404
from django.urls import URLPattern
from django.urls.resolvers import RoutePattern
from pydantic import BaseModel
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import access, bodies, clock, filters, pagination, queries
from registry.access import Right
from registry.actors import Actor
from registry.models import RegisteredModel
from registry.openapi import documented
from registry.problems import invalid

Parsed = TypeVar("Parsed", bound=BaseModel)

__all__ = ["Moved", "ResourceView", "documented", "route"]


class Moved(Exception):
    """The model has another slug now."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(Moved.__doc__)
        self.old, self.new = old, new


class ResourceView(APIView):
    """Parent of the API's views."""

    @property
    def actor(self) -> Actor:
        """Return who acts; set by the authentication of the request."""
        actor = self.request._request.actor  # type: ignore[attr-defined]
        assert isinstance(actor, Actor)
        return actor

    @cached_property
    def at(self) -> datetime:
        """Return the time of this request, by the database's clock."""
        return clock.now()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        texts = [*kwargs.values(), *(t for _, ts in request.query_params.lists() for t in ts)]
        if any("\x00" in text for text in texts):
            # PostgreSQL cannot hold it, and no slug or filter can.
            raise invalid("/", "invalid", "the address holds a NUL character")
        super().initial(request, *args, **kwargs)
        handler = getattr(self, (request.method or "").lower(), None)
        if handler is not None:
            # After the sign-in: a stranger is told nothing of what an address knows.
            known: Collection[str] = getattr(handler, "parameters", ())
            filters.refuse_unknown(request.query_params, known)

    def read(self, schema: type[Parsed]) -> Parsed:
        """Return the body as `schema` or raise Invalid naming each wrong field."""
        return bodies.parse(schema, self.request.data)

    def find_model(self, key: str, right: Right | None = None) -> RegisteredModel:
        """Return the visible model of a slug or UUID; an old slug redirects to the new one.

        With `right`, what the actor sees but may not do is refused.
        """
        model = queries.find_model(self.actor, key)
        if key != model.slug and key.lower() != str(model.uuid):
            raise Moved(key, model.slug)
        if right is not None:
            access.require(self.actor, right, model.unit)
        return model

    def answer(self, body: Any, *, created: bool = False) -> Response:
        """Answer 200, or 201 for something new; pydantic objects are written as JSON."""
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(_plain(body), status=code)

    def page(
        self,
        rows: QuerySet[Any, Any],
        *,
        order: Sequence[str],
        show: Callable[[Any], Any],
    ) -> Response:
        """Answer one page of a list (see registry.pagination)."""
        body = pagination.page(self.request, rows, order=order, show=lambda row: _plain(show(row)))
        return Response(body)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Moved):
            path = self.request.path.replace(f"/{exc.old}", f"/{exc.new}", 1)
            query = self.request.META.get("QUERY_STRING", "")
            # 308 keeps method and body, so that a PUT to an old slug arrives at the new one.
            location = f"{path}?{query}" if query else path
            return Response(status=308, headers={"Location": location})
        if isinstance(exc, ObjectDoesNotExist):
            exc = Http404()
        return super().handle_exception(exc)


def _plain(body: Any) -> Any:
    return body.model_dump(mode="json") if isinstance(body, BaseModel) else body


class EitherSlash(RoutePattern):
    """A path that is also found without its last slash; no redirect, which would lose a body."""

    def match(self, path: str) -> Any:
        return super().match(path) or (not path.endswith("/") and super().match(f"{path}/")) or None


def route(pattern: str, view: type[APIView], name: str) -> URLPattern:
    """Address a view by a path such as `models/<key>/`, with or without the last slash."""
    matcher = EitherSlash(pattern, name=f"api-{name}", is_endpoint=True)
    return URLPattern(matcher, view.as_view(), name=f"api-{name}")
