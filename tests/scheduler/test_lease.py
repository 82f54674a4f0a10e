"""Leases: one holder at a time, taken over after a death, whatever clocks say."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.scheduler.lease import RENEW, SKEW, TTL, Lease, give_back, renew_lease, take_lease
from publisher.store.memory import MemoryStore
from tests.servers.fixtures import Place

NOW = datetime(2026, 3, 29, 1, tzinfo=UTC)
TICK = timedelta(seconds=1)


def test_one_holder_until_it_gives_back() -> None:
    store = MemoryStore()
    mine = take_lease(store, "alliance", "a", NOW)
    assert mine is not None
    assert take_lease(store, "alliance", "b", NOW) is None
    assert take_lease(store, "other", "b", NOW) is not None
    give_back(store, mine, NOW)
    assert take_lease(store, "alliance", "b", NOW) is not None


def test_renewed_it_lasts_and_dead_it_is_taken_over() -> None:
    store = MemoryStore()
    mine = take_lease(store, "alliance", "a", NOW)
    now = NOW
    for _ in range(100):
        now += RENEW
        assert mine is not None
        mine = renew_lease(store, mine, now)
        assert take_lease(store, "alliance", "b", now) is None
    assert take_lease(store, "alliance", "b", now + TTL + SKEW - TICK) is None
    assert take_lease(store, "alliance", "b", now + TTL + SKEW) is not None
    assert mine is not None
    assert renew_lease(store, mine, now + TTL + SKEW) is None
    give_back(store, mine, now)
    assert take_lease(store, "alliance", "c", now + TTL + SKEW) is None


@given(st.integers(-30, 30), st.integers(0, 20))
def test_clocks_may_differ(skew: int, since_renewal: int) -> None:
    """Another clock, up to SKEW away, asking at any time until the next renewal: it is not taken, and once dead it is in the end."""
    store = MemoryStore()
    assert take_lease(store, "alliance", "a", NOW)
    theirs = NOW + timedelta(seconds=skew)
    assert take_lease(store, "alliance", "b", theirs + timedelta(seconds=since_renewal)) is None
    assert take_lease(store, "alliance", "b", theirs + TTL + 2 * SKEW) is not None


def test_a_clock_that_is_far_ahead_keeps_nobody_waiting() -> None:
    store = MemoryStore()
    assert take_lease(store, "alliance", "a", NOW + timedelta(days=3000))
    assert take_lease(store, "alliance", "b", NOW) is not None


def test_the_known_dead_are_not_waited_for() -> None:
    store = MemoryStore()
    assert take_lease(store, "alliance", "a", NOW)
    assert take_lease(store, "alliance", "b", NOW, dead={"c"}) is None
    assert take_lease(store, "alliance", "b", NOW, dead={"a"}) is not None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"holder": "a", "until": "soon"}', b'{"holder": "a", "until": 3}']
)
def test_a_lease_that_cannot_be_read_is_nobodys(body: bytes) -> None:
    store, key = MemoryStore(), layout.lease("alliance")
    store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))
    assert take_lease(store, "alliance", "b", NOW) is not None


def test_of_many_at_once_one_gets_it(shared_place: Place) -> None:
    got: list[Lease | None] = []
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        store = shared_place.open()
        barrier.wait()
        got.append(take_lease(store, "alliance", str(number), NOW))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len([lease for lease in got if lease is not None]) == 1
