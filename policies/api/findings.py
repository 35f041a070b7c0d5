"""Endpoints of what was found: gates of versions and controls of models."""

from rest_framework.request import Request
from rest_framework.response import Response

from policies import queries, serializers
from registry.api_view import ResourceView, documented


class GateList(ResourceView):
    @documented("List gates of a model", answer=serializers.GateAnswer, listed=True)
    def get(self, request: Request, key: str) -> Response:
        """Return the check list of the champion and of the challenger, one line a gate."""
        lines = queries.gates_of(self.find_model(key))
        order = ["version__number", "control", "id"]
        return self.page(lines, order=order, show=serializers.gate)


class ControlList(ResourceView):
    @documented("List controls of a model", answer=serializers.ControlAnswer, listed=True)
    def get(self, request: Request, key: str) -> Response:
        """Return the newest result of each control, by its name."""
        rows = queries.controls_of(self.find_model(key))
        return self.page(rows, order=["control", "id"], show=serializers.control)
