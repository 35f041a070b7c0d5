"""What the address and the secret of each kind of channel must look like, with the remedy."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from monitoring.models import Channel
from registry import webhooks
from registry.problems import FieldError

PAGERDUTY = ("https://events.pagerduty.com", "https://events.eu.pagerduty.com")
OPSGENIE = ("https://api.opsgenie.com", "https://api.eu.opsgenie.com")
_SLACK_CHANNEL = re.compile(r"[CGD][A-Z0-9]{5,30}")
_SLACK_TOKEN = re.compile(r"xoxb-[A-Za-z0-9-]{8,300}")
_PAGERDUTY_KEY = re.compile(r"[A-Za-z0-9]{32}")
_OPSGENIE_KEY = re.compile(r"[A-Za-z0-9-]{16,100}")
_LONGEST_URL = 2000
Errors = list[FieldError]


def errors_of(kind: str, address: str, secret: str) -> Errors:
    """Return what is wrong with the address and the secret of a channel."""
    return _RULES[Channel.Kind(kind)](address, secret)


def _mail(address: str, secret: str) -> Errors:
    found = []
    try:
        validate_email(address)
    except ValidationError:
        found += _wrong("/address", "this is no mail address", "such as fraud-models@example.com")
    if secret:
        found += _wrong("/secret", "a mailbox has no secret", "leave it out")
    return found


def _webhook(address: str, secret: str) -> Errors:
    found = webhooks.address_errors("/address", address)
    return found + webhooks.secret_errors("/secret", secret)


def _slack(address: str, secret: str) -> Errors:
    found = []
    fix = "copy the id at the foot of the channel's details, such as C0123ABCD"
    if "://" in address:
        fix = f"make an app with the right chat:write and give its bot token; {fix}"
        found += _wrong("/address", "an incoming webhook can neither edit nor thread", fix)
    elif not _SLACK_CHANNEL.fullmatch(address):
        found += _wrong("/address", "this is no id of a Slack channel", fix)
    if not _SLACK_TOKEN.fullmatch(secret):
        fix = "the bot token of an app with the right chat:write; it begins with xoxb-"
        found += _wrong("/secret", "this is no bot token", fix)
    return found


def _teams(address: str, secret: str) -> Errors:
    found = _place(address)
    faults = webhooks.address_errors("/secret", secret, longest=_LONGEST_URL)
    if faults:
        fix = "the address that the workflow shows when it is saved; it begins with https://"
        return found + [FieldError("/secret", f.code, f.detail, fix) for f in faults]
    return found


def _pagerduty(address: str, secret: str) -> Errors:
    found = _service(address, PAGERDUTY)
    if not _PAGERDUTY_KEY.fullmatch(secret):
        fix = "the integration key of an Events API v2 integration: 32 letters and digits"
        found += _wrong("/secret", "this is no integration key", fix)
    return found


def _opsgenie(address: str, secret: str) -> Errors:
    found = _service(address, OPSGENIE)
    if not _OPSGENIE_KEY.fullmatch(secret):
        found += _wrong("/secret", "this is no API key", "the key of an API integration of a team")
    return found


def _apprise(address: str, secret: str) -> Errors:
    scheme = secret.partition("://")[0].lower() if "://" in secret else ""
    allowed = settings.MUSTER_APPRISE_SCHEMES
    if not scheme or len(secret) > _LONGEST_URL or re.search(r"[\x00-\x20\x7f]", secret):
        found = _wrong("/secret", "this is no address of Apprise's", "such as ntfys://host/topic")
    elif scheme not in allowed:
        known = f"allowed are {', '.join(allowed)}" if allowed else "none is allowed"
        fix = f"{known}; who runs the platform sets MUSTER_APPRISE_SCHEMES"
        found = [FieldError("/secret", "not_allowed", f"'{scheme[:30]}' is not allowed here", fix)]
    else:
        found = []
    return _place(address) + found


def _place(address: str) -> Errors:
    if "://" in address:
        fix = "put it into secret, and write here what people call the place"
        return _wrong("/address", "such an address signs itself, and would be shown here", fix)
    if not address.strip() or len(address) > 500:
        fix = "such as: Risk team, channel Fraud models"
        return _wrong("/address", "say what people call the place", fix)
    return []


def _service(address: str, known: tuple[str, ...]) -> Errors:
    origin = address.rstrip("/")
    if origin in known or origin in settings.MUSTER_ALLOWED_ORIGINS:
        return []
    fix = f"{' or '.join(known)}, or an origin in MUSTER_ALLOWED_ORIGINS"
    parts = urlsplit(address) if "]" not in address and "[" not in address else None
    detail = "the key would go to another host" if parts and parts.hostname else "no such service"
    return _wrong("/address", detail, fix)


def _wrong(pointer: str, detail: str, fix: str) -> Errors:
    return [FieldError(pointer, "invalid", detail, fix)]


_RULES: dict[Channel.Kind, Callable[[str, str], Errors]] = {
    Channel.Kind.MAIL: _mail,
    Channel.Kind.WEBHOOK: _webhook,
    Channel.Kind.SLACK: _slack,
    Channel.Kind.TEAMS: _teams,
    Channel.Kind.PAGERDUTY: _pagerduty,
    Channel.Kind.OPSGENIE: _opsgenie,
    Channel.Kind.APPRISE: _apprise,
}
