"""All addresses of the service, read from the URLconf itself."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """One address: its path as written (`m/<slug>/`), its name and its view."""

    path: str
    name: str
    view: Callable[..., Any]

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"<(\w+)>", self.path)

    def methods(self) -> list[str]:
        """Return the methods the view answers, in lower case, as far as it says so."""
        view_class = getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)
        known = ["get", "post", "put", "patch", "delete"]
        return [m for m in known if view_class is None or hasattr(view_class, m)]


def all_routes() -> list[Route]:
    """Return every route of the service but those of Django's back office and static files."""
    return [route for route in _walk(get_resolver(), "") if not route.path.startswith("static/")]


def _readable(pattern: str) -> str:
    """Write `^models/(?P<slug>[^/]+)/?$` as `models/<slug>/`, and `<int:pk>` as `<pk>`."""
    if pattern.startswith("^"):
        pattern = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern[1:])
        pattern = pattern.replace("/?$", "/").removesuffix("$")
    return re.sub(r"<\w+:(\w+)>", r"<\1>", pattern)


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = prefix + _readable(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path)
        elif isinstance(entry, URLPattern):
            yield Route(path, entry.name or "", entry.callback)
