"""A file that is sent over HTTP: received aside while it is digested, renamed when it is whole."""

import contextlib
import errno
import hashlib
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.http import UnreadablePostError
from rest_framework.exceptions import APIException

from registry.problems import Invalid, invalid

_CHUNK = 1 << 20
_ABANDONED = 86_400


class TooLarge(APIException):
    """The file is larger than this server takes."""

    status_code = 413

    def __init__(self) -> None:
        most = settings.MUSTER_UPLOAD_MB
        super().__init__(f"The file is larger than {most} MB, the most that may be uploaded.")
        fix = "send fewer rows or a smaller format (Parquet), or let it land in a folder or store"
        error = {"pointer": "/", "code": "too_large", "detail": str(self.detail), "fix": fix}
        self.members = {"errors": [error]}


class NoRoom(APIException):
    """The disk of the server is full; nothing was kept. Tell whoever runs Muster."""

    status_code = 507
    default_detail = str(__doc__)


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass
class Incoming:
    """A file on its way; it is received once, when somebody first asks what it holds."""

    stream: Stream
    format: str
    announced: int
    packed: bool = False  # by gzip
    _aside: Path | None = field(default=None, init=False)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the content."""
        return self._received[0]

    @property
    def size(self) -> int:
        """Return how many bytes came."""
        return self._received[1]

    @cached_property
    def _received(self) -> tuple[str, int]:
        most = settings.MUSTER_UPLOAD_MB * 2**20
        if self.announced > most:
            raise TooLarge
        place = folder()
        try:
            place.mkdir(parents=True, exist_ok=True)
            _clean(place)
            self._aside = place / f".aside-{uuid.uuid4().hex}"
            with self._aside.open("xb") as file:
                return self._copy(file.write, most=most, sync=lambda: os.fsync(file.fileno()))
        except UnreadablePostError as error:
            raise _broken_off(self.announced) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoRoom(NoRoom.__doc__) from error
            raise

    def _copy(
        self, write: Callable[[bytes], int], *, most: int, sync: Callable[[], None]
    ) -> tuple[str, int]:
        total, size = hashlib.sha256(), 0
        while chunk := self.stream.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise TooLarge
            total.update(chunk)
            write(chunk)
        if size < self.announced:
            raise _broken_off(self.announced)
        if not size:
            fix = "send the file as the body, with its Content-Length"
            raise invalid("/", "empty", "the file is empty: it has 0 bytes", fix)
        sync()
        return total.hexdigest(), size

    def keep(self, path: Path) -> None:
        """Give the received file its place."""
        assert self._received
        assert self._aside is not None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._aside.replace(path)

    def discard(self) -> None:
        """Remove what was received and is not needed."""
        if self._aside is not None:
            self._aside.unlink(missing_ok=True)


def _broken_off(announced: int) -> Invalid:
    detail = f"the upload broke off before all of its {announced} bytes had come"
    return invalid("/", "broken_off", detail, "send it again; nothing was kept of it")


def _clean(place: Path) -> None:
    """Remove what uploads left aside that were killed midway."""
    for path in place.glob(".aside-*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - _ABANDONED:
                path.unlink()


def folder() -> Path:
    """Return where uploads lie."""
    return Path(settings.MUSTER_DATA_DIR).absolute() / "uploads"
