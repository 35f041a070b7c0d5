"""What every page's frame needs."""

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give the frame nothing yet but the path, to mark the section one is in."""
    return {"section": request.path.split("/")[1]}
