"""Describe the API's handlers for its OpenAPI document."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_parameter_type
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, create_model

from registry import pagination, shaping

MEDIA_TYPE = "application/problem+json"
Handler = TypeVar("Handler", bound=Callable[..., Any])


class Schema(AutoSchema):  # type: ignore[misc]
    """Know that what stands in our addresses is text: slugs, UUIDs, numbers or aliases."""

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        text = {"type": "string"}
        return [build_parameter_type(name, text, "path", required=True) for name in variables]

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        """Add the answers that the parent of the views gives for every handler."""
        found: dict[str, Any] = super()._get_response_bodies(direction)
        for code in self._answers_of_the_parent():
            if code in _PLAIN_ANSWERS:
                found.setdefault(code, {"description": _PLAIN_ANSWERS[code]})
                continue
            shape = StateProblem if code in ("412", "428") else Problem
            made = self._get_response_for_code(shape, code, [MEDIA_TYPE], direction)
            found.setdefault(code, {**made, "description": _PROBLEMS[code]})
        return dict(sorted(found.items()))

    def _answers_of_the_parent(self) -> list[str]:
        reads, view = self.method == "GET", type(self.view)
        codes = ["308"] if "/models/{key}/" in self.path else []
        codes += ["429"] if self.view.authentication_classes else []
        readable = not _is_list(getattr(view, "get", None))
        if reads:
            shaped = getattr(getattr(view, "get", None), "fields", ())
            return codes + (["304"] if readable and shaped else [])
        codes += ["412"] if readable else []
        codes += ["428"] if readable and getattr(view, "match_required", False) else []
        codes += ["413", "415"] if self.method in ("POST", "PUT", "PATCH") else []
        keyed = self.method == "POST" and self.view.authentication_classes
        return codes + (["409", "422"] if keyed else [])

    def get_override_parameters(self) -> list[OpenApiParameter]:
        """Add what the parent of the views reads for every handler."""
        found = list(super().get_override_parameters())
        if self.method == "GET":
            shaped = getattr(getattr(self.view, "get", None), "fields", ())
            return [*found, *(_query(shaping.PARAMETERS) if shaped else ())]
        names = ["If-Match", *(["Idempotency-Key"] if self.method == "POST" else [])]
        headers = [OpenApiParameter(n, str, "header", description=_HEADERS[n]) for n in names]
        return [*found, *_query(DRY_RUN), *headers]


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    """Bearer tokens, as the document names them."""

    target_class = "registry.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "muster_…"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    """The session of the pages."""

    target_class = "registry.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def _is_list(handler: Any) -> bool:
    return handler is None or "limit" in getattr(handler, "parameters", ())


class Problem(BaseModel):
    """What every refusal looks like (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[dict[str, str]]


class StateProblem(Problem):
    """A write that was made from another state than the present one, which is told."""

    current_etag: str | None
    current: Any


def documented(
    summary: str,
    *,
    body: type[BaseModel] | Mapping[str, Any] | None = None,
    answer: type[BaseModel] | None = None,
    listed: bool = False,
    upsert: bool = False,
    created: bool = False,
    empty: bool = False,
    later: type[BaseModel] | None = None,
    filters: Mapping[str, str] | None = None,
) -> Callable[[Handler], Handler]:
    """Describe a handler for the OpenAPI document; its docstring becomes the description."""
    given = _page_of(answer) if listed and answer else answer
    codes = [204] if empty else [201] if created else [200, 201] if upsert else [200]
    responses: dict[Any, Any] = dict.fromkeys(codes, given) | ({202: later} if later else {})
    for code in (400, 401, 403, 404):
        responses[(code, MEDIA_TYPE)] = Problem
    names = {**(filters or {}), **(_PAGING if listed else {})}
    shaped = _fields(answer)
    extend = extend_schema(
        operation_id=re.sub(r"\W+", "_", summary.lower()).strip("_"),
        summary=summary,
        request=body,
        responses=responses,
        parameters=_query(names),
    )

    def describe(handler: Handler) -> Handler:
        # What the parent of the views holds the address to.
        handler.parameters = frozenset(names)  # type: ignore[attr-defined]
        # What may stand in an address several times says so to whoever reads the description.
        several = frozenset(name for name, said in names.items() if "repeat it" in said)
        handler.repeatable = several  # type: ignore[attr-defined]
        handler.fields = shaped  # type: ignore[attr-defined]
        return extend(handler)  # type: ignore[no-any-return]

    return describe


def _fields(answer: type[BaseModel] | None) -> frozenset[str]:
    """Return the fields of an answered object; of a page, those of its rows."""
    if answer is None:
        return frozenset()
    if "results" in answer.model_fields and "next" in answer.model_fields:
        (row,) = get_args(answer.model_fields["results"].annotation)
        return frozenset(row.model_fields)
    return frozenset(answer.model_fields)


def reads(*names: str) -> Callable[[Handler], Handler]:
    """Name the parameters that a handler reads which describes itself."""

    def mark(handler: Handler) -> Handler:
        handler.parameters = frozenset(names)  # type: ignore[attr-defined]
        return handler

    return mark


def _query(names: Mapping[str, str]) -> list[OpenApiParameter]:
    return [OpenApiParameter(name, str, description=text) for name, text in names.items()]


_PLAIN_ANSWERS = {
    "304": "what was read before, by If-None-Match, is still so",
    "308": "the model has another slug now: Location tells the address",
}
_PROBLEMS = {
    "409": "the first request with this Idempotency-Key is still at work: Retry-After tells when",
    "412": "If-Match or If-None-Match does not hold",
    "413": "the body is too large",
    "415": "the body is in a format that is not read here",
    "422": "this Idempotency-Key was sent with another request",
    "428": "a change here needs If-Match",
    "429": "too many requests: Retry-After tells when the next may come",
}
DRY_RUN = {"dry_run": "`true` answers as if, and changes nothing"}
_HEADERS = {
    "If-Match": "the ETag that the change was made from; 412 when there is another one now",
    "Idempotency-Key": "a text of your own; repetitions within 24 h are answered, not done again",
}
_PAGING = {
    "limit": f"rows a page, 1 to {pagination.MAX_LIMIT}; {pagination.DEFAULT_LIMIT} when absent",
    "cursor": "the place in the list, from `next` or `previous`",
    "count": "`true` adds the total number",
}


def _page_of(answer: type[BaseModel]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        "results": (list[answer], ...),  # type: ignore[valid-type]
        "next": (str | None, ...),
        "previous": (str | None, ...),
        "count": (int | None, None),
    }
    return create_model(f"{answer.__name__}Page", **fields)
