"""Derived objects follow from releases alone, and publishers that rebuild them at once end alike."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.commit import CONTEST, Head
from publisher.commit.area import Area
from publisher.commit.derive import Plan, find_packages, refresh
from publisher.errors import StoreError
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from publisher.store.retry import Retry
from tests.commit.world import PACKAGE, PLAN, Publisher, cats, now, own
from tests.servers.fixtures import Place
from tests.store.spy import Spy


def copies(store: Store) -> dict[str, bytes]:
    folder = layout.latest_file(PACKAGE)
    return {stat.key.removeprefix(folder): store.read(stat.key)[0] for stat in store.list(folder)}


def test_latest_and_index_follow_the_current_release(place: Place) -> None:
    store = place.open()
    for number in range(2):
        publisher = Publisher(store, cats(number))
        publisher.publish()
        publisher.refresh()
    assert {name: copies(store)[name] for name in cats(1)} == cats(1)
    assert json.loads(copies(store)["datapackage.json"])["version"] == "1.1.0"
    index = json.loads(store.read(layout.INDEX)[0])
    assert index["packages"][0]["version"] == "1.1.0"
    stat = store.stat(layout.latest_file(PACKAGE, "dogs.csv"))
    assert stat is not None
    assert stat.headers.cache_control == layout.DERIVED
    if place.bucket or place.kind == "memory":
        assert stat.headers.content_disposition == 'attachment; filename="dogs-1.1.0.csv"'
    for check in (False, True):
        done = publisher.refresh(check=check)
        assert (done.written, done.removed, done.kept) == (set(), set(), len(copies(store)) + 1)


def test_whatever_is_lost_is_made_again_and_nothing_stale_stays(place: Place) -> None:
    store = place.open()
    publisher = Publisher(store, cats(1))
    publisher.publish()
    publisher.refresh()
    before = copies(store)
    store.delete(layout.INDEX)
    store.delete(layout.latest_file(PACKAGE, "cats.csv"))
    put(store, layout.latest_file(PACKAGE, "dogs.csv"), b"damaged")
    stale = layout.latest_file(PACKAGE, "birds.csv")
    put(store, stale, b"old")
    done = publisher.refresh(check=True)
    assert done.removed == {stale}
    assert done.written == {layout.INDEX, *(layout.latest_file(PACKAGE, name) for name in ("cats.csv", "dogs.csv"))}
    assert copies(store) == before


def put(store: Store, key: str, body: bytes) -> None:
    store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))


def test_packages_are_found_and_each_keeps_its_place_in_the_index(place: Place) -> None:
    store = place.open()
    for name in ("pets", "plants", "rocks"):
        publisher = Publisher(store, cats(1), package=name)
        publisher.publish()
        publisher.refresh()
    names = [item["name"] for item in json.loads(store.read(layout.INDEX)[0])["packages"]]
    assert names == ["pets", "plants", "rocks"] == sorted(find_packages(store))


def test_a_damaged_index_is_no_obstacle(place: Place) -> None:
    store = place.open()
    publisher = Publisher(store, cats(1))
    publisher.publish()
    put(store, layout.INDEX, b"{")
    publisher.refresh()
    assert json.loads(store.read(layout.INDEX)[0])["packages"]


class Meddled(Spy):
    """Somebody publishes and refreshes in the middle of our refresh, once, at the operation numbered `at`."""

    def __init__(self, store: Store, at: int) -> None:
        super().__init__(store)
        self.at = at

    def before(self, call) -> None:
        super().before(call)
        if len(self.calls) == self.at:
            other = Publisher(self.store, cats(9), run="other")
            other.publish()
            other.refresh()


ONLY_COPIES = replace(PLAN, shared=lambda cards: Area("", "maker", (), list))


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("plan", [PLAN, ONLY_COPIES])
def test_two_that_rebuild_at_once_end_alike(plan: Plan, check: bool) -> None:
    """Copies have no condition of their own: without an index beside them only the last look brings them up to date."""
    for at in range(1, 90):
        inner = MemoryStore()
        Publisher(inner, cats(1)).publish()
        store = Meddled(inner, at)
        refresh(store, [PACKAGE], plan, run="us", now=now, retry=CONTEST, check=check)
        if len(store.calls) < at:
            break
        if plan is PLAN:
            index = json.loads(inner.read(layout.INDEX)[0])
            assert index["packages"][0]["version"] == "1.1.0", f"stale after operation {at}"
        assert copies(inner)["cats.csv"] == cats(9)["cats.csv"], f"stale after operation {at}"
    assert at > 15


class Overtaken(Meddled):
    """As Meddled, by somebody whose work must not be undone from what was read before it."""

    met = looked = False

    def before(self, call) -> None:
        super().before(call)
        self.looked = self.looked or (self.met and call.key == layout.pointer(PACKAGE))
        self.met = self.met or len(self.calls) == self.at
        if self.met and not self.looked:
            assert copies(self.store)["cats.csv"] == cats(9)["cats.csv"], f"undone after operation {self.at}"


def test_nothing_is_written_from_a_pointer_that_moved_before() -> None:
    """Somebody may publish and derive between our reading of the pointer and our first write: we could die with his work undone."""
    alone = Spy(MemoryStore())
    Publisher(alone.store, cats(1)).publish()
    refresh(alone, [PACKAGE], PLAN, run="us", now=now, retry=CONTEST)
    begun = next(number for number, call in enumerate(alone.calls, 1) if call.name in ("put", "copy"))
    for at in range(2, begun + 1):
        inner = MemoryStore()
        Publisher(inner, cats(1)).publish()
        refresh(Overtaken(inner, at), [PACKAGE], PLAN, run="us", now=now, retry=CONTEST)
    assert begun > 2


class Died(Meddled):
    """Somebody publishes in the middle of our refresh and dies before it derives anything."""

    def before(self, call) -> None:
        Spy.before(self, call)
        if len(self.calls) == self.at:
            Publisher(self.store, cats(9), run="other").publish()


def test_whoever_refreshes_looks_once_more_before_it_ends() -> None:
    alone = Spy(MemoryStore())
    Publisher(alone.store, cats(1)).publish()
    refresh(alone, [PACKAGE], PLAN, run="us", now=now, retry=CONTEST)
    for at in range(2, len(alone.calls)):
        inner = MemoryStore()
        Publisher(inner, cats(1)).publish()
        refresh(Died(inner, at), [PACKAGE], PLAN, run="us", now=now, retry=CONTEST)
        assert copies(inner)["cats.csv"] == cats(9)["cats.csv"], f"stale after operation {at}"


def test_who_never_comes_to_rest_says_so() -> None:
    inner = MemoryStore()
    Publisher(inner, cats(0)).publish()
    counter = iter(range(1, 100))

    def restless(store: Store, head: Head) -> Area:
        Publisher(inner, cats(next(counter))).publish()
        return own(store, head)

    retry = Retry(tries=3, first=0, most=0)
    with pytest.raises(StoreError, match="keep publishing"):
        refresh(inner, [PACKAGE], replace(PLAN, own=restless), run="us", now=now, retry=retry)


def test_nothing_published_leaves_an_empty_index() -> None:
    store = MemoryStore()
    refresh(store, [PACKAGE], PLAN, run="us", now=now, retry=CONTEST)
    assert json.loads(store.read(layout.INDEX)[0]) == {"packages": []}
