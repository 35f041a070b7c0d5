"""What every page's frame needs: who is signed in, where one is, which colors."""

from typing import Any

from django.http import HttpRequest

from dashboard.preferences import THEMES, keys_of, theme_of
from dashboard.queries.frame import Standing, standing

_LINKS = (
    ("Fleet", "/fleet/"),
    ("Inventory", "/inventory/"),
    ("Alerts", "/alerts/"),
    ("Incidents", "/incidents/"),
    ("Policies", "/policies/"),
    ("Audit", "/audit/"),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give the frame its links, the open alerts and the reader's preferences."""
    theme, keys = theme_of(request), keys_of(request)
    frame: dict[str, Any] = {
        "theme": theme,
        "keys": keys,
        "other_keys": "on" if keys == "off" else "off",
        "path": request.get_full_path(),
        "themes": [
            {"value": value, "name": name, "mark": mark, "here": value == theme}
            for value, (mark, name) in THEMES.items()
        ],
    }
    # Django's error pages and the sign-in come without a person.
    if getattr(request, "user", None) is not None and request.user.is_authenticated:
        frame["person"] = str(getattr(request.user, "name", "") or request.user)
        frame["links"] = _links(request.path, standing(request))
    return {"frame": frame}


def _links(path: str, now: Standing) -> list[dict[str, Any]]:
    links = [*_LINKS]
    if now.may_manage:
        links.append(("Settings", "/settings/"))
    return [
        {
            "name": name,
            "href": href,
            "here": path.startswith(href),
            "count": now.firing if name == "Alerts" else 0,
        }
        for name, href in links
    ]
