"""E: an address is the client's, and only a trusted proxy may say another one."""

from __future__ import annotations

import pytest

from gateway.live.client_address import TrustedProxies, counted_as, is_loopback


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded_for", "client"),
    [
        ("", "10.0.0.1", ["203.0.113.7"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", "10.0.0.2", ["203.0.113.7"], "10.0.0.2"),
        ("10.0.0.1", "10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", ["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", "10.0.0.1", ["1.2.3.4", "203.0.113.7"], "203.0.113.7"),
        ("10.0.0.0/8, 192.168.1.9", "192.168.1.9", ["1.2.3.4, 10.9.9.9"], "1.2.3.4"),
        ("10.0.0.0/8", "10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", "10.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("10.0.0.1", "10.0.0.1", ["[2001:db8::5]:4711"], "2001:db8::/64"),
        ("10.0.0.1", "10.0.0.1", ["1.2.3.4, unknown"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", [", ,"], "10.0.0.1"),
        ("*", "10.0.0.1", ["1.2.3.4, 5.6.7.8"], "1.2.3.4"),
        ("::1", "::1", ["203.0.113.7"], "203.0.113.7"),
        ("nonsense", "nonsense", ["203.0.113.7"], "nonsense"),
        ("10.0.0.1", "", ["203.0.113.7"], ""),
    ],
)
def test_whose_connection_it_is(
    trusted: str, peer: str, forwarded_for: list[str], client: str
) -> None:
    assert TrustedProxies(trusted).client(peer, forwarded_for) == client


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_an_ipv6_site_counts_as_one(address: str, counted: str) -> None:
    assert counted_as(address) == counted


def test_loopback() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("203.0.113.7")
    assert not is_loopback("2001:db8::/64")
