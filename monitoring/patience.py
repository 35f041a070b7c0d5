"""Look into a folder with patience, but not for ever: a store that hangs must hold up nobody else.

What hangs in a file system cannot be stopped from Python; it is left behind in a thread, and the
source has a fault until that thread comes back.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring.data import folder, landing
from monitoring.data.folder import CannotLook, File

logger = logging.getLogger(__name__)
# A store that has not said anything for so long hangs.
SILENCE_SECONDS = 8.0
# So many files are digested in one look, and no further one is begun after so long.
_FILES_A_LOOK = 200
_LOOK_SECONDS = 10.0
_STEP = 0.05
_left_behind: dict[int, threading.Thread] = {}


@dataclass
class Sight:
    """What one look at a source saw."""

    fault: str = ""
    fresh: list[tuple[File, str]] = field(default_factory=list)  # with its digest
    whole: bool = True
    hangs: bool = False


@dataclass
class _Look:
    """One look, done in a thread of its own that touches no database."""

    source: int
    address: str
    format: str
    known: dict[str, tuple[int, str]]
    options: Mapping[str, str]
    sight: Sight = field(default_factory=Sight)
    heard: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """List the folder and digest what is new."""
        try:
            self._list()
        except CannotLook as error:
            self.sight.fault = str(error)
        except Exception:
            logger.exception("Unable to look at source %s", self.source)
            self.sight.fault = f"The folder {landing.tail(self.address)} could not be looked at"

    def _list(self) -> None:
        began = time.monotonic()
        for file in folder.look(self.address, kind=self.format, options=self.options):
            if self.known.get(file.path) == (file.size, file.modified):
                continue
            late = time.monotonic() - began > _LOOK_SECONDS
            if len(self.sight.fresh) >= _FILES_A_LOOK or (late and self.sight.fresh):
                self.sight.whole = False
                break
            self._hear()
            try:
                self.sight.fresh.append(
                    (file, folder.digest(file.path, seen=self._hear, options=self.options))
                )
            except CannotLook as error:
                # One file that vanished or is locked must not hide the others.
                logger.warning("source %s: %s", self.source, error)
                self.sight.whole = False

    def _hear(self) -> None:
        self.heard = time.monotonic()


@dataclass
class _OneFile(_Look):
    """A look at one file that somebody has named."""

    def _list(self) -> None:
        size = folder.size_of(self.address)
        self._hear()
        digest = folder.digest(self.address, seen=self._hear)
        file = File("", "", self.address, size, "", self.format)
        self.sight.fresh.append((file, digest))


def look_at_file(source: int, path: str, *, format: str) -> Sight:
    """Return a file of which only the address was known, with its digest, or that it hangs."""
    return _wait(_OneFile(source, path, format, {}, {}))


def look(
    source: int,
    address: str,
    *,
    format: str,
    known: dict[str, tuple[int, str]],
    options: Mapping[str, str] | None = None,
) -> Sight:
    """Return what is new in a folder, or that it hangs."""
    return _wait(_Look(source, address, format, known, options or {}))


def _wait(begun: _Look) -> Sight:
    source, address = begun.source, begun.address
    earlier = _left_behind.get(source)
    if earlier is not None and earlier.is_alive():
        return _hanging(address, [])
    _left_behind.pop(source, None)
    # A daemon: what hangs must not keep the worker from ending.
    thread = threading.Thread(target=begun.run, name=f"look-{source}", daemon=True)
    thread.start()
    thread.join(_STEP)
    while thread.is_alive():
        if time.monotonic() - begun.heard > SILENCE_SECONDS:
            _left_behind[source] = thread
            return _hanging(address, list(begun.sight.fresh))
        thread.join(_STEP)
    return begun.sight


def _hanging(address: str, fresh: list[tuple[File, str]]) -> Sight:
    where = landing.tail(address)
    fault = f"The folder {where} has not answered for {SILENCE_SECONDS:.0f} seconds"
    return Sight(fault=f"{fault}; is its store up?", fresh=fresh, hangs=True)
