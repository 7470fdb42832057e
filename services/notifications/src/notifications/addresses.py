"""Where other systems may be called back: public addresses only, and no way around that (SSRF).

A callback is checked twice. When it is given, every address its name leads to must be public. At each
connection, the very address that is about to be connected to is judged, after the one resolution there is: a
name that changes its mind in between (DNS rebinding) leads nowhere. Redirects are never followed.

Public is decided here and not by `ipaddress.is_global`, whose answers changed between Python releases and let
multicast, 6to4 and NAT64 pass. Source: the IANA special-purpose registries for IPv4 and IPv6 (RFC 6890).
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from errno import EACCES
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from dorpsplein.errors import Refused

RESOLVE_WITHIN_S = 5.0
LONGEST_URL = 2_000

NOT_PUBLIC_4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
UNICAST_6 = IPv6Network("2000::/3")
"""The only IPv6 space handed out to the public; mapped IPv4, NAT64, local, link-local, multicast lie outside."""
NOT_PUBLIC_6 = [
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]
"""Within it: protocol assignments with Teredo, documentation, 6to4, AS112."""


class AddressRefused(OSError):
    """A connection to an address that is not public was about to be made."""


def is_public(address: str) -> bool:
    """Whether an address (as numbers, without a name) belongs to the public internet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        return parsed.scope_id is None and parsed in UNICAST_6 and not any(parsed in net for net in NOT_PUBLIC_6)
    return not any(parsed in network for network in NOT_PUBLIC_4)


async def check_callback(url: str, *, allow_private: bool) -> None:
    """Let a callback URL in, or raise Refused("callback-not-allowed") that says what is wrong with it."""
    parts = _parsed(url)
    host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    assert host is not None
    try:
        found = await asyncio.wait_for(
            asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM), RESOLVE_WITHIN_S
        )
    except (OSError, UnicodeError, TimeoutError) as fault:
        raise Refused("callback-not-allowed", f"The name {host} leads to no address.") from fault
    if not allow_private and not all(is_public(str(address[0])) for *_, address in found):
        raise Refused("callback-not-allowed", f"{host} is not on the public internet; give a public address.")


def _parsed(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        fits = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError as fault:
        raise Refused("callback-not-allowed", f"This is not a URL: {fault}.") from fault
    if parts.scheme not in {"http", "https"} or not fits or len(url) > LONGEST_URL or "\\" in url or " " in url:
        raise Refused("callback-not-allowed", "Give a whole http or https URL, such as https://example.org/hook.")
    if parts.username is not None or parts.password is not None:
        raise Refused("callback-not-allowed", "Leave user names and passwords out of the URL.")
    return parts


def guarded_socket(*, allow_private: bool) -> Callable[[Sequence[Any]], socket.socket]:
    """A maker of sockets for aiohttp that judges the address each one will be connected to.

    It sees literal addresses and resolved ones alike, right before the connection; raises AddressRefused.
    """

    def make(info: Sequence[Any]) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allow_private and not is_public(str(address[0])):
            raise AddressRefused(EACCES, f"{address[0]} is not on the public internet")
        return socket.socket(family, kind, protocol)

    return make
