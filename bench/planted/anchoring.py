"""Checkpoints for the planted audits, signed and read as in earnest."""

from datetime import UTC, datetime
from typing import Any

_WHEN = datetime(2026, 11, 22, tzinfo=UTC)


def anchors(points: list[tuple[int, str]]) -> Any:
    """Sign checkpoints as the service does, and read them as an auditor does."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from registry import checkpoints, verifier

    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    signed = [checkpoints.sign(key, sequence=n, head=head, at=_WHEN) for n, head in points]
    keys = {verifier.key_id(public): key.public_key()}
    return verifier.read_checkpoints([point.line() for point in signed], keys)
