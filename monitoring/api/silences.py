"""Endpoints of silences: list, make, agree, end."""

from datetime import datetime

from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring import silences
from monitoring.models import Silence
from registry.api_view import ResourceView, documented, route
from registry.bodies import Body


class SilenceAnswer(BaseModel):
    id: int
    business_unit: str
    model: str | None
    check: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    made_by: str
    agreed_by: str | None
    ended_by: str | None


class NothingBody(Body):
    """Nothing has to be said."""


class SilenceList(ResourceView):
    @documented("List silences", answer=SilenceAnswer, listed=True)
    def get(self, request: Request) -> Response:
        """Return the silences you see, those that end last first."""
        return self.page(silences.visible(self.actor), order=["-ends_at", "-id"], show=show)

    @documented("Make a silence", body=silences.SilenceBody, answer=SilenceAnswer, created=True)
    def post(self, request: Request) -> Response:
        """Let the news of a model, a check or a unit wait; it is told when the silence is over."""
        made = silences.make(self.actor, request.data, at=self.at)
        return self.answer(show(made), created=True)


class SilenceDetail(ResourceView):
    @documented("Get a silence", answer=SilenceAnswer)
    def get(self, request: Request, number: str) -> Response:
        """Return one silence."""
        return self.answer(show(_find(self, number)))


class SilenceAgree(ResourceView):
    @documented("Agree to a silence", body=NothingBody, answer=SilenceAnswer)
    def post(self, request: Request, number: str) -> Response:
        """Agree as a second person; on the page only, for a token agrees to nothing."""
        found = _find(self, number)
        silences.require_right(self.actor, found)
        self.read(NothingBody)
        return self.answer(show(silences.agree(self.actor, found, at=self.at)))


class SilenceEnd(ResourceView):
    @documented("End a silence", body=NothingBody, answer=SilenceAnswer)
    def post(self, request: Request, number: str) -> Response:
        """End it now; what waited is told now."""
        found = _find(self, number)
        silences.require_right(self.actor, found)
        self.read(NothingBody)
        return self.answer(show(silences.end(self.actor, found, at=self.at)))


def _find(view: ResourceView, number: str) -> Silence:
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise Silence.DoesNotExist
    return silences.visible(view.actor).get(pk=int(number))


def show(silence: Silence) -> SilenceAnswer:
    """Return a silence as the API answers it."""
    return SilenceAnswer(id=silence.pk, **silences.shown(silence))


urlpatterns: list[URLPattern] = [
    route("silences/", SilenceList, "silences"),
    route("silences/<number>/", SilenceDetail, "silence"),
    route("silences/<number>/agree/", SilenceAgree, "silence-agree"),
    route("silences/<number>/end/", SilenceEnd, "silence-end"),
]
