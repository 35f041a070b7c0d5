"""The keys of a source in S3: one pair a source, instead of the environment's for all of them."""

from monitoring.models import Source
from registry.problems import invalid

_SCHEMES = ("s3://", "s3a://")
_EXAMPLE = "AKIAEXAMPLE:the secret key"


def pair(secret: str) -> tuple[str, str]:
    """Return access key and secret key, or raise Invalid."""
    key, colon, secret_key = secret.partition(":")
    if not colon or not key.isalnum() or not secret_key or secret_key != secret_key.strip():
        raise invalid("/secret", "invalid", "the secret is no pair of S3 keys", _EXAMPLE)
    return key, secret_key


def require(source: Source) -> None:
    """Refuse a secret that its folder has no use for."""
    if not source.secret:
        return
    if not source.address.startswith(_SCHEMES):
        fix = "leave it out; only folders in S3 have keys"
        raise invalid("/secret", "not_allowed", "a local folder has no secret", fix)
    pair(source.secret)


def options(source: Source) -> dict[str, str]:
    """Return what the listing of the folder is opened with."""
    if source.kind != Source.Kind.FOLDER or not source.secret:
        return {}
    key, secret = pair(source.secret)
    return {"key": key, "secret": secret}


def environment(source: Source) -> dict[str, str]:
    """Return what the judge's child reads the source's files with."""
    given = options(source)
    if not given:
        return {}
    # Of the role of the machine nothing may be left beside keys of one's own.
    return {
        "AWS_ACCESS_KEY_ID": given["key"],
        "AWS_SECRET_ACCESS_KEY": given["secret"],
        "AWS_SESSION_TOKEN": "",
    }
