"""Whose connection it is, behind reverse proxies or not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

_EVERYONE: Final = "*"
_IPV6_SITE_BITS: Final = 64


class TrustedProxies:
    """`said` are addresses and networks of proxies, separated by commas; "*" trusts whoever
    connects. Text that is neither trusts nobody."""

    def __init__(self, said: str = "") -> None:
        texts = [text.strip() for text in said.split(",") if text.strip()]
        self._everyone = _EVERYONE in texts
        self._networks = []
        for text in texts:
            try:
                self._networks.append(ip_network(text, strict=False))
            except ValueError:
                continue

    def trusts(self, address: str) -> bool:
        if self._everyone:
            return True
        parsed = _parsed(address) if self._networks else None
        return parsed is not None and any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """Who is at the other end of a connection from `peer`, as limits count addresses.

        `forwarded_for` are the X-Forwarded-For headers. Each proxy appends who it heard from, so
        they are read from the end, as far as we trust who wrote them; what is before that anyone
        could have written.
        """
        client = peer
        if self.trusts(peer):
            hops = [hop.strip() for hop in ",".join(forwarded_for).split(",") if hop.strip()]
            for hop in reversed(hops):
                parsed = _parsed(_without_port(hop))
                if parsed is None:
                    break
                client = str(parsed)
                if not self.trusts(client):
                    break
        return counted_as(client)


def counted_as(address: str) -> str:
    """The address limits count: of IPv6 the network of one site, which has 2^64 addresses."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        if parsed.is_loopback:
            return str(parsed)
        return str(IPv6Network((parsed, _IPV6_SITE_BITS), strict=False))
    return address


def is_loopback(address: str) -> bool:
    """Whether this is the address of a program on this machine."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address.partition("%")[0])
    except ValueError:
        return None


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
