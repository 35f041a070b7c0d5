"""The address of every page."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from dashboard.pages import account, fleet

urlpatterns = [
    path("sign-in/", LoginView.as_view(template_name="pages/sign_in.html"), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("preferences/", account.preferences, name="preferences"),
    path("", fleet.start, name="start"),
    path("fleet/", fleet.fleet, name="fleet"),
]
