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

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Schema(AutoSchema):  # type: ignore[misc]
    """Know that what stands in our addresses is text: slugs, UUIDs, numbers or aliases."""

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        text = {"type": "string"}
        return [build_parameter_type(name, text, "path", required=True) for name in variables]

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


class Problem(BaseModel):
    """What every refusal looks like (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[dict[str, str]]


def documented(
    summary: str,
    *,
    body: type[BaseModel] | Mapping[str, Any] | None = None,
    answer: type[BaseModel] | None = None,
    listed: bool = False,
    upsert: bool = False,
    created: bool = False,
    empty: bool = False,
    later: bool = False,
    filters: Mapping[str, str] | None = None,
) -> Callable[[Handler], Handler]:
    """Describe a handler for the OpenAPI document; its docstring becomes the description."""
    given = _page_of(answer) if listed and answer else answer
    codes = [204] if empty else [201] if created else [200, 201] if upsert else [200]
    codes += [202] if later else []
    responses: dict[Any, Any] = dict.fromkeys(codes, given)
    for code in (400, 401, 403, 404):
        responses[(code, "application/problem+json")] = Problem
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
        handler.fields = shaped  # type: ignore[attr-defined]
        handler.schema = Schema()  # type: ignore[attr-defined]
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
