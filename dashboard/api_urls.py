"""The dashboard's addresses in the API; config mounts them under /api/v1/."""

from dashboard.api import api_urlpatterns

__all__ = ["api_urlpatterns"]
