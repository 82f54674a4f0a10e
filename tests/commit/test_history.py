"""The pointer stays within its bound, and the whole past is reachable from it without listing."""

from __future__ import annotations

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.commit import read_head
from publisher.commit.history import pages, releases
from publisher.errors import Damaged
from publisher.store.memory import MemoryStore
from tests.commit.world import PACKAGE, Publisher, cats, seen
from tests.servers.fixtures import Place
from tests.store.spy import Spy


def publish(store, count: int, window: int) -> None:
    for number in range(count):
        Publisher(store, cats(number), window=window, workers=1).publish()


def test_the_window_is_bounded_and_the_rest_on_pages(place: Place) -> None:
    store = Spy(place.open())
    publish(store, 12, 4)
    head = read_head(store, PACKAGE)
    assert len(head.history) <= 4
    store.calls.clear()
    assert [entry.version for entry in releases(store, head)] == [f"1.{number}.0" for number in reversed(range(12))]
    assert {call.name for call in store.calls} == {"read"}, "nothing is listed"
    assert head.earlier is not None
    assert head.earlier["entries"] == 12 - len(head.history)
    assert len(seen(store)) == 12


@pytest.mark.parametrize("window", [1, 2, 3, 100])
def test_any_window_keeps_every_release(window: int) -> None:
    store = MemoryStore()
    publish(store, 7, window)
    head = read_head(store, PACKAGE)
    assert len(head.history) <= max(window, 1)
    assert head.latest is not None
    assert len(seen(store)) == 7


@pytest.mark.parametrize("spoil", ["delete", "alter"])
def test_a_damaged_page_is_told(spoil: str) -> None:
    store = MemoryStore()
    publish(store, 6, 2)
    head = read_head(store, PACKAGE)
    key = next(pages(store, head))[0]
    if spoil == "delete":
        store.delete(key)
    else:
        store.put(key, b"{}", sha256=sha256_bytes(b"{}"), headers=layout.headers(key))
    with pytest.raises(Damaged, match="history"):
        list(releases(store, head))
