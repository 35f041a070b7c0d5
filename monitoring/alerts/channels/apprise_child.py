"""The process that sends one message by Apprise: it reads it as JSON, and answers as JSON.

It holds no secret of Muster's, and looks up no name that leads inside unless that origin is
allowed, so that a service's address cannot be used to reach what stands beside Muster.
"""

import json
import logging
import re
import socket
import sys
from typing import Any
from urllib.parse import urlsplit

from apprise import Apprise, AppriseAsset, NotifyType, PersistentStoreMode

from registry import addresses

_PORTS = {"http": 80, "https": 443}
_ERROR = re.compile(r"\berror=(\d{3})\b")


def main() -> None:
    """Send the message on standard input; say whether it was taken, or with which status not."""
    message = json.load(sys.stdin)
    _guard({_place(origin) for origin in message["origins"]})
    heard = _Heard()
    logging.getLogger("apprise").addHandler(heard)
    asset = AppriseAsset(storage_mode=PersistentStoreMode.MEMORY, plugin_paths=[])
    asset.app_id, asset.app_desc, asset.app_url = "Muster", "Muster", ""
    for choice in ("async_mode", "interpret_emojis", "interpret_escapes", "http_redirects"):
        setattr(asset, choice, False)
    sender = Apprise(asset=asset)
    sent = bool(
        sender.add(message["url"])
        and sender.notify(
            body=message["body"],
            title=message["title"],
            notify_type=NotifyType.WARNING,
            body_format="text",
        )
    )
    sys.stdout.write(json.dumps({"sent": sent, "status": heard.status}) + "\n")


class _Heard(logging.Handler):
    """Keep the HTTP status that a service refused with; Apprise itself says yes or no."""

    status: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if found := _ERROR.search(record.getMessage()):
            self.status = int(found.group(1))


def _guard(allowed: set[tuple[str, int]]) -> None:
    """Make every lookup of a name fail that leads to an address which is not public."""
    resolve = socket.getaddrinfo

    def look_up(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        found = resolve(host, port, *more, **named)
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        open_to = (name.lower(), int(port or 0)) in allowed
        for *_, place in found:
            address = addresses.parse(str(place[0]))
            inside = address is None or not addresses.is_public(address)
            if addresses.is_never_reached(str(place[0])) or (inside and not open_to):
                raise OSError(f"{name} leads inside and is not among the allowed origins")
        return found

    socket.getaddrinfo = look_up


def _place(origin: str) -> tuple[str, int]:
    parts = urlsplit(origin)
    return (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))


if __name__ == "__main__":
    main()
