"""The small parent of every API view: who acts, what was sent, how it is answered.

A view does three things: find what is in the address, call one operation, answer. Errors are
raised (`Invalid`, `NotAllowed`, any model's `DoesNotExist`) and become problems here.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property, partial
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404
from django.urls import URLPattern
from django.urls.resolvers import RoutePattern
from pydantic import BaseModel
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import (
    access,
    bodies,
    clock,
    conditions,
    filters,
    idempotency,
    pagination,
    queries,
    shaping,
    throttling,
)
from registry.access import Right
from registry.actors import Actor
from registry.models import Person, RegisteredModel
from registry.openapi import DRY_RUN, documented
from registry.problems import invalid

Parsed = TypeVar("Parsed", bound=BaseModel)
Handler = Callable[..., Any]
_READ = ("get", "head", "options")

__all__ = ["Moved", "ResourceView", "documented", "route"]


class Moved(Exception):
    """The model has another slug now."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(Moved.__doc__)
        self.old, self.new = old, new


class ResourceView(APIView):
    """Parent of the API's views.

    It holds every handler to what it documents, and gives each GET its ETag and shape, each write
    its If-Match, its dry run and (POST) its Idempotency-Key.
    """

    # The rows that a write with If-Match locks: their table, and columns by names in the address.
    subject: ClassVar[tuple[type[Model], dict[str, str]] | None] = None
    # A change of what is known must say which state it was made from (428).
    match_required: ClassVar[bool] = False

    @property
    def actor(self) -> Actor:
        """Return who acts; set by the authentication of the request."""
        actor = self.request._request.actor  # type: ignore[attr-defined]
        assert isinstance(actor, Actor)
        return actor

    @cached_property
    def at(self) -> datetime:
        """Return the time of this request, by the database's clock."""
        # Whoever checked a token has asked the database already.
        known = getattr(self.request._request, "received_at", None)
        return known or clock.now()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        texts = [*kwargs.values(), *(t for _, ts in request.query_params.lists() for t in ts)]
        if any("\x00" in text for text in texts):
            # PostgreSQL cannot hold it, and no slug or filter can.
            raise invalid("/", "invalid", "the address holds a NUL character", "take %00 out of it")
        super().initial(request, *args, **kwargs)
        throttling.count(request)
        method = (request.method or "").lower()
        handler = getattr(self, method, None)
        if handler is None or method not in self.http_method_names:
            return
        reads, fields = method in _READ, _fields(handler)
        # After the sign-in: a stranger is told nothing of what an address knows.
        known: set[str] = {*getattr(handler, "parameters", ())}
        known |= {*(shaping.PARAMETERS if fields else ())} if reads else {*DRY_RUN}
        if method != "options":
            filters.refuse_unknown(request.query_params, known)
            filters.refuse_twice(request.query_params, getattr(handler, "repeatable", ()))
        # DRF looks the handler up again, and finds it within what holds for all of them.
        setattr(self, method, partial(self._read if reads else self._write, handler))

    def read(self, schema: type[Parsed]) -> Parsed:
        """Return the body as `schema` or raise Invalid naming each wrong field."""
        return bodies.parse(schema, self.request.data)

    def _read(self, handler: Handler, request: Request, **kwargs: str) -> Any:
        fields = _fields(handler)
        shape = shaping.read(request.query_params, fields)
        response = handler(request, **kwargs)
        if not isinstance(response, Response) or not fields or response.status_code != 200:
            return response
        if "limit" in getattr(handler, "parameters", ()):
            response.data["results"] = [shape.cut(row) for row in response.data["results"]]
            return response
        tag = conditions.etag(response.data, shape.text())
        if conditions.names(request.headers.get("If-None-Match", ""), tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        response.data, response["ETag"] = shape.cut(response.data), tag
        return response

    def _write(self, handler: Handler, request: Request, **kwargs: str) -> Any:
        def act() -> Any:
            # Told apart here already: whoever keeps answers must not take these for a failure.
            try:
                return self._held(handler, request, **kwargs)
            except ObjectDoesNotExist as error:
                raise Http404 from error
            except Moved as moved:
                return self._redirect(moved)

        if self.dry_run:
            with transaction.atomic():
                response = act()
                transaction.set_rollback(True)
            response["Dry-Run"] = "true"
            return response
        keyed = request.method == "POST" and "Idempotency-Key" in request.headers
        if keyed and isinstance(request.user, Person):  # MLflow's doorbell has no person
            return idempotency.once(request, act, at=self.at)
        return act()

    def _held(self, handler: Handler, request: Request, **kwargs: str) -> Any:
        """Write, held to the state that the caller names or, where it is a must, should name."""
        if not conditions.given(request) and not self.match_required:
            return self._tagged(handler(request, **kwargs))
        with transaction.atomic():
            current = self._current(request, **kwargs)
            conditions.check(request, current)
            response = self._tagged(handler(request, **kwargs))
            changed = current is not None and response.data != current
            if changed and self.match_required and "If-Match" not in request.headers:
                # After the write, so that what is wrong with it is said first; it is undone.
                raise conditions.MatchRequired(current)
            return response

    def _current(self, request: Request, **kwargs: str) -> Any:
        read = getattr(type(self), "get", None)
        if read is None or "limit" in getattr(read, "parameters", ()):
            detail = "nothing can be read here that could match"
            raise invalid("/If-Match", "invalid", detail, "leave the header out")
        with suppress(ObjectDoesNotExist):
            if self.subject is not None:
                # Held until the write is done, so that nobody changes it between.
                rows, names = self.subject
                found = {column: kwargs[name] for name, column in names.items() if name in kwargs}
                list(
                    rows._default_manager.select_for_update(of=("self",))
                    .filter(**found)
                    .values("pk")
                )
            return read(self, request, **kwargs).data
        return None

    def _tagged(self, response: Any) -> Any:
        if isinstance(response, Response) and response.status_code in (200, 201):
            read = getattr(type(self), "get", None)
            if read is not None and "limit" not in getattr(read, "parameters", ()):
                response["ETag"] = conditions.etag(response.data)
        return response

    @property
    def dry_run(self) -> bool:
        """Say whether the caller only wants to know what would become of a write."""
        return shaping.flag(self.request.query_params, "dry_run")

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

    def _redirect(self, moved: Moved) -> Response:
        path = self.request.path.replace(f"/{moved.old}", f"/{moved.new}", 1)
        query = self.request.META.get("QUERY_STRING", "")
        # 308 keeps method and body, so that a PUT to an old slug arrives at the new one.
        location = f"{path}?{query}" if query else path
        return Response(status=308, headers={"Location": location})

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Moved):
            return self._redirect(exc)
        if isinstance(exc, ObjectDoesNotExist):
            exc = Http404()
        return super().handle_exception(exc)


def _fields(handler: Handler) -> frozenset[str]:
    return getattr(handler, "fields", frozenset())


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
