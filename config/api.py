"""The REST API: every layer's endpoints under one version, and its description."""

from csp.decorators import csp_update
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from dashboard.api_urls import api_urlpatterns as dashboard_urls
from monitoring.urls import api_urlpatterns as monitoring_urls
from policies.urls import api_urlpatterns as policies_urls
from registry.urls import api_urlpatterns as registry_urls

# Swagger UI writes style attributes; its script comes from a second address, not inline.
swagger = csp_update({"style-src": ["'unsafe-inline'"]})(
    SpectacularSwaggerSplitView.as_view(url_name="api-schema")
)

urlpatterns = [
    path("v1/", include([*registry_urls, *monitoring_urls, *policies_urls, *dashboard_urls])),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", swagger, name="api-docs"),
]
