"""The audit log: one chain whatever races, and every alteration is found and named."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher import layout
from publisher.audit import Event, read_events, record
from publisher.canonical import readable_json, sha256_bytes
from publisher.errors import Damaged
from publisher.project.actor import Actor
from publisher.store.base import Store
from tests.servers.fixtures import Place, ceph, moto, place, quick_folder  # noqa: F401
from tests.store.spy import Spy

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)


def event(reason: str = "because") -> Event:
    return Event("publish", Actor("anna", "CI"), AT, "pets", "1.0.0", reason, "run-1", {"allow": ["x"]})


def replace(store: Store, number: int, **changes: object) -> None:
    key = layout.audit_event(number)
    document = json.loads(store.read(key)[0]) | changes
    body = readable_json(document)
    store.delete(key)
    store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))


def test_events_come_back_as_they_were_recorded(place: Place) -> None:  # noqa: F811
    store = place.open()
    assert read_events(store) == ()
    recorded = tuple(record(store, event(f"{number}")) for number in range(3))
    assert read_events(place.open()) == recorded
    assert [item.number for item in recorded] == [1, 2, 3]
    assert [item.previous for item in recorded] == ["", recorded[0].sha256, recorded[1].sha256]


def test_racing_writers_make_one_chain(place: Place) -> None:  # noqa: F811
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: record(place.open(), event(f"{number}")), range(24)))
    events = read_events(place.open())
    assert sorted(int(item.reason) for item in events) == list(range(24))
    assert [item.number for item in events] == list(range(1, 25))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    from publisher.store import open_store

    store = open_store(str(tmp_path), env={})
    for number in range(5):
        record(store, event(f"{number}"))
    return store


def test_an_altered_event_breaks_the_chain(store: Store) -> None:
    replace(store, 2, reason="another")
    with pytest.raises(Damaged, match=r"00000003\.json: it was not written after"):
        read_events(store)


def test_a_removed_event_is_missed(store: Store) -> None:
    store.delete(layout.audit_event(3))
    with pytest.raises(Damaged, match="event 3 should stand here"):
        read_events(store)


def test_what_is_no_event_is_named(store: Store) -> None:
    replace(store, 4, actor="anna")
    with pytest.raises(Damaged, match=r"00000004\.json: it is no event"):
        read_events(store)


def test_writing_lists_nothing(place: Place) -> None:  # noqa: F811
    store = Spy(place.open())
    for number in range(2):
        store.calls.clear()
        record(store, event(f"{number}"))
    assert [call.name for call in store.calls] == ["read", "read", "put", "put"]


@pytest.mark.parametrize("hint", [b"", b"{}", b'{"number": 99}', b'{"number": 1}', b'{"number": -1}', None])
def test_a_wrong_hint_does_no_harm(store: Store, hint: bytes | None) -> None:
    for number in range(5, 30):
        record(store, event(f"{number}"))
    key = layout.audit_hint()
    if hint is None:
        store.delete(key)
    else:
        store.put(key, hint, sha256=sha256_bytes(hint), headers=layout.headers(key))
    assert record(store, event("last")).number == 31
    assert [item.number for item in read_events(store)] == list(range(1, 32))


def test_readers_caches_keep_no_event() -> None:
    assert layout.headers(layout.audit_event(1)).cache_control == "private, no-store"
