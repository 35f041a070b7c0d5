"""A stand-in for the phone: it shows the codes of an authenticator app."""

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from registry.models import Person
from registry.sign_in import factors


def code(secret: str, *, later: int = 0) -> str:
    """Return what the app shows now, or `later` steps of 30 seconds from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def secret_of(person: Person) -> str:
    """Return the secret that a person's app shares with Muster."""
    return factors.FactorAdapter().decrypt(factors.of(person)["totp"].data["secret"])
