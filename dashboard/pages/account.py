"""What a reader sets for the pages alone: colors and keys, kept in cookies."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from dashboard.preferences import KEYS, THEMES, YEAR


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Remember the colors or the shortcut switch and go back to where one was."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    for name, allowed in (("theme", THEMES), ("keys", KEYS)):
        value = request.POST.get(name)
        if value is not None and value in allowed:
            secure = request.is_secure()
            response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=secure)
    return response
