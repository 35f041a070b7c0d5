"""Mount the pages for as long as config does not."""

import pytest
from django.urls import NoReverseMatch, include, path, reverse


class Mounted:
    urlpatterns = [path("", include("dashboard.urls"))]


@pytest.fixture(autouse=True)
def mounted(settings):
    try:
        reverse("fleet")
    except NoReverseMatch:
        from dashboard.api import api_urlpatterns

        Mounted.urlpatterns = [
            path("", include("dashboard.urls")),
            path("api/v1/", include(api_urlpatterns)),
        ]
        settings.ROOT_URLCONF = Mounted
