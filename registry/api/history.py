"""Endpoints of the past: revisions, who was champion when, and the register as a file."""

from collections.abc import Iterable
from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from registry import exports, filters, history, moments, queries, serving
from registry.api import history_answers as answers
from registry.api_view import ResourceView, documented
from registry.openapi import Problem, reads
from registry.problems import invalid

AS_OF = {"as_of": moments.SAID}
_VERSIONS = 500


class RevisionList(ResourceView):
    @documented("List revisions of a model", answer=answers.RevisionAnswer, listed=True)
    def get(self, request: Request, key: str) -> Response:
        """Return what the record said, change by change, newest first."""
        found = history.revisions(self.actor, self.find_model(key))
        return self.page(found, order=["-number"], show=answers.revision)


class AliasEventList(ResourceView):
    @documented("List alias moves of a model", answer=answers.AliasEventAnswer, listed=True)
    def get(self, request: Request, key: str) -> Response:
        """Return each move of an alias in MLflow, newest first, with when it was seen."""
        found = queries.alias_moves(self.find_model(key))
        return self.page(found, order=["-seen_at", "-id"], show=answers.alias_event)


class Aliases(ResourceView):
    @documented("Get the aliases of a model", answer=answers.AliasesAnswer, filters=AS_OF)
    def get(self, request: Request, key: str) -> Response:
        """Return who was champion at a moment, and which versions were there; now by default."""
        model, text = self.find_model(key), request.query_params.get("as_of")
        moment = self.at if text is None else moments.parse(text, now=self.at)
        revision = history.find(self.actor, model, moment)
        versions = serving.versions_as_of(revision, moment)
        held = serving.aliases_as_of(revision, moment)
        newest = versions.order_by("-number")[:_VERSIONS]
        return self.answer(answers.aliases(moment, held, newest, versions.count()))


class _OneFormat(DefaultContentNegotiation):
    """Leave `format` and the Accept header to the view, which writes its file itself."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: Any = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type


class InventoryExport(ResourceView):
    content_negotiation_class = _OneFormat

    @reads(*filters.MODEL_FILTERS, *AS_OF, "format")
    @extend_schema(  # type: ignore[untyped-decorator]
        operation_id="export_the_inventory",
        summary="Export the inventory",
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
            **{(code, "application/problem+json"): Problem for code in (400, 401, 403)},
        },
        parameters=[
            OpenApiParameter(name, str, description=text)
            for name, text in {**filters.MODEL_FILTERS, **AS_OF, "format": "csv or json"}.items()
        ],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Return the register as a file, with every model that matches; now by default."""
        params = request.query_params
        form, text = params.get("format", "csv"), params.get("as_of")
        if form not in exports.FORMATS:
            raise invalid("/format", "invalid", "there is no such format", "csv or json")
        moment = self.at if text is None else moments.parse(text, now=self.at)
        found = history.inventory_as_of(self.actor, moment)
        found = filters.filter_revisions(found, params, self.actor)
        answer = StreamingHttpResponse(
            exports.stream(form, found, moment, at=self.at), content_type=exports.FORMATS[form]
        )
        name = exports.file_name(form, moment)
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
