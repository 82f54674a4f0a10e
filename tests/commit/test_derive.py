"""Derived objects follow from releases alone, and publishers that rebuild them at once end alike."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.commit import CONTEST
from publisher.commit.derive import Builder, Derived, Heads, build_index, build_latest, derived, find_packages, refresh
from publisher.errors import StoreError
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from publisher.store.retry import Retry
from tests.commit.world import PACKAGE, Publisher, cats
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
    assert publisher.refresh().written == ()


def test_whatever_is_lost_is_made_again_and_nothing_stale_stays(place: Place) -> None:
    store = place.open()
    publisher = Publisher(store, cats(1))
    publisher.publish()
    publisher.refresh()
    before = copies(store)
    store.delete(layout.INDEX)
    store.delete(layout.latest_file(PACKAGE, "cats.csv"))
    stale = layout.latest_file(PACKAGE, "birds.csv")
    store.put(stale, b"old", sha256=sha256_bytes(b"old"), headers=layout.headers(stale))
    done = publisher.refresh()
    assert done.removed == (stale,)
    assert set(done.written) == {layout.INDEX, layout.latest_file(PACKAGE, "cats.csv")}
    assert copies(store) == before


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
    store.put(layout.INDEX, b"{", sha256=sha256_bytes(b"{"), headers=layout.headers(layout.INDEX))
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


@pytest.mark.parametrize("builders", [[build_latest, build_index], [build_latest]])
def test_two_that_rebuild_at_once_end_alike(builders: list[Builder]) -> None:
    """Copies have no condition of their own: without an index beside them only the last look brings them up to date."""
    folders = [layout.latest_file(PACKAGE)]
    for at in range(1, 60):
        inner = MemoryStore()
        Publisher(inner, cats(1)).publish()
        store = Meddled(inner, at)
        refresh(store, [PACKAGE], builders, folders=folders, retry=CONTEST)
        if len(store.calls) < at:
            break
        index = json.loads(inner.read(layout.INDEX)[0])
        assert index["packages"][0]["version"] == "1.1.0", f"stale after operation {at}"
        assert copies(inner)["cats.csv"] == cats(9)["cats.csv"], f"stale after operation {at}"
    assert at > 15


def test_who_never_comes_to_rest_says_so() -> None:
    inner = MemoryStore()
    Publisher(inner, cats(0)).publish()
    counter = iter(range(1, 100))

    def restless(store: Store, heads: Heads) -> Iterable[Derived]:
        Publisher(inner, cats(next(counter))).publish()
        yield derived("a.json", b"{}\n")

    with pytest.raises(StoreError, match="keep publishing"):
        refresh(inner, [PACKAGE], [restless], retry=Retry(tries=3, first=0, most=0))


def test_nothing_published_leaves_an_empty_index() -> None:
    store = MemoryStore()
    refresh(store, [PACKAGE], [build_index, build_latest], retry=CONTEST)
    assert json.loads(store.read(layout.INDEX)[0]) == {"packages": []}
