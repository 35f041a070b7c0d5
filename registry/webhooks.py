"""What a signed webhook (Standard Webhooks) needs: an address that may be written to, a secret."""

import base64
import binascii
from urllib.parse import urlsplit

from django.conf import settings

from registry.problems import FieldError

_SECRET_BYTES = (16, 64)


def address_errors(pointer: str, address: str, *, longest: int = 500) -> list[FieldError]:
    """Return what is wrong with an address that signed requests are to be sent to."""
    fix = "such as https://hooks.example.com/muster"
    try:
        parts = urlsplit(address)
        port = parts.port  # raises when it is no number
    except ValueError:
        return [FieldError(pointer, "invalid", "this is no address", fix)]
    http = parts.scheme in ("http", "https")
    if not http or not parts.hostname or port == 0 or len(address) > longest:
        return [FieldError(pointer, "invalid", "this is no http(s) address", fix)]
    if "@" in parts.netloc:
        fix = "requests are signed with the secret; leave user and password out"
        return [FieldError(pointer, "credentials", "the address holds a user or password", fix)]
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme == "http" and origin not in settings.MUSTER_ALLOWED_ORIGINS:
        fix = "use https, or have the origin added to MUSTER_ALLOWED_ORIGINS"
        return [FieldError(pointer, "not_https", "the request would travel unencrypted", fix)]
    return []


def secret_errors(pointer: str, secret: str) -> list[FieldError]:
    """Return what is wrong with a secret that requests are signed with."""
    low, high = _SECRET_BYTES
    try:
        length = len(base64.b64decode(secret.removeprefix("whsec_") + "==", validate=False))
    except (binascii.Error, ValueError):
        length = 0
    if low <= length <= high:
        return []
    detail = f"a secret is {low} to {high} random bytes in base64, after an optional 'whsec_'"
    return [FieldError(pointer, "invalid", detail, "for example: openssl rand -base64 32")]
