"""The pages of the sign-in and of one's factors: allauth's flows in Muster's own look.

What changes a factor or a password is recorded in the audit in the same transaction.
"""

from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from dashboard.queries.frame import actor_of
from registry import audit, clock
from registry.models import Person
from registry.sign_in import company, factors, passwords


class SignIn(account.LoginView):  # type: ignore[misc]
    """Ask for address and password."""

    template_name = "sign_in/password.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        more = {
            "company": settings.MUSTER_OIDC_NAME if company.is_configured() else "",
            "demo": settings.MUSTER_DEMO and settings.MUSTER_REQUIRE_MFA == "nobody",
        }
        return {**super().get_context_data(**kwargs), **more}


class SecondFactor(factor.AuthenticateView):  # type: ignore[misc]
    """Ask for the code of the app, or for a recovery code."""

    template_name = "sign_in/code.html"


class PasswordAgain(account.ReauthenticateView):  # type: ignore[misc]
    """Ask for the password again before something about signing in changes."""

    template_name = "sign_in/password_again.html"


class CodeAgain(factor.ReauthenticateView):  # type: ignore[misc]
    """Ask for a code again before something about signing in changes."""

    template_name = "sign_in/code.html"


def closed(request: HttpRequest) -> HttpResponse:
    """Say that the account may not sign in, and whom to ask."""
    return render(request, "sign_in/closed.html", status=403)


def by_company(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to the company's sign-in server.

    A link and no form: the policy would stop a form from being led to another origin.
    """
    wanted = request.GET.get("next")
    following = wanted if wanted and get_adapter(request).is_safe_url(wanted) else None

    def begin() -> HttpResponse:
        if not ratelimit.consume(request, app="allauth.account", action="login", limit_get=True):
            return render(request, "429.html", status=429)
        provider = company.CompanyServer(request, provider_id).get_provider()
        answer: HttpResponse = provider.redirect(request, "login", following)
        return answer

    return _at_company(request, begin)


def from_company(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take somebody in who comes back from the company's sign-in server."""
    server = company.CompanyServer(request, provider_id)
    return _at_company(request, lambda: OAuth2CallbackView.adapter_view(server)(request))


def _at_company(request: HttpRequest, step: Callable[[], HttpResponse]) -> HttpResponse:
    if not company.is_configured():
        raise Http404("There is no company server to sign in by.")
    try:
        return step()
    except company.NOT_LET_IN as error:
        context = {"why": company.reason(error), "company": settings.MUSTER_OIDC_NAME}
        return render(request, "sign_in/not_let_in.html", context, status=403)


class _Recorded:
    """Write the audit event of a form in the transaction of its change."""

    action = ""
    done = ""
    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        actor = actor_of(self.request)
        assert actor.person is not None
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            audit.record(actor, self.action, actor.person, at=clock.now())
        if self.done:
            messages.success(self.request, self.done, "done")
        return response


@method_decorator(never_cache, name="dispatch")
class SetUpApp(_Recorded, totp.ActivateTOTPView):  # type: ignore[misc]
    """Tie an authenticator app to the account."""

    template_name = "sign_in/set_up_app.html"
    action = "factor.added"
    done = "The app is set up. From now on signing in asks for its code."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = super().get_context_data(**kwargs)
        return {**shown, "owed": factors.is_owed(self.request)}


class RemoveApp(_Recorded, totp.DeactivateTOTPView):  # type: ignore[misc]
    """Take the authenticator app away, and the recovery codes with it."""

    template_name = "sign_in/remove_app.html"
    action = "factor.removed"
    done = "The app is removed, and the recovery codes with it."


@method_decorator(never_cache, name="dispatch")
class RecoveryCodes(codes.ViewRecoveryCodesView):  # type: ignore[misc]
    """Show the recovery codes, once."""

    template_name = "sign_in/recovery_codes.html"


class NewRecoveryCodes(_Recorded, codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    """Make new recovery codes; the old ones stop working."""

    template_name = "sign_in/new_codes.html"
    action = "factor.codes_renewed"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = request.user
        if isinstance(person, Person) and "totp" not in factors.of(person):
            raise Http404("There is no app whose loss the codes would mend.")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class NewPassword(_Recorded, account.PasswordChangeView):  # type: ignore[misc]
    """Change one's password; every other session ends."""

    template_name = "sign_in/new_password.html"
    success_url = reverse_lazy("mfa_index")
    action = "person.password_changed"
    done = "The password is changed. You are signed out everywhere else."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = super().get_context_data(**kwargs)
        return {**shown, "owed": passwords.is_owed(self.request)}

    def form_valid(self, form: Any) -> HttpResponse:
        given = form.cleaned_data
        if given["password1"] == given["oldpassword"]:
            form.add_error("password1", "Choose another password than the present one.")
            refused: HttpResponse = self.form_invalid(form)
            return refused
        with transaction.atomic():
            passwords.chosen(form.user)
            return super().form_valid(form)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.has_usable_password():
            return HttpResponseRedirect(self.success_url)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response
