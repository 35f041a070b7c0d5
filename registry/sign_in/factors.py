"""Second factors: who must have one, who has one, and how a lost one is taken away."""

import logging
from datetime import datetime
from typing import Any, ClassVar

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal import auth as totp_auth
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest

from registry import audit, secrets
from registry.actors import Actor
from registry.models import FleetRole, Membership, Person
from registry.models.people import FleetRoleName, UnitRole
from registry.sign_in import sessions

logger = logging.getLogger(__name__)
_FLEET = (FleetRoleName.PLATFORM_ADMIN, FleetRoleName.AUDITOR)
_UNIT = (UnitRole.APPROVER, UnitRole.UNIT_ADMIN)
# The id of the person for whom the company's server said that a second factor was used.
ASSURED = "second_factor_assured_for"
# A code holds for its own 30 seconds and for the tolerated ones before and after.
_CODE_SECONDS = 90


class NoFactors(Exception):
    """This person has no second factor."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keep the secrets of factors as unreadable as every other secret."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": (
            "This code is not right. Take the one the app shows now; each works once."
            " If it never works, set the clock of the phone."
        ),
    }

    def encrypt(self, text: str) -> str:
        return secrets.box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.box().decrypt(encrypted_text.encode()).decode()


class _OnceOnly:
    """Refuse a code that was already used; allauth forgets it before its tolerance ends."""

    def clean_code(self) -> str:
        user = self.user  # type: ignore[attr-defined]
        try:
            code = str(super().clean_code())  # type: ignore[misc]
        except forms.forms.ValidationError:
            logger.warning("A second factor failed for %s", user)
            raise
        if not cache.add(f"factor:{user.pk}:{code.strip()}", "used", timeout=_CODE_SECONDS):
            raise FactorAdapter().validation_error("incorrect_code")
        return code


class CodeForm(_OnceOnly, forms.AuthenticateForm):  # type: ignore[misc]
    """The code asked for at the sign-in."""


class FirstCodeForm(_OnceOnly, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    """The code that shows that the app was set up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pending = totp_auth.get_totp_secret()
        super().__init__(*args, **kwargs)
        # allauth makes another secret whenever the page is shown: a reload, or a second tab, would
        # spoil what was scanned. This one holds for the session, until an app is set up by it.
        context.request.session[totp_auth.SECRET_SESSION_KEY] = self.secret = pending


class CodeAgainForm(_OnceOnly, forms.ReauthenticateForm):  # type: ignore[misc]
    """The code asked for before factors change."""


def is_owed(request: HttpRequest) -> bool:
    """Say whether the one who is signed in must first set up a second factor."""
    if settings.MUSTER_REQUIRE_MFA == "nobody":
        return False
    person = request.user
    if request.session.get(ASSURED) == person.pk:
        return False
    mine = {"person": OuterRef("pk")}
    must = Q(pk=person.pk)
    if settings.MUSTER_REQUIRE_MFA == "privileged":
        must &= (
            Q(is_superuser=True)
            | Exists(FleetRole.objects.filter(**mine, role__in=_FLEET))
            | Exists(Membership.objects.filter(**mine, role__in=_UNIT))
        )
    has = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    return Person.objects.filter(must, ~Exists(has)).exists()


def of(person: Person) -> dict[str, Authenticator]:
    """Return somebody's factors by kind: `totp`, `recovery_codes`."""
    return {found.type: found for found in Authenticator.objects.filter(user=person)}


@transaction.atomic
def reset(actor: Actor, person: Person, *, at: datetime, reason: str) -> None:
    """Take away all factors of somebody who lost them, and every session with them."""
    removed = sorted(of(person))
    if not removed:
        raise NoFactors(NoFactors.__doc__)
    Authenticator.objects.filter(user=person).delete()
    sessions.end_all(person)
    audit.record(
        actor, "factor.reset", person, at=at,
        before={"factors": removed}, after={"factors": []}, reason=reason,
    )  # fmt: skip


def rotate_secrets() -> tuple[int, int, list[str]]:
    """Encrypt the factors' secrets with the first key; say how many, how many had it, whose not."""
    renewed, kept, unreadable = 0, 0, []
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().get(pk=pk)
            names = {"secret", "seed"} & factor.data.keys()
            if names and all(secrets.is_newest(factor.data[name]) for name in names):
                kept += 1
                continue
            try:
                for name in names:
                    factor.data[name] = secrets.box().rotate(factor.data[name].encode()).decode()
            except InvalidToken:
                unreadable.append(f"{Authenticator._meta.db_table} {pk}")
                continue
            factor.save(update_fields=["data"])
            renewed += bool(names)
    return renewed, kept, unreadable
