"""What a reader chose for the pages, kept in cookies and applied by the server."""

from django.http import HttpRequest

THEMES = {"": ("◐", "System"), "light": ("○", "Light"), "dark": ("●", "Dark")}
KEYS = ("on", "off")
YEAR = 365 * 86_400


def theme_of(request: HttpRequest) -> str:
    """Return the chosen theme; empty follows the system."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else ""


def keys_of(request: HttpRequest) -> str:
    """Say whether single-key shortcuts are on (WCAG 2.1.4 wants a switch)."""
    return "off" if request.COOKIES.get("keys") == "off" else "on"
