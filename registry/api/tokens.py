"""Endpoints of one's own tokens."""

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from registry import inputs, serializers, tokens
from registry.api_view import ResourceView, documented


class TokenList(ResourceView):
    @documented("List my tokens", answer=serializers.TokenAnswer, listed=True)
    def get(self, request: Request) -> Response:
        """Return your tokens, without their keys."""
        return self.page(tokens.mine(self.actor), order=["-id"], show=serializers.token)

    @documented("Make a token", body=inputs.TokenBody, answer=serializers.NewToken, created=True)
    def post(self, request: Request) -> Response:
        """Make a token for yourself; the key is answered this once."""
        body = self.read(inputs.TokenBody)
        token, key = tokens.issue_own(
            self.actor,
            name=body.name,
            scopes=[str(scope) for scope in body.scopes],
            unit_slug=body.business_unit,
            days=body.days,
            reason=body.change_reason,
            at=self.at,
        )
        return self.answer(serializers.new_token(token, "" if self.dry_run else key), created=True)


class TokenDetail(ResourceView):
    @documented("Revoke a token", empty=True)
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke one of your tokens; it stays in the list as revoked."""
        tokens.revoke_own(self.actor, token_id, at=self.at)
        return Response(status=status.HTTP_204_NO_CONTENT)
