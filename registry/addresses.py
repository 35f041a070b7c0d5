"""Judge network addresses: which ones are public, in whatever notation they come. Pure."""

import socket
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address

# What `is_global` calls global and yet leads inside: carrier-grade NAT, 6to4 relays, and the
# address where one cloud keeps its metadata.
_INSIDE_4 = tuple(
    map(IPv4Network, ("100.64.0.0/10", "168.63.129.16/32", "192.88.99.0/24", "240.0.0.0/4"))
)
# Of IPv6 only global unicast is public, less the ranges that wrap other addresses (Teredo and
# 6to4 among them) and those for documentation.
_PUBLIC_6 = IPv6Network("2000::/3")
_INSIDE_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
# Nothing of a company's answers here but the machine itself and its cloud, which hands out keys.
_NEVER = tuple(
    map(
        ip_network,
        (
            *("169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32"),
            *("fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128"),
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


def parse(text: str) -> Address | None:
    """Return the address that `text` writes, or None when it is a name."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Say whether everybody on the internet reaches the same machine under this address."""
    if isinstance(address, IPv6Address):
        wrapped = _wrapped(address)
        if wrapped is None:
            outside = address in _PUBLIC_6 and not any(address in net for net in _INSIDE_6)
            return outside and address.is_global
        address = wrapped
    if any(address in net for net in _INSIDE_4) or address.is_multicast:
        return False
    return address.is_global


def is_never_reached(text: str) -> bool:
    """Say whether `text` writes an address of the link or of a cloud's metadata.

    No list of allowed origins opens these. A name is no address; an address in one of the
    notations that only the system's resolver reads (`2852039166`, `0xa9.254`) is one.
    """
    address = parse(text) or _loose(text)
    if isinstance(address, IPv6Address):
        address = _wrapped(address) or address
    return address is not None and any(address in net for net in _NEVER)


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


def _loose(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(socket.inet_aton(text))
    except (OSError, ValueError):
        return None
