"""The addresses of policies in the API; config mounts them under /api/v1/."""

from django.urls import URLPattern

from policies.api import asking, findings, retraining
from registry.api_view import route

api_urlpatterns: list[URLPattern] = [
    route("policies/", retraining.PolicyList, "policies"),
    route("policies/<slug>/", retraining.PolicyDetail, "policy"),
    route("trainers/", retraining.TrainerList, "trainers"),
    route("trainers/<slug>/", retraining.TrainerDetail, "trainer"),
    route("decisions/", retraining.DecisionList, "decisions"),
    route("jobs/", retraining.JobList, "jobs"),
    route("models/<key>/decisions/", retraining.ModelDecisionList, "model-decisions"),
    route("models/<key>/retraining/", asking.ModelRetraining, "model-retraining"),
    route("models/<key>/gates/", findings.GateList, "model-gates"),
    route("models/<key>/controls/", findings.ControlList, "model-controls"),
]
