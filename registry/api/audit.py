"""The audit, as far as the reader may see it."""

from rest_framework.request import Request
from rest_framework.response import Response

from registry import queries, serializers
from registry.api_view import ResourceView, documented


class AuditList(ResourceView):
    @documented(
        "List audit events",
        answer=serializers.AuditAnswer,
        listed=True,
        filters=queries.AUDIT_FILTERS,
    )
    def get(self, request: Request) -> Response:
        """Return who changed what, newest first; events of no unit are for fleet-wide roles."""
        found = queries.audit_events(self.actor, **request.query_params.dict())
        return self.page(found, order=["-id"], show=serializers.audit_event)
