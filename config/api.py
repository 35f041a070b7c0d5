"""The REST API: every layer's endpoints under one version, and its description."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from dashboard.api_urls import api_urlpatterns as dashboard_urls
from registry.urls import api_urlpatterns as registry_urls

urlpatterns = [
    path("v1/", include([*registry_urls, *dashboard_urls])),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
]
