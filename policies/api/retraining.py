"""Endpoints of retraining: policies, trainers, decisions and jobs."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from policies import queries, serializers
from policies.models import Decision, Job, RetrainingPolicy, Trainer
from policies.retraining import definitions
from registry import access
from registry.api_view import ResourceView, documented
from registry.problems import invalid

MODEL_FILTER = {"model": "slug of the model"}
DECISION_FILTERS = {**MODEL_FILTER, "action": "retrain, hold, wait or none; several with commas"}
JOB_FILTERS = {**MODEL_FILTER, "state": "state of the job; several with commas"}


class PolicyView(ResourceView):
    """Shows a policy to those who may see it, without the models they may not see."""

    def shown(self, row: Any) -> serializers.PolicyAnswer:
        visible = set(access.visible_models(self.actor).values_list("slug", flat=True))
        return serializers.policy(row, visible=visible)


class PolicyList(PolicyView):
    @documented("List retraining policies", answer=serializers.PolicyAnswer, listed=True)
    def get(self, request: Request) -> Response:
        """Return the policies you see, by slug; everybody sees those of the whole fleet."""
        return self.page(queries.policies_for(self.actor), order=["slug"], show=self.shown)


class PolicyDetail(PolicyView):
    subject = RetrainingPolicy, {"slug": "slug"}
    match_required = True

    @documented("Get a retraining policy", answer=serializers.PolicyAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Return the version in force."""
        return self.answer(self.shown(queries.policies_for(self.actor).get(slug=slug)))

    @documented(
        "Put a retraining policy",
        body=definitions.PolicyBody,
        answer=serializers.PolicyAnswer,
        upsert=True,
    )
    def put(self, request: Request, slug: str) -> Response:
        """Make a policy, or add a version where something changed; what is absent is kept."""
        row, created = definitions.put_policy(self.actor, slug, request.data, at=self.at)
        return self.answer(self.shown(row), created=created)


class TrainerList(ResourceView):
    @documented("List trainers", answer=serializers.TrainerAnswer, listed=True)
    def get(self, request: Request) -> Response:
        """Return the trainers you see, by slug."""
        rows = queries.trainers_for(self.actor)
        return self.page(rows, order=["slug"], show=serializers.trainer)


class TrainerDetail(ResourceView):
    subject = Trainer, {"slug": "slug"}

    @documented("Get a trainer", answer=serializers.TrainerAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Return one trainer; its secret is never answered."""
        found = queries.trainers_for(self.actor).get(slug=slug)
        return self.answer(serializers.trainer(found))

    @documented(
        "Put a trainer",
        body=definitions.TrainerBody,
        answer=serializers.TrainerAnswer,
        upsert=True,
    )
    def put(self, request: Request, slug: str) -> Response:
        """Make a trainer or change the known one; what is absent is kept."""
        row, created = definitions.put_trainer(self.actor, slug, request.data, at=self.at)
        return self.answer(serializers.trainer(row), created=created)


class DecisionList(ResourceView):
    @documented(
        "List retraining decisions",
        answer=serializers.DecisionAnswer,
        listed=True,
        filters=DECISION_FILTERS,
    )
    def get(self, request: Request) -> Response:
        """Return the decisions you see, newest first."""
        rows = _narrow(self, queries.decisions_for(self.actor), "action", Decision.Action.values)
        return self.page(rows, order=["-at", "-id"], show=serializers.decision)


class JobList(ResourceView):
    @documented(
        "List retraining jobs", answer=serializers.JobAnswer, listed=True, filters=JOB_FILTERS
    )
    def get(self, request: Request) -> Response:
        """Return the retraining jobs you see, newest first."""
        rows = _narrow(self, queries.jobs_for(self.actor), "state", Job.State.values)
        return self.page(rows, order=["-requested_at", "-id"], show=serializers.job)


class ModelDecisionList(ResourceView):
    @documented(
        "List retraining decisions of a model",
        answer=serializers.DecisionAnswer,
        listed=True,
        filters={"action": DECISION_FILTERS["action"]},
    )
    def get(self, request: Request, key: str) -> Response:
        """Return the decisions about one model, newest first."""
        rows = queries.decisions_for(self.actor).filter(model=self.find_model(key))
        rows = _narrow(self, rows, "action", Decision.Action.values)
        return self.page(rows, order=["-at", "-id"], show=serializers.decision)


def _narrow(view: ResourceView, rows: QuerySet[Any], name: str, known: list[str]) -> QuerySet[Any]:
    """Apply the filters `model` and `name`; a value that cannot be is refused."""
    params = view.request.query_params
    if "model" in params:
        rows = rows.filter(model__slug=params["model"])
    if name in params:
        wanted = [part.strip() for part in params[name].split(",")]
        unknown = [part for part in wanted if part not in known]
        if unknown:
            fix = f"one of {', '.join(known)}"
            raise invalid(f"/{name}", "invalid", f"there is no {name} '{unknown[0][:40]}'", fix)
        rows = rows.filter(**{f"{name}__in": wanted})
    return rows
