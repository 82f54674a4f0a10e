"""A package's past is read once: publishing on top of it learns the new release alone, and gives what reading everything gives."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.commit import CONTEST
from publisher.commit.area import Area, Refreshed
from publisher.commit.derive import refresh
from publisher.commit.history import trim
from publisher.commit.pointer import read_head, write_head
from publisher.commit.withdraw import rollback, yank
from publisher.engine import open_engine
from publisher.package import series
from publisher.project import Settings
from publisher.run.derived import make_plan
from publisher.site import build
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from publisher.store.retry import NEVER
from tests.commit.test_manifest import Death, Fated, expect_truth
from tests.shelf import Shelf, TableOf
from tests.store.spy import Spy
from tests.tools import FULL

SETTINGS = Settings(languages=("en", "fr"), base_url="https://data.example.org/")
WINDOW = 6
TABLE = {
    "fields": [{"name": "id", "type": "string"}, {"name": "name", "type": "string"}, {"name": "of", "type": "string"}],
    "primaryKey": ["id"],
    "foreignKeys": [{"fields": ["of"], "reference": {"resource": "t", "fields": ["id"]}}],
}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three, blocks of two pages and of four releases."""
    monkeypatch.setattr(series, "SIZE", 3)
    monkeypatch.setattr(series.block, "__defaults__", (2,))
    monkeypatch.setattr(build, "TURNED", 4)


