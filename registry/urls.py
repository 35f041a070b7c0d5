"""The registry's addresses in the API; config mounts them under /api/v1/."""

from django.urls import URLPattern

from registry.api import (
    audit,
    discovery,
    history,
    models,
    operations,
    people,
    record,
    servers,
    tokens,
)
from registry.api_view import route

api_urlpatterns: list[URLPattern] = [
    route("me/", people.Me, "me"),
    route("business-units/", people.UnitList, "units"),
    route("business-units/<slug>/", people.UnitDetail, "unit"),
    route("business-units/<slug>/members/<email>/", people.MemberDetail, "member"),
    route("people/", people.PersonList, "people"),
    route("people/<email>/", people.PersonDetail, "person"),
    route("mlflow-servers/", servers.ServerList, "servers"),
    route("mlflow-servers/<slug>/", servers.ServerDetail, "server"),
    route("mlflow-servers/<slug>/webhook/", servers.ServerWebhook, "server-webhook"),
    route("discovery/", discovery.DiscoveryList, "discovery"),
    route("discovery/<key>/dismiss/", discovery.Dismiss, "discovery-dismiss"),
    route("discovery/<key>/restore/", discovery.Restore, "discovery-restore"),
    route("imports/mlflow/", operations.MLflowImportView, "import-mlflow"),
    route("imports/inventory/", operations.InventoryImport, "import-inventory"),
    route("operations/<key>/", operations.OperationDetail, "operation"),
    route("operations/<key>/errors.csv", operations.OperationErrors, "operation-errors"),
    route("models/", models.ModelList, "models"),
    route("models/<key>/", models.ModelDetail, "model"),
    route("models/<key>/versions/", models.VersionList, "versions"),
    route("models/<key>/versions/<number>/", models.VersionDetail, "version"),
    route("models/<key>/revisions/", history.RevisionList, "revisions"),
    route("models/<key>/aliases/", history.Aliases, "aliases"),
    route("models/<key>/alias-events/", history.AliasEventList, "alias-events"),
    route("models/<key>/metrics/", models.MetricList, "metrics"),
    route("exports/inventory/", history.InventoryExport, "inventory-export"),
    route("models/<key>/completeness/", record.Completeness, "completeness"),
    route("models/<key>/scope/", record.ScopeList, "scopes"),
    route("models/<key>/scope/<regime>/", record.ScopeDetail, "scope"),
    route("models/<key>/tier-override/", record.TierOverrides, "tier"),
    route("models/<key>/tier-override/approve/", record.TierApproval, "tier-approve"),
    route("models/<key>/tier-override/end/", record.TierEnd, "tier-end"),
    route("regimes/", record.RegimeList, "regimes"),
    route("tokens/", tokens.TokenList, "tokens"),
    route("tokens/<token_id>/", tokens.TokenDetail, "token"),
    route("audit/", audit.AuditList, "audit"),
]
