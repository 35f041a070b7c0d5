"""The tables of the registry, one module a noun."""

from registry.models.audit import AuditEvent, AuditLink
from registry.models.events import EventAnswer, ModelEvent
from registry.models.metrics import MetricPoint
from registry.models.models import ModelUse, RegisteredModel, SlugHistory, TierAssessment
from registry.models.people import ApiToken, BusinessUnit, FleetRole, Membership, Person
from registry.models.servers import MLflowServer
from registry.models.versions import AliasEvent, ModelVersion, SourceModel

__all__ = [
    "AliasEvent",
    "ApiToken",
    "AuditEvent",
    "AuditLink",
    "BusinessUnit",
    "EventAnswer",
    "FleetRole",
    "MLflowServer",
    "Membership",
    "MetricPoint",
    "ModelEvent",
    "ModelUse",
    "ModelVersion",
    "Person",
    "RegisteredModel",
    "SlugHistory",
    "SourceModel",
    "TierAssessment",
]
