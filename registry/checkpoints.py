"""Sign where the audit chain stands, each minute, and keep it where no database role can write.

Whoever owns the database can cut the chain's tail or compute it anew; he cannot sign. A checkpoint
is one line of a file beside the database and of the log: links, last hash, time, key, signature.
"""

import base64
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from registry import chain
from registry.verifier import Checkpoint, Fault, key_id, parse_checkpoint

logger = logging.getLogger(__name__)

# With a round of the sweep, ten seconds, no link stays unsigned for more than a minute.
EVERY = timedelta(seconds=50)
# A chain that does not move is signed all the same, so that a dead signer is noticed.
HEARTBEAT = timedelta(hours=1)
# What is older although the chain moved says that nobody signs any more.
STALE = timedelta(minutes=5)
# The first checkpoint of a long chain proves its newest links; `verify_audit` proves all of them.
_MOST_LINKS = 50_000
_TAIL_BYTES = 65_536


class BadKey(ValueError):
    """MUSTER_CHECKPOINT_KEY is not a key: make one with `manage.py new_checkpoint_key`."""


def new_key() -> tuple[str, str]:
    """Make a key; return it and its public half, both as text."""
    made = Ed25519PrivateKey.generate()
    return base64.urlsafe_b64encode(made.private_bytes_raw()).decode(), _public_text(made)


def private_key() -> Ed25519PrivateKey | None:
    """Return the key of the settings; None when there is none."""
    if not settings.MUSTER_CHECKPOINT_KEY:
        return None
    try:
        raw = base64.urlsafe_b64decode(settings.MUSTER_CHECKPOINT_KEY)
        return Ed25519PrivateKey.from_private_bytes(raw)
    except ValueError as error:
        raise BadKey(BadKey.__doc__) from error


def public_text() -> str:
    """Return the public half of the key of the settings; '' when there is none."""
    key = private_key()
    return _public_text(key) if key else ""


def _public_text(key: Ed25519PrivateKey) -> str:
    return base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode()


def sign(key: Ed25519PrivateKey, *, sequence: int, head: str, at: datetime) -> Checkpoint:
    """Return the signed statement that the chain stood so at this time."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    said = Checkpoint(sequence, head, moment, key_id(key.public_key().public_bytes_raw()))
    return replace(said, signature=base64.b64encode(key.sign(said.message())).decode())


def checkpoint_due(*, at: datetime, seconds: float) -> int:
    """Sign the chain's head when it is time; return how many checkpoints were written."""
    key = private_key()
    if key is None:
        return 0
    with _alone() as file:
        if file is None:
            return 0
        last = _newest(file)
        if last is not None and at < _time(last) + EVERY:
            return 0
        sequence, head = chain.head()
        if last is None and sequence == 0:
            return 0
        still = last is not None and (last.sequence, last.head) == (sequence, head)
        if last is not None and still and at < _time(last) + HEARTBEAT:
            return 0
        fault = _contradiction(last, sequence) or _broken_since(last, sequence)
        if fault is not None:
            # Signing would make the forged chain the true one.
            logger.critical("audit checkpoint refused: %s", fault.text)
            return 0
        point = sign(key, sequence=sequence, head=head, at=at)
        _append(file, point.line())
    logger.info("audit checkpoint %s", point.line())
    return 1


def _contradiction(last: Checkpoint | None, sequence: int) -> Fault | None:
    """Return why the chain is not the one that was signed last."""
    if last is None:
        return None
    if last.sequence > sequence:
        text = f"the tail is cut: {last.sequence} links were signed, now there are {sequence}"
        return Fault(text, sequence + 1)
    if last.sequence and chain.hash_at(last.sequence) != last.head:
        text = f"link {last.sequence} is not the one that was signed at {last.at}"
        return Fault(text, last.sequence)
    return None


def _broken_since(last: Checkpoint | None, sequence: int) -> Fault | None:
    """Prove what came after the last checkpoint."""
    signed = last.sequence if last else 0
    return chain.verify(after=max(signed, sequence - _MOST_LINKS)).fault


@contextmanager
def _alone() -> Iterator[int | None]:
    """Open the file for one process at a time; None when another one is signing just now."""
    path = Path(settings.MUSTER_CHECKPOINT_PATH)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield file
    finally:
        os.close(file)


def _tail(file: int) -> bytes:
    size = os.fstat(file).st_size
    return os.pread(file, _TAIL_BYTES, max(0, size - _TAIL_BYTES))


def _newest(file: int) -> Checkpoint | None:
    """Return the last line that is a checkpoint; a write that was cut short is passed over."""
    for line in reversed(_tail(file).decode(errors="replace").splitlines()):
        point = parse_checkpoint(line)
        if point is not None:
            return point
    return None


def _append(file: int, line: str) -> None:
    """Write a line that survives a power cut, on a line of its own whatever was there before."""
    torn = not _tail(file).endswith(b"\n") and os.fstat(file).st_size > 0
    data = (("\n" if torn else "") + line + "\n").encode()
    if os.write(file, data) != len(data):
        raise OSError(f"{settings.MUSTER_CHECKPOINT_PATH} took only a part of the checkpoint")
    os.fsync(file)
    if os.fstat(file).st_size == len(data):
        # A new file is safe only when its folder's entry is on the disk too.
        folder = os.open(Path(settings.MUSTER_CHECKPOINT_PATH).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@dataclass(frozen=True)
class Standing:
    """When the chain was signed last, and why it is not proved ('' when it is).

    `forged`: the chain is not the one that was signed, which is more than a signer that sleeps.
    """

    signed_at: datetime | None
    fault: str
    forged: bool = False


def standing(*, at: datetime) -> Standing:
    """Say whether the chain is signed as it should be; without a key it never is."""
    try:
        if private_key() is None:
            return Standing(None, "no checkpoint is signed: MUSTER_CHECKPOINT_KEY is not set")
        file = os.open(settings.MUSTER_CHECKPOINT_PATH, os.O_RDONLY)
    except BadKey as error:
        return Standing(None, f"no checkpoint is signed: {error}")
    except OSError:
        return Standing(None, f"no checkpoint is in {settings.MUSTER_CHECKPOINT_PATH} yet")
    try:
        last = _newest(file)
    finally:
        os.close(file)
    if last is None:
        return Standing(None, f"no checkpoint is in {settings.MUSTER_CHECKPOINT_PATH} yet")
    sequence, head = chain.head()
    fault = _contradiction(last, sequence)
    if fault is not None:
        return Standing(_time(last), fault.text, forged=True)
    moved = (last.sequence, last.head) != (sequence, head)
    if at - _time(last) > (STALE if moved else HEARTBEAT + STALE):
        text = f"nothing was signed since {last.at}: does the worker or the sweep run?"
        return Standing(_time(last), text)
    return Standing(_time(last), "")


def _time(point: Checkpoint) -> datetime:
    return datetime.strptime(point.at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
