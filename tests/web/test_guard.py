"""Which addresses may be connected to: a table of those that attackers use, and no second look-up between judging and connecting."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import SourceError, Unavailable
from publisher.web.guard import dial, judge

PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fe80::1%lo",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "fd00:ec2::254",
    "100.100.100.200",
    "192.0.0.192",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_for_everybody(address: str) -> None:
    assert judge("data.example.org", address, ()) == ""


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_for_hosts_allowed_by_name(address: str) -> None:
    assert "not a public address" in judge("intranet.example.org", address, {"other.example.org"})
    assert judge("Intranet.Example.org", address, {"intranet.example.org"}) == ""


@pytest.mark.parametrize("address", METADATA)
def test_where_clouds_keep_credentials_needs_the_address_itself(address: str) -> None:
    assert "credentials" in judge("intranet.example.org", address, {"intranet.example.org"})
    assert judge("anything", address, {str(ipaddress.ip_address(address.partition("%")[0]))}) == ""


@given(st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address))
def test_an_address_inside_another_is_judged_alike(address: ipaddress.IPv4Address) -> None:
    plain = bool(judge("host", str(address), ()))
    for carrier in (
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        str(ipaddress.IPv6Address((0x2002 << 112) | int(address) << 80)),
    ):
        assert bool(judge("host", carrier, ())) == plain, carrier


class Names:
    """A name server whose answers follow one another, as one that rebinds."""

    def __init__(self, *answers: list[tuple[str, int]]) -> None:
        self.answers = iter(answers)
        self.asked = 0

    def __call__(self, _host: str, _port: int, **_more: Any) -> list[tuple[Any, ...]]:
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", place) for place in next(self.answers)]


@pytest.fixture
def listener() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def test_the_connection_goes_to_the_address_that_was_judged(listener: tuple[str, int]) -> None:
    names = Names([listener], [("10.0.0.1", 80)])
    with dial("rebinding.example.org", 80, {"127.0.0.1"}, 5, names) as line:
        assert line.getpeername() == listener
    assert names.asked == 1


def test_one_bad_address_among_good_ones_refuses_all(listener: tuple[str, int]) -> None:
    with pytest.raises(SourceError, match=r"both\.example\.org: 10\.0\.0\.1 is not a public address"):
        dial("both.example.org", 80, {"127.0.0.1"}, 5, Names([listener, ("10.0.0.1", 80)]))


def test_the_next_address_is_tried_where_one_does_not_answer(listener: tuple[str, int]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()
    with dial("two.example.org", 80, {"127.0.0.1"}, 5, Names([nobody, listener])) as line:
        assert line.getpeername() == listener


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "localhost."])
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    """Resolved by the system, whatever it makes of them; one that it does not know is refused too."""
    with pytest.raises((SourceError, Unavailable)):
        dial(host, 9, (), 5, socket.getaddrinfo)


def test_a_name_that_does_not_exist_is_worth_another_try() -> None:
    def nobody(*_asked: object, **_more: object) -> list[tuple[Any, ...]]:
        raise socket.gaierror("unknown")

    with pytest.raises(Unavailable, match="cannot be resolved"):
        dial("nowhere.example.org", 80, (), 5, nobody)
