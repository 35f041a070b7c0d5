"""The address of every page and of the API."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path
from django.views.generic import RedirectView

from config import probes


# The back office has neither a sign-in nor a change of password of its own: they would go round
# second factors, limits and the audit.
@secure_admin_login  # type: ignore[untyped-decorator]
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead strangers to the sign-in, staff on, and refuse others."""
    return HttpResponseRedirect("/admin/")


handler404 = "config.errors.not_found"
handler500 = "config.errors.broken"
urlpatterns = [
    path("healthz", probes.healthz),
    path("readyz", probes.readyz),
    path("progress", probes.progress),
    path("metrics", probes.figures),
    path("admin/login/", admin_sign_in),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("api/", include("config.api")),
    path("", include("dashboard.urls")),
]