class World:
    """A package whose rows change at random, in a store, and whoever brings up its derived objects."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.random = folder, random.Random(seed)
        self.store = MemoryStore()
        self.shelf = Shelf(self.store, folder / "shelf")
        self.rows = {"a": "one", "b": "two", "c": "three"}
        self.title, self.count, self.minutes = "P", 0, 0

    def publish(self) -> None:
        """A row comes, changes or goes, or nothing but the time changes."""
        self.count += 1
        key = self.random.choice("abcdefgh")
        self.rows[key] = f"text {self.count}"
        if self.random.random() < 0.3 and len(self.rows) > 2:
            del self.rows[self.random.choice(sorted(self.rows))]
        first = min(self.rows)
        rows = [{"id": key, "name": text, "of": first} for key, text in sorted(self.rows.items())]
        site = {"records": [{"table": "t", "title": "name"}]}
        package = {"name": "p", "title": self.title, "site": site}
        self.shelf.publish(package, [TableOf({"name": "t"}, TABLE, rows)], f"1.{self.count}.0")
        head = trim(self.store, read_head(self.store, "p"), WINDOW)
        write_head(self.store, head, updated="2026-11-24T06:00:00+00:00")

    def disturb(self) -> None:
        """Something that is more than a release on top."""
        head = read_head(self.store, "p")
        others = sorted(
            entry.version for entry in head.entries if entry.yanked is None and entry.version != head.current
        )
        what = self.random.choice([rollback, yank, None])
        if what is None or not others:
            self.title += "'"
            self.publish()
            return
        self.minutes += 1
        moment = datetime(2026, 11, 25, tzinfo=UTC) + timedelta(minutes=self.minutes)
        what(self.store, "p", self.random.choice(others), "why", now=lambda: moment, retry=NEVER, window=WINDOW)
        self.rows = self._current()

    def _current(self) -> dict[str, str]:
        version = read_head(self.store, "p").current
        _, states, _ = self.shelf._published[f"p {version}"]
        with open_engine(self.shelf._fresh()) as engine:
            return {str(key): str(text) for key, text, _ in engine.rows(f"SELECT * FROM {states[0].relation_sql}")}

    def bring_up(self, store: Store, settings: Settings = SETTINGS) -> Refreshed:
        return bring_up(store, self.folder, settings)

    def expect_whole(self) -> None:
        """Everything is as who reads the whole past makes it, and every manifest says the truth."""
        fresh = copied(self.store, whole=False)
        self.bring_up(fresh)
        found, wanted = derived(self.store), derived(fresh)
        assert sorted(found) == sorted(wanted)
        different = [key for key in wanted if found[key] != wanted[key]]
        assert not different
        expect_truth(self.store, "p", *blocks(self.store))


def bring_up(store: Store, folder: Path, settings: Settings = SETTINGS, run: str = "us") -> Refreshed:
    scratch = folder / f"scratch{len([*folder.iterdir()])}"
    scratch.mkdir()
    with open_engine(scratch) as engine:
        plan = make_plan(engine, settings)
        # what shows several packages is not looked at here
        plan = replace(plan, card=lambda *_: {}, shared=lambda cards: Area("", plan.maker, (), tuple, cards))
        return refresh(store, ["p"], plan, run=run, now=partial(datetime.now, UTC), retry=CONTEST)


def is_derived(key: str) -> bool:
    released = "/v/" in key and not key.endswith(".html")
    return not released and key != layout.pointer("p")


def derived(store: MemoryStore) -> dict[str, bytes]:
    """Derived objects and the digest, without manifests and ledgers."""
    keys = [stat.key for stat in store.list() if is_derived(stat.key)]
    return {key: store.read(key)[0] for key in keys if not key.startswith(".") or key == layout.digest("p")}


def blocks(store: MemoryStore) -> Iterator[str]:
    top = layout.manifest_folder("p/past")
    for stat in store.list(top):
        if stat.key.endswith("manifest.json"):
            yield f"p/past/{stat.key.removeprefix(top).rpartition('/')[0]}"


def copied(store: MemoryStore, *, whole: bool) -> MemoryStore:
    """The same store again, or its releases alone."""
    other = MemoryStore()
    other._objects = {key: item for key, item in store._objects.items() if whole or not is_derived(key)}
    other._writes = store._writes
    return other


@pytest.mark.parametrize("seed", range(3 if FULL else 1))
def test_learning_one_release_gives_what_reading_all_gives(tmp_path: Path, seed: int) -> None:
    world = World(tmp_path, seed)
    for number in range(12):
        if number > 2 and world.random.random() < 0.2:
            world.disturb()
        for _ in range(world.random.choice([1, 1, 1, 2])):
            world.publish()
        world.bring_up(world.store)
        if number % 4 == 3:
            world.expect_whole()
    world.expect_whole()


def test_a_release_on_top_reads_nothing_of_the_past(tmp_path: Path) -> None:
    world = World(tmp_path, 7)
    for _ in range(14):
        world.publish()
    world.bring_up(world.store)
    for _ in range(4):
        world.publish()
        spy = Spy(world.store)
        done = world.bring_up(spy)
        versions = {call.key.split("/")[2] for call in spy.calls if call.key.startswith("p/v/") and call.name != "list"}
        known = {f"1.{number}.0" for number in range(world.count - 10, world.count + 1)}
        assert versions <= known, "those that rollups start from, and no page of history"
        pages = {key for key in done.written if key.startswith("p/v/")}
        assert pages == {f"p/v/1.{number}.0/index.html" for number in (world.count - 1, world.count)}
    world.expect_whole()


@pytest.mark.parametrize("harm", ["lost", "damaged", "of others", "block lost", "block at work"])
def test_what_cannot_be_trusted_is_made_from_the_start(tmp_path: Path, harm: str) -> None:
    world = World(tmp_path, 3)
    for _ in range(9):
        world.publish()
    world.bring_up(world.store)
    world.publish()
    key = layout.digest("p")
    manifest = layout.manifest("p/past/releases/0003")
    if harm == "lost":
        world.store.delete(key)
    elif harm == "damaged":
        body = world.store.read(key)[0]
        put(world.store, key, body[:-20])
    elif harm == "of others":
        other = replace(SETTINGS, base_url="https://other.example.org/")
        with pytest.raises(Death):
            world.bring_up(Fated(world.store, dies=60), other)
    elif harm == "block lost":
        world.store.delete(manifest)
    else:
        text = world.store.read(manifest)[0].replace(b'"open": {}', b'"open": {"x": "2026-11-24T00:00:00+00:00"}')
        put(world.store, manifest, text)
    world.bring_up(world.store)
    world.expect_whole()


def put(store: Store, key: str, body: bytes) -> None:
    store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))


@pytest.mark.parametrize("late", [False, True])
def test_who_dies_while_it_adds_leaves_nothing_that_the_next_run_does_not_mend(tmp_path: Path, late: bool) -> None:
    """At every thirtieth operation, before or after it; at every fifth where PUBLISHER_FULL=1."""
    settings = Settings(base_url="https://data.example.org/")
    world = World(tmp_path, 5)
    for _ in range(9):
        world.publish()
    bring_up(world.store, tmp_path, settings)
    world.publish()
    whole = copied(world.store, whole=False)
    bring_up(whole, tmp_path, settings)
    for dies in range(2 + 13 * late, 400, 5 if FULL else 30):
        store = copied(world.store, whole=True)
        spy = Fated(store, dies=dies, late=late)
        with suppress(Death):
            bring_up(spy, tmp_path, settings)
        if len(spy.calls) < dies:
            break
        expect_truth(store, "p", *blocks(store))
        bring_up(store, tmp_path, settings)
        assert derived(store) == derived(whole), f"died at {dies}: {spy.calls[-1]}"
    assert dies > 60


class Meddled(Spy):
    """At the operation numbered `at` somebody else does something and brings up what is derived."""

    def __init__(self, store: MemoryStore, at: int, meddle: Callable[[MemoryStore], None]) -> None:
        super().__init__(store)
        self.at, self.inner, self.meddle = at, store, meddle

    def before(self, call) -> None:
        super().before(call)
        if len(self.calls) == self.at:
            self.meddle(self.inner)


def test_two_at_once_end_alike(tmp_path: Path) -> None:
    """The other takes our release back: pages that we are about to replace are right again as they were."""
    settings = Settings(base_url="https://data.example.org/")
    world = World(tmp_path, 6)
    for _ in range(9):
        world.publish()
    bring_up(world.store, tmp_path, settings)
    world.publish()
    moment = datetime(2026, 11, 25, tzinfo=UTC)

    def meddle(store: MemoryStore) -> None:
        rollback(store, "p", "1.9.0", "why", now=lambda: moment, retry=NEVER, window=WINDOW)
        bring_up(store, tmp_path, settings, run="other")

    whole = copied(world.store, whole=False)
    meddle(whole)
    for at in range(3, 400, 7 if FULL else 37):
        store = copied(world.store, whole=True)
        spy = Meddled(store, at, meddle)
        bring_up(spy, tmp_path, settings)
        if len(spy.calls) < at:
            break
        assert derived(store) == derived(whole), f"somebody came at {at}: {spy.calls[at - 1]}"
        expect_truth(store, "p", *blocks(store))
    assert at > 60


def test_a_package_without_a_latest_release_keeps_no_past(tmp_path: Path) -> None:
    world = World(tmp_path, 1)
    for _ in range(5):
        world.publish()
    world.bring_up(world.store)
    now = partial(datetime.now, UTC)
    for number in range(5, 0, -1):
        yank(world.store, "p", f"1.{number}.0", "why", now=now, retry=NEVER, window=WINDOW)
    assert read_head(world.store, "p").current is None
    world.bring_up(world.store)
    assert derived(world.store) == {}


def test_the_changelog_is_bounded_and_leads_to_the_rest(tmp_path: Path) -> None:
    world = World(tmp_path, 2)
    for _ in range(11):
        world.publish()
        if world.count in {5, 10, 11}:
            world.bring_up(world.store)
    key, seen, pages = layout.changelog("p", "json"), [], 0
    while key:
        document = json.loads(world.store.read(key)[0])
        assert document["links"]["self"].endswith(key)
        assert len(document["releases"]) <= 3
        seen += [item["version"] for item in document["releases"]]
        key, pages = document["links"].get("earlier", "").removeprefix(SETTINGS.base_url), pages + 1
    assert list(dict.fromkeys(seen)) == [f"1.{number}.0" for number in range(11, 0, -1)]
    assert pages == 4
    text = world.store.read(layout.changelog("p", "md", "fr"))[0].decode()
    link = layout.changelog_page("p", 3, "md", "fr")
    assert text.endswith(f"[Versions antérieures]({SETTINGS.base_url}{link})\n")
    assert b"## 1.9.0" in world.store.read(link)[0]
