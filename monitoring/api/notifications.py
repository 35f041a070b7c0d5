"""Endpoints of how a person, and a unit, want to be told."""

from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring import notifications
from registry import access
from registry.api_view import ResourceView, documented, route


class MyNotificationsAnswer(BaseModel):
    quiet_from: str
    quiet_until: str
    quiet_weekends: bool
    digest_at: str
    interruptions: int
    watch_in_digest: bool
    weekly_report: bool


class UnitNotificationsAnswer(BaseModel):
    quiet_hours: bool
    budgets: bool
    monthly_report: bool


class MyNotifications(ResourceView):
    @documented("Get my notifications", answer=MyNotificationsAnswer)
    def get(self, request: Request) -> Response:
        """Return how you are told; times are in your time zone."""
        assert self.actor.person is not None
        found = notifications.setting_of(self.actor.person)
        return self.answer(MyNotificationsAnswer(**notifications.show_own(found)))

    @documented(
        "Put my notifications", body=notifications.MyNotificationsBody, answer=MyNotificationsAnswer
    )
    def put(self, request: Request) -> Response:
        """Change how you are told; what is absent is kept."""
        found = notifications.put_own(self.actor, request.data, at=self.at)
        return self.answer(MyNotificationsAnswer(**notifications.show_own(found)))


class UnitNotifications(ResourceView):
    @documented("Get a unit's notifications", answer=UnitNotificationsAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Return which limits on noise hold for the unit's people."""
        unit = access.visible_units(self.actor).get(slug=slug)
        return self.answer(
            UnitNotificationsAnswer(**notifications.show_unit(notifications.of_unit(unit)))
        )

    @documented(
        "Put a unit's notifications",
        body=notifications.UnitNotificationsBody,
        answer=UnitNotificationsAnswer,
    )
    def put(self, request: Request, slug: str) -> Response:
        """Change them; for the unit's admins."""
        unit = access.visible_units(self.actor).get(slug=slug)
        found = notifications.put_unit(self.actor, unit, request.data, at=self.at)
        return self.answer(UnitNotificationsAnswer(**notifications.show_unit(found)))


urlpatterns: list[URLPattern] = [
    route("me/notifications/", MyNotifications, "my-notifications"),
    route("business-units/<slug>/notifications/", UnitNotifications, "unit-notifications"),
]
