"""Report wrong settings at start, with the remedy, instead of at 3 a.m."""

from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured

from registry.checkpoints import BadKey, private_key
from registry.regimes.packs import WrongPack, packs
from registry.regimes.rules import FIRM

_LOCAL = ("localhost", "127.0.0.1", "::1")
_WHO = ("nobody", "privileged", "everybody")


@register("muster")
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return what is missing or wrong in the environment."""
    return [
        *_secrets(),
        *_checkpoints(),
        *_public_url(),
        *_outside(),
        *_sources(),
        *_rulebooks(),
        *_sign_in(),
    ]


def _secrets() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.SECRET_KEY:
        found.append(
            Error("SECRET_KEY is empty.", hint="Set a long random text.", id="muster.E001")
        )
    if not settings.MUSTER_FERNET_KEYS:
        hint = "Make one with `manage.py new_key` and set it."
        found.append(Error("MUSTER_FERNET_KEYS is empty.", hint=hint, id="muster.E002"))
    for position, key in enumerate(settings.MUSTER_FERNET_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            text = f"Key {position} of MUSTER_FERNET_KEYS is not a Fernet key."
            hint = "Make one with `manage.py new_key`."
            found.append(Error(text, hint=hint, id="muster.E003"))
    return found


def _checkpoints() -> list[CheckMessage]:
    hint = "Make one with `manage.py new_checkpoint_key` and set it."
    try:
        if private_key() is None:
            text = "MUSTER_CHECKPOINT_KEY is empty: nothing outside the database proves the audit."
            return [Warning(text, hint=hint, id="muster.W002")]
    except BadKey:
        return [Error("MUSTER_CHECKPOINT_KEY is not a key.", hint=hint, id="muster.E006")]
    return []


def _public_url() -> list[CheckMessage]:
    address = urlsplit(settings.MUSTER_PUBLIC_URL)
    if address.scheme not in ("http", "https") or not address.hostname:
        hint = "Set the address people open, such as https://muster.example.org."
        return [Error("MUSTER_PUBLIC_URL is not an address.", hint=hint, id="muster.E004")]
    local = address.hostname in _LOCAL
    if local and not settings.DEBUG and not settings.MUSTER_DEMO:
        hint = "Links in messages begin with it: nobody else can open them."
        return [Error("MUSTER_PUBLIC_URL points to localhost.", hint=hint, id="muster.E005")]
    return []


def _outside() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name, number in (("MUSTER_HEARTBEAT_URL", "13"), ("MUSTER_INNER_URL", "14")):
        address = getattr(settings, name)
        parted = urlsplit(address)
        if address and (parted.scheme not in ("http", "https") or not parted.hostname):
            hint = "Set a whole address, such as https://listener.example.org/ping, or nothing."
            found.append(Error(f"{name} is not an address.", hint=hint, id=f"muster.E0{number}"))
    slack = urlsplit(settings.MUSTER_SLACK_URL)
    origin = f"{slack.scheme}://{slack.netloc}"
    if slack.scheme != "https" and origin not in settings.MUSTER_ALLOWED_ORIGINS:
        hint = "Bot tokens would travel unencrypted; set an https:// address."
        found.append(Error("MUSTER_SLACK_URL is not https.", hint=hint, id="muster.E016"))
    if settings.MUSTER_HEARTBEAT_SECONDS <= 0 or settings.MUSTER_STUCK_SECONDS <= 0:
        text = "MUSTER_HEARTBEAT_SECONDS and MUSTER_STUCK_SECONDS must be more than nothing."
        found.append(Error(text, hint="The defaults are 60 and 120.", id="muster.E015"))
    return found


def _sources() -> list[CheckMessage]:
    if settings.MUSTER_SOURCE_ROOTS:
        return []
    hint = "Name the folders or addresses under which batches may land."
    return [Warning("MUSTER_SOURCE_ROOTS is empty.", hint=hint, id="muster.W001")]


def _rulebooks() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        packs()
    except WrongPack as error:
        hint = "Mend the file in registry/regimes/."
        found.append(Error(f"A rulebook cannot be used: {error}", hint=hint, id="muster.E008"))
    for name, said in settings.MUSTER_FIRM.items():
        if f"firm.{name}" not in FIRM or said not in ("yes", "no"):
            known = ", ".join(item.removeprefix("firm.") for item in FIRM)
            text = f"MUSTER_FIRM holds '{name}={said}'."
            hint = f"Write name=yes or name=no; names: {known}."
            found.append(Error(text, hint=hint, id="muster.E007"))
    return found


def _sign_in() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.MUSTER_REQUIRE_MFA not in _WHO:
        hint = f"Set one of {', '.join(_WHO)}."
        text = "MUSTER_REQUIRE_MFA does not say who must have a second factor."
        found.append(Error(text, hint=hint, id="muster.E010"))
    issuer = urlsplit(settings.MUSTER_OIDC_ISSUER)
    if not settings.MUSTER_OIDC_ISSUER:
        return found
    if not settings.MUSTER_OIDC_CLIENT_ID or not settings.MUSTER_OIDC_CLIENT_SECRET:
        hint = "Set MUSTER_OIDC_CLIENT_ID and MUSTER_OIDC_CLIENT_SECRET as the server gave them."
        found.append(Error("MUSTER_OIDC_ISSUER lacks its client.", hint=hint, id="muster.E011"))
    if issuer.scheme != "https" and issuer.hostname not in _LOCAL:
        hint = "Who sits between could sign in as anybody; set an https:// address."
        found.append(Error("MUSTER_OIDC_ISSUER is not https.", hint=hint, id="muster.E012"))
    return found


def refuse_to_start() -> None:
    """Raise ImproperlyConfigured with every error, for processes that skip Django's own checks."""
    errors = [message for message in run_checks(tags=["muster"]) if message.is_serious()]
    if errors:
        raise ImproperlyConfigured("\n".join(f"{e.id} {e.msg} {e.hint}" for e in errors))
