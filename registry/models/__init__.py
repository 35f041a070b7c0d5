"""The tables of the registry, one module a noun."""

from registry.models.audit import AuditEvent, AuditLink
from registry.models.counters import SignInCounter
from registry.models.events import EventAnswer, ModelEvent
from registry.models.history import ModelRevision
from registry.models.idempotency import IdempotentRequest
from registry.models.metrics import MetricPoint
from registry.models.models import ModelUse, RegisteredModel, SlugHistory, TierAssessment
from registry.models.operations import Operation
from registry.models.people import ApiToken, BusinessUnit, FleetRole, Membership, Person
from registry.models.regimes import ScopeDecision, TierOverride
from registry.models.servers import MLflowDelivery, MLflowServer
from registry.models.versions import AliasEvent, ModelVersion, SourceModel

__all__ = [
    "AliasEvent",
    "ApiToken",
    "AuditEvent",
    "AuditLink",
    "BusinessUnit",
    "EventAnswer",
    "FleetRole",
    "IdempotentRequest",
    "MLflowDelivery",
    "MLflowServer",
    "Membership",
    "MetricPoint",
    "ModelEvent",
    "ModelRevision",
    "ModelUse",
    "ModelVersion",
    "Operation",
    "Person",
    "RegisteredModel",
    "ScopeDecision",
    "SignInCounter",
    "SlugHistory",
    "SourceModel",
    "TierAssessment",
    "TierOverride",
]
