"""Which machines may be connected to. In: a host, a way to resolve names, hosts allowed by name. Out: a socket, or SourceError.

A name is resolved once, every address it has is judged, and the connection goes to a judged address: no second look-up in between could
lead elsewhere (DNS rebinding). Private, loopback and other special addresses (RFC 6890) are for hosts that the project allows by name;
those at which clouds hand out credentials (169.254.169.254 and its kin), only where the address itself is allowed. An IPv6 address that
carries an IPv4 one (mapped, compatible, 6to4, Teredo, NAT64) is judged by that.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection
from typing import Any

from publisher.errors import SourceError, Unavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[..., list[tuple[Any, ...]]]
"""`socket.getaddrinfo`."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_METADATA = {"fd00:ec2::254", "100.100.100.200", "192.0.0.192"}
"""Where clouds keep credentials besides the link-local addresses."""


def dial(host: str, port: int, allowed: Collection[str], seconds: float, resolve: Resolve) -> socket.socket:
    """A connection to `host`, which takes at most `seconds` for each address it has.

    Raises SourceError for a host that may not be connected to, Unavailable where nobody answers."""
    try:
        found = resolve(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{host}: the name cannot be resolved ({error})", "Check the address.") from error
    for *_, place in found:
        if refusal := judge(host, str(place[0]), allowed):
            raise SourceError(
                f"{host}: {refusal}", "If it may be read, add it to `allow_hosts` of the project's settings."
            )
    failure = "it has no address"
    for family, kind, protocol, _, place in found:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(seconds)
            connection.connect(place)
        except OSError as error:
            connection.close()
            failure = str(error)
        else:
            return connection
    raise Unavailable(f"{host}: no connection ({failure})", "Check the address and the network.")


def judge(host: str, address: str, allowed: Collection[str]) -> str:
    """Why an address that `host` resolves to may not be connected to; "" where it may."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if str(parsed) in allowed:
        return ""
    for item in _carried(parsed) or (parsed,):
        if item.is_link_local or str(item) in _METADATA:
            return f"{address} is where machines of a cloud find their credentials"
        if not _is_public(item) and host.casefold() not in allowed:
            return f"{address} is not a public address"
    return ""


def _is_public(address: Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not special and not site_local


def _carried(address: Address) -> tuple[Address, ...]:
    """The IPv4 addresses that an IPv6 address carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return tuple(item for item in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if item is not None)
