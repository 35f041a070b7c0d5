"""Endpoints of the MLflow servers that Muster reads."""

from rest_framework.request import Request
from rest_framework.response import Response

from registry import access, catalogue, inputs, serializers
from registry.api_view import ResourceView, documented


class ServerList(ResourceView):
    @documented("List MLflow servers", answer=serializers.ServerAnswer, listed=True)
    def get(self, request: Request) -> Response:
        """Return the servers that your models come from, and how reading them goes."""
        servers = access.visible_servers(self.actor)
        return self.page(servers, order=["slug"], show=serializers.server)


class ServerDetail(ResourceView):
    @documented("Get an MLflow server", answer=serializers.ServerAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Return one server; its secrets are never answered."""
        return self.answer(serializers.server(access.visible_servers(self.actor).get(slug=slug)))

    @documented(
        "Put an MLflow server",
        body=inputs.ServerBody,
        answer=serializers.ServerAnswer,
        upsert=True,
    )
    def put(self, request: Request, slug: str) -> Response:
        """Make a server or change the known one; for platform admins."""
        server, created = catalogue.put_server(self.actor, slug, request.data, at=self.at)
        return self.answer(serializers.server(server), created=created)
