"""Endpoints of the MLflow servers that Muster reads."""

from django.core.exceptions import RequestDataTooBig
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from registry import access, catalogue, inputs, serializers
from registry.api_view import ResourceView, documented
from registry.mlflow import doorbell
from registry.models import MLflowServer
from registry.problems import problem
from registry.secrets import UnreadableSecret


class ServerList(ResourceView):
    @documented("List MLflow servers", answer=serializers.ServerAnswer, listed=True)
    def get(self, request: Request) -> Response:
        """Return the servers that your models come from, and how reading them goes."""
        servers = access.visible_servers(self.actor)
        return self.page(servers, order=["slug"], show=serializers.server)


class ServerDetail(ResourceView):
    subject = MLflowServer, {"slug": "slug"}

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


class ServerWebhook(ResourceView):
    """Where MLflow sends its webhooks; the signature is the sign-in."""

    authentication_classes = ()
    permission_classes = ()

    @documented("Ring for an MLflow server", answer=serializers.RingAnswer)
    def post(self, request: Request, slug: str) -> Response:
        """Look at the server sooner; what the webhook says is not read, MLflow is asked."""
        try:
            body = request._request.body
            is_new = doorbell.ring(slug, request.headers, body, at=self.at)
        except (doorbell.NotAuthentic, RequestDataTooBig, UnreadableSecret):
            detail = str(doorbell.NotAuthentic.__doc__)
            return problem(request, status.HTTP_401_UNAUTHORIZED, "Not signed in", detail)
        return self.answer(serializers.RingAnswer(is_repeat=not is_new))
