"""Endpoints of registered models, their versions and their metrics."""

from datetime import datetime

from rest_framework.request import Request
from rest_framework.response import Response

from registry import (
    access,
    catalogue,
    comparison,
    filters,
    history,
    inputs,
    moments,
    queries,
    serializers,
    serving,
)
from registry.api import history_answers
from registry.api.history import AS_OF
from registry.api_view import Moved, ResourceView, documented
from registry.models import RegisteredModel
from registry.problems import invalid


class ModelList(ResourceView):
    @documented(
        "List models",
        answer=serializers.ModelAnswer,
        listed=True,
        filters={**filters.MODEL_FILTERS, **filters.ORDERING, **AS_OF},
    )
    def get(self, request: Request) -> Response:
        """Return the models you see; with `as_of` as they were then, which goes by slug only."""
        if "as_of" in request.query_params:
            return self._then(moments.parse(request.query_params["as_of"], now=self.at))
        models = access.visible_models(self.actor).select_related(*queries.MODEL_RELATIONS)
        found = filters.filter_models(models, request.query_params, self.actor)
        order = filters.ordering(request.query_params)
        return self.page(found, order=order, show=serializers.model)

    def _then(self, moment: datetime) -> Response:
        models = history.inventory_as_of(self.actor, moment)
        found = filters.filter_revisions(models, self.request.query_params, self.actor)
        order = filters.ordering(self.request.query_params, known=("slug", "-slug"))
        return self.page(found, order=order, show=lambda row: history_answers.model(row, moment))


class ModelDetail(ResourceView):
    subject = RegisteredModel, {"key": "slug"}

    @documented("Get a model", answer=serializers.ModelDetail, filters=AS_OF)
    def get(self, request: Request, key: str) -> Response:
        """Return one model by slug or UUID, with `as_of` as it was; a former slug redirects."""
        model = self.find_model(key)
        if "as_of" not in request.query_params:
            return self._shown(model)
        moment = moments.parse(request.query_params["as_of"], now=self.at)
        then = history.find(self.actor, model, moment)
        aliases = serving.aliases_as_of(then, moment)
        return self.answer(history_answers.model_detail(then, aliases, moment))

    @documented("Put a model", body=inputs.ModelBody, answer=serializers.ModelDetail, upsert=True)
    def put(self, request: Request, key: str) -> Response:
        """Register a model or change the known one; what is absent is kept."""
        try:
            model, created = catalogue.put_model(
                self.actor, key, request.data, at=self.at, by_former_slug=False
            )
        except catalogue.FormerSlug as found:
            raise Moved(key, found.slug) from found
        return self._shown(model, created=created)

    @documented("Patch a model", body=inputs.ModelPatch, answer=serializers.ModelDetail)
    def patch(self, request: Request, key: str) -> Response:
        """Merge a change into a model: null clears; `slug` renames."""
        model = self.find_model(key)
        return self._shown(catalogue.patch_model(self.actor, model, request.data, at=self.at))

    def _shown(self, model: RegisteredModel, *, created: bool = False) -> Response:
        # What was registered without a claim has no twin in MLflow yet, and never had another slug.
        alone = created and model.mlflow_server_id is None
        source = None if alone else queries.source_of(model)
        shown = serializers.model_detail(model, source, is_new=created)
        return self.answer(shown, created=created)


class VersionList(ResourceView):
    @documented("List versions of a model", answer=serializers.VersionAnswer, listed=True)
    def get(self, request: Request, key: str) -> Response:
        """Return the versions that MLflow holds or held, newest first."""
        model = self.find_model(key)
        aliases = queries.aliases(model)
        return self.page(
            queries.versions(model),
            order=["-number"],
            show=lambda row: serializers.version(row, aliases),
        )


class Integrity(ResourceView):
    @documented("Compare versions with MLflow now", answer=serializers.IntegrityAnswer)
    def post(self, request: Request, key: str) -> Response:
        """Let the next look at MLflow compare what was recorded of the model's versions."""
        model = self.find_model(key)
        asked = comparison.ask(self.actor, model, at=self.at)
        last = comparison.last(model)
        return self.answer(serializers.IntegrityAnswer(versions=asked, compared_at=last))


class VersionDetail(ResourceView):
    @documented("Get a version of a model", answer=serializers.VersionDetail)
    def get(self, request: Request, key: str, number: str) -> Response:
        """Return one version with its evidence; `number` may be an alias such as `champion`."""
        model = self.find_model(key)
        found = queries.find_version(model, number)
        return self.answer(serializers.version_detail(found, queries.aliases(model)))


class MetricList(ResourceView):
    @documented(
        "List metric points of a model",
        answer=serializers.PointAnswer,
        listed=True,
        filters={
            "version": "number or alias; `champion` when absent",
            "key": "name of the metric; all when absent",
        },
    )
    def get(self, request: Request, key: str) -> Response:
        """Return what MLflow logged for a version, oldest first."""
        model = self.find_model(key)
        wanted = request.query_params.get("version", queries.CHAMPION)
        try:
            version = queries.find_version(model, wanted)
        except queries.NO_VERSION as error:
            detail = f"the model has no version '{wanted[:40]}'"
            fix = "GET …/versions/ lists them; an alias such as champion will do, too"
            raise invalid("/version", "unknown_version", detail, fix) from error
        metric = request.query_params.get("key", "")
        if metric and (unknown := queries.unknown_metric(version, metric)):
            raise invalid(
                "/key", "unknown_metric", unknown, "take one of the known, or none for all"
            )
        points = queries.points(version, key=metric)
        return self.page(points, order=["at", "id"], show=serializers.point)
