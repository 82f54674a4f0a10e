"""The manifest of derived objects: it saves requests, and never says what is not so, whoever dies or comes in between."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.commit import CONTEST
from publisher.commit.area import Area, Derived, Later, Refreshed, derived
from publisher.commit.derive import Plan, refresh
from publisher.commit.manifest import TICKET, Ledger, open_ledger, read_ledger, read_manifest
from publisher.commit.pointer import read_head
from publisher.model import Headers
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from tests.commit.test_derive import copies, put
from tests.commit.world import PACKAGE, PLAN, Publisher, cats, now
from tests.servers.fixtures import Place
from tests.store.spy import Spy

COUNT = 50


def expect_truth(store: Store, *names: str) -> None:
    """Whatever a manifest that nobody is at work on says is so."""
    for name in names or (PACKAGE, ""):
        manifest = read_manifest(store, name)
        ledger = open_ledger(store, manifest)
        if manifest.open or ledger is None:
            continue
        for key in ledger:
            known, found = ledger.get(key), store.stat(key)
            assert found is not None, f"{key} is not there"
            assert known is not None
            assert (found.sha256, known.etag or found.etag) == (known.sha256, found.etag), f"{key} is another"


def many(bodies: dict[str, bytes], folders: tuple[str, ...] = ("a/",)):
    """A plan of one area with these objects."""

    return alone(Area("", "maker", folders, lambda: [derived(key, body) for key, body in bodies.items()]))


def alone(area: Area) -> Plan:
    """A plan of one area."""
    return replace(PLAN, shared=lambda cards: area)


def run(store: Store, bodies: dict[str, bytes], *, check: bool = False, name: str = "us", **how: Any) -> Refreshed:
    return refresh(store, [], many(bodies, **how), run=name, now=now, retry=CONTEST, check=check)


def objects(count: int = COUNT) -> dict[str, bytes]:
    return {f"a/{number:03}.json": b"%d" % number for number in range(count)}


def test_what_did_not_change_costs_no_request(place: Place) -> None:
    store = Spy(place.open())
    run(store, objects())
    store.calls.clear()
    assert run(store, objects()).kept == COUNT
    assert len(store.calls) < 10
    assert all(call.name == "read" for call in store.calls)


def test_what_changed_is_sent_and_nothing_else(place: Place) -> None:
    store = Spy(place.open())
    run(store, objects())
    store.calls.clear()
    bodies = {**objects(COUNT - 1), "a/007.json": b"seven", "a/new.json": b"new"}
    done = run(store, bodies)
    assert (done.written, done.removed) == ({"a/007.json", "a/new.json"}, {f"a/{COUNT - 1:03}.json"})
    asked = [call for call in store.calls if call.key.startswith("a/")]
    assert {call.name for call in asked} == {"put", "delete"}
    assert len(asked) == 3
    assert len(store.calls) < 25
    expect_truth(store.store, "")


def test_checking_lists_and_asks_about_what_is_not_as_it_was(place: Place) -> None:
    """Only where a listing tells no ETags (a folder) is each object read."""
    store = Spy(place.open())
    run(store, objects())
    put(store, "a/007.json", b"damaged")
    store.delete("a/008.json")
    store.calls.clear()
    done = run(store, objects(), check=True)
    assert done.written == {"a/007.json", "a/008.json"}
    if place.kind != "files":
        assert [call.key for call in store.calls if call.name == "stat"] == ["a/007.json"]
    expect_truth(store.store, "")


@pytest.mark.parametrize("harm", ["lost", "damaged", "unknown", "no list", "damaged list", "wrong list"])
def test_a_manifest_that_cannot_be_used_is_made_again(place: Place, harm: str) -> None:
    store = place.open()
    run(store, objects())
    store.delete("a/003.json")
    put(store, "a/stale.json", b"stale")
    key, manifest = layout.manifest(), read_manifest(store, "")
    assert manifest.listed is not None
    listed = layout.manifest_folder() + str(manifest.listed["path"])
    if harm == "lost":
        store.delete(key)
    elif harm == "no list":
        store.delete(listed)
    elif harm.endswith("list"):
        put(store, listed, b"\x1f\x8b damaged" if harm == "damaged list" else gzip.compress(b"[]"))
    else:
        put(store, key, b"{" if harm == "damaged" else b'{"format": 99, "open": {}}')
    done = run(store, objects())
    assert (done.written, done.removed, done.kept) == ({"a/003.json"}, {"a/stale.json"}, COUNT - 1)
    expect_truth(store, "")
    assert run(store, objects()).written == set()


def test_what_is_not_derived_any_more_goes_wherever_it_lies() -> None:
    """Pages among the files of a release are in no folder of their own. Assets stay for pages that caches still hold."""
    store = MemoryStore()
    page, asset = "p/v/1.0.0/index.html", layout.asset("site.css", "0" * 64)
    run(store, {page: b"page", asset: b"css", "a/1.json": b"1"})
    assert run(store, {"a/1.json": b"1"}).removed == {page}
    assert store.stat(asset) is not None
    expect_truth(store, "")


def test_a_copy_gets_the_headers_it_should() -> None:
    store = MemoryStore()
    put(store, "source.csv", b"a\n")
    sha256 = sha256_bytes(b"a\n")

    def plan(disposition: str):
        item = Derived("a/x.csv", Headers("text/csv", "", disposition), sha256, copy_of="source.csv")
        return alone(Area("", "maker", ("a/",), lambda: [item]))

    for disposition in ("one", "two"):
        done = refresh(store, [], plan(disposition), run="us", now=now, retry=CONTEST)
        assert done.written == {"a/x.csv"}
        found = store.stat("a/x.csv")
        assert found is not None
        assert found.headers.content_disposition == disposition


class Death(Exception):
    pass


class Fated(Spy):
    """At the operation numbered `meddled` somebody else publishes and refreshes, perhaps until it dies at its own operation numbered
    `other_dies`; at the operation numbered `dies` we die, before it or after it."""

    def __init__(
        self, store: Store, *, dies: int = 0, late: bool = False, meddled: int = 0, other_dies: int = 0
    ) -> None:
        super().__init__(store)
        self.dies, self.late, self.meddled, self.other_dies = dies, late, meddled, other_dies

    def before(self, call) -> None:
        super().before(call)
        if len(self.calls) == self.meddled:
            other = Publisher(self.store, cats(9), run="other")
            other.publish()
            live(replace(other, store=Fated(self.store, dies=self.other_dies)))
        if len(self.calls) == self.dies and not self.late:
            raise Death

    def after(self, call) -> None:
        if len(self.calls) == self.dies and self.late:
            raise Death


def live(publisher: Publisher) -> bool:
    try:
        publisher.refresh()
    except Death:
        return False
    return True


def expect_healed(store: MemoryStore, tables: dict[str, bytes], told: str) -> None:
    """The next routine run leaves everything as it ought to be; a later one trusts the manifest again."""
    Publisher(store, tables, run="next").refresh()
    assert copies(store)["cats.csv"] == tables["cats.csv"], told
    expect_truth(store)
    later = now() + 2 * TICKET
    Publisher(store, tables, run="later", now=lambda: later).refresh()
    assert all(read_manifest(store, name).settled for name in (PACKAGE, ""))
    expect_truth(store)
    assert copies(store)["cats.csv"] == tables["cats.csv"], told


@pytest.mark.parametrize("late", [False, True])
def test_who_dies_leaves_nothing_that_the_next_run_does_not_mend(late: bool) -> None:
    for dies in range(1, 60):
        store = MemoryStore()
        for number in (1, 2):
            Publisher(store, cats(number)).publish()
            if number == 1:
                Publisher(store, cats(number)).refresh()
        spy = Fated(store, dies=dies, late=late)
        if live(Publisher(spy, cats(2))):
            break
        expect_truth(store)
        expect_healed(store, dict(cats(2)), f"died at {dies}: {spy.calls[-1]}")
    assert dies > 20


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 30), st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_two_at_once_of_whom_one_or_both_die(meddled: int, later: int, other_dies: int, late: bool) -> None:
    store = MemoryStore()
    Publisher(store, cats(1)).publish()
    Publisher(store, cats(1)).refresh()
    Publisher(store, cats(2)).publish()
    spy = Fated(store, dies=meddled + later if later else 0, late=late, meddled=meddled, other_dies=other_dies)
    live(Publisher(spy, cats(2), run="us"))
    expect_truth(store)
    head = 9 if len(spy.calls) >= meddled else 2
    expect_healed(store, dict(cats(head)), f"{spy.calls[-3:]}")


def test_a_crowd_ends_alike() -> None:
    """Eight at once, each with a release of its own."""
    store = MemoryStore()
    Publisher(store, cats(0)).publish()

    def work(number: int) -> None:
        publisher = Publisher(store, cats(number), run=f"run {number}")
        publisher.publish()
        publisher.refresh()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(1, 9)))
    expect_truth(store)
    assert not read_manifest(store, PACKAGE).open
    assert json.loads(copies(store)["datapackage.json"])["version"] == read_head(store, PACKAGE).current
    assert json.loads(store.read(layout.INDEX)[0])["packages"][0]["version"] == read_head(store, PACKAGE).current


def test_who_is_long_gone_is_taken_off_and_what_it_left_is_removed() -> None:
    store = MemoryStore()
    run(store, objects())
    dead = Fated(store, dies=6)
    with pytest.raises(Death):
        run(dead, {**objects(), "a/001.json": b"other"}, name="dead")
    left = layout.manifest_folder() + "0123456789abcdef.json.gz"
    put(store, left, b"left behind")
    assert set(read_manifest(store, "").open) == {"dead"}
    soon = datetime.now(UTC) + TICKET - timedelta(minutes=1)
    refresh(store, [], many(objects()), run="soon", now=lambda: soon, retry=CONTEST)
    assert set(read_manifest(store, "").open) == {"dead"}
    later = datetime.now(UTC) + TICKET + timedelta(minutes=1)
    refresh(store, [], many(objects()), run="later", now=lambda: later, retry=CONTEST)
    assert not read_manifest(store, "").open
    assert store.stat(left) is None
    assert len(list(store.list(layout.manifest_folder()))) == 2


@given(
    st.dictionaries(
        st.text(min_size=1), st.tuples(st.text("0123456789abcdef"), st.text(), st.text("0123456789abcdef"), st.text())
    )
)
def test_a_ledger_is_read_as_it_was_written(entries: dict[str, tuple[str, str, str, str]]) -> None:
    ledger = Ledger()
    for key, (sha256, kind, source, etag) in entries.items():
        ledger.note(key, sha256, Headers(kind, kind), etag, source)
    found = read_ledger(ledger.dump())
    assert set(found) == set(entries)
    again = Ledger()
    for key in reversed(entries):
        sha256, kind, source, etag = entries[key]
        again.note(key, sha256, Headers(kind, kind), etag, source)
    assert again.dump() == ledger.dump()
    for key, (sha256, kind, source, etag) in entries.items():
        assert found.get(key) == (sha256, Headers(kind, kind), etag, source)


def test_what_tells_its_source_is_made_only_when_that_changes(place: Place) -> None:
    made: list[str] = []

    def plan(bodies: dict[str, tuple[str, bytes]]):
        def make(key: str, body: bytes) -> bytes:
            made.append(key)
            return body

        items = [Later(key, source, lambda k=key, b=body: make(k, b)) for key, (source, body) in bodies.items()]
        return alone(Area("", "maker", ("a/",), lambda: items))

    def bring_up(bodies: dict[str, tuple[str, bytes]], *, check: bool = False) -> set[str]:
        made.clear()
        return refresh(store, [], plan(bodies), run="us", now=now, retry=CONTEST, check=check).written

    store = place.open()
    first = {"a/one.html": ("1", b"one"), "a/two.html": ("1", b"two")}
    assert bring_up(first) == {*first}
    assert (bring_up(first), made) == (set(), [])
    assert (bring_up(first | {"a/two.html": ("2", b"two")}), made) == (set(), ["a/two.html"])
    again = {"a/one.html": ("1", b"one"), "a/two.html": ("2", b"zwei")}
    assert (bring_up(again), made) == (set(), [])
    assert bring_up(again | {"a/two.html": ("3", b"zwei")}) == {"a/two.html"}
    store.delete("a/one.html")
    put(store, "a/two.html", b"altered")
    assert bring_up(again | {"a/two.html": ("3", b"zwei")}, check=True) == {"a/one.html", "a/two.html"}
    assert made == ["a/one.html", "a/two.html"]
    assert bring_up({"a/one.html": ("1", b"one")}) == set()
    assert store.stat("a/two.html") is None
    expect_truth(store, "")
