"""Describe the API's handlers for its OpenAPI document."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_parameter_type
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, create_model

from registry import pagination

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Schema(AutoSchema):  # type: ignore[misc]
    """Know that what stands in our addresses is text: slugs, UUIDs, numbers or aliases."""

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        text = {"type": "string"}
        return [build_parameter_type(name, text, "path", required=True) for name in variables]


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
    extend = extend_schema(
        operation_id=re.sub(r"\W+", "_", summary.lower()).strip("_"),
        summary=summary,
        request=body,
        responses=responses,
        parameters=[OpenApiParameter(name, str, description=text) for name, text in names.items()],
    )

    def describe(handler: Handler) -> Handler:
        # What the parent of the views holds the address to.
        handler.parameters = frozenset(names)  # type: ignore[attr-defined]
        handler.schema = Schema()  # type: ignore[attr-defined]
        return extend(handler)  # type: ignore[no-any-return]

    return describe


def reads(*names: str) -> Callable[[Handler], Handler]:
    """Name the parameters that a handler reads which describes itself."""

    def mark(handler: Handler) -> Handler:
        handler.parameters = frozenset(names)  # type: ignore[attr-defined]
        return handler

    return mark


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
