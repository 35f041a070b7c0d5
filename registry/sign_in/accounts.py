"""What Muster tells allauth about accounts: who may have one, what is said, where one goes next."""

import logging
import time
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.app_settings import REAUTHENTICATION_TIMEOUT
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from registry.models import Person
from registry.sign_in import company, factors

logger = logging.getLogger(__name__)
_SLOWLY = "Too many attempts; wait five minutes and try again."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by a platform admin; nobody signs up."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": (
            "The e-mail address or the password is not right. The password is case-sensitive;"
            " an administrator can set a new one."
        ),
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "This is not your password.",
        "too_many_login_attempts": _SLOWLY,
        "rate_limited": _SLOWLY,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Go only where this very host answers, whatever else is in ALLOWED_HOSTS."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing here: Muster's pages say what they did themselves."""

    def post_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponse:
        """Remember for whom the company's server assured a second factor."""
        login = (kwargs.get("signal_kwargs") or {}).get("sociallogin")
        if login is not None and company.assures_second_factor(login):
            request.session[factors.ASSURED] = user.pk
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        # What was typed is named only when it is an account: people type passwords there, too.
        typed = str(credentials.get("email") or "").lower()
        known = Person.objects.filter(email=typed).exists()
        address = self.get_client_ip(request)
        logger.warning("Sign-in failed for %s from %s", typed if known else "nobody", address)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again before factors change, unless the sign-in itself was just now."""
        request = context.request
        records = get_authentication_records(request, request.user)
        just_now = records and time.time() - records[-1]["at"] < REAUTHENTICATION_TIMEOUT
        return not just_now and bool(super().is_reauthentication_required(app=app, **kwargs))
