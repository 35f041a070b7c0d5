"""The address of every page."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from dashboard.pages import account, alerts, audit, fleet, incidents, model, run

urlpatterns = [
    path("sign-in/", LoginView.as_view(template_name="pages/sign_in.html"), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("preferences/", account.preferences, name="preferences"),
    path("", fleet.start, name="start"),
    path("fleet/", fleet.fleet, name="fleet"),
    path("m/<slug:slug>/", model.model, name="model"),
    path("m/<slug:slug>/runs/<int:number>/", run.run, name="run"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<int:number>/", incidents.incident, name="incident"),
    path("audit/", audit.audit, name="audit"),
]
