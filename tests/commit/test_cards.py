"""Cards: what shows several packages costs one package, and is what a refreshing of everything would make, whoever comes in between."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher import layout
from publisher.commit import CONTEST
from publisher.commit.area import Refreshed
from publisher.commit.derive import find_packages, is_current, refresh
from publisher.commit.manifest import TICKET, open_ledger, read_manifest
from publisher.commit.pointer import read_head
from publisher.commit.withdraw import rollback, yank
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from tests.commit.test_manifest import Death, expect_truth
from tests.commit.world import FEW, PLAN, Publisher, cats, now
from tests.servers.fixtures import Place
from tests.store.spy import Spy

NAMES = ("ants", "bees", "cows", "dogs", "eels")


def publish(store: Store, name: str, number: int, run: str = "us") -> Refreshed:
    publisher = Publisher(store, cats(number), package=name, run=run)
    publisher.publish()
    return publisher.refresh()


def shared(store: Store) -> tuple[bytes, object, str]:
    """What shows several packages, the cards, who made them."""
    manifest = read_manifest(store, "")
    ledger = open_ledger(store, manifest)
    assert ledger is not None
    return store.read(layout.INDEX)[0], ledger.cards, manifest.source


def made_anew(store: MemoryStore) -> tuple[bytes, object, str]:
    """The same in a store with the same releases, where nothing was derived yet."""
    other = MemoryStore()
    for stat in store.list():
        if "/v/" in stat.key or stat.key.endswith("/versions.json"):
            other.put(stat.key, store.read(stat.key)[0], sha256=stat.sha256, headers=stat.headers)
    refresh(other, find_packages(other), PLAN, run="other", now=now, retry=CONTEST, check=True)
    return shared(other)


def same(one: tuple[bytes, object, str], other: tuple[bytes, object, str]) -> bool:
    """Pointers have other ETags in another store."""

    def plain(cards: object) -> object:
        assert isinstance(cards, dict)
        return {name: {**card, "source": ""} for name, card in cards.items()}

    return (one[0], plain(one[1]), one[2]) == (other[0], plain(other[1]), other[2])


def test_publishing_one_package_reads_no_other(place: Place) -> None:
    """However many there are, the requests are the same."""
    requests, store = [], Spy(place.open())
    for total in (FEW + 1, 3 * FEW):
        for number in range(len(find_packages(store.store)), total):
            publish(store.store, f"p{number:02}", 1)
        store.calls.clear()
        Publisher(store.store, cats(total), package="p01").publish()
        done = Publisher(store, {}, package="p01").refresh()
        assert layout.INDEX in done.written
        assert {call.key.removeprefix(".derived/packages/").split("/")[0] for call in store.calls} == {
            "p01",
            ".derived",
            layout.INDEX,
        }
        requests.append([call.name for call in store.calls])
    assert requests[0] == requests[1]


Step = tuple[str, str]
steps = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["publish", "yank", "rollback"])), max_size=14)


def take(store: MemoryStore, name: str, what: str, number: int) -> None:
    """A publication, or the latest release taken back where there is one."""
    head = read_head(store, name)
    if what == "publish" or head.latest is None:
        Publisher(store, cats(number), package=name).publish()
    elif what == "yank":
        yank(store, name, head.latest.version, "wrong", now=now, retry=CONTEST)
    else:
        kept = [entry.version for entry in head.entries if entry.yanked is None]
        rollback(store, name, kept[-1], "wrong", now=now, retry=CONTEST)


@settings(max_examples=60, deadline=None)
@given(steps, st.sets(st.integers(0, 13)))
def test_a_routine_run_gives_what_a_refreshing_of_everything_gives(taken: list[Step], forgotten: set[int]) -> None:
    """Whatever was published and taken back, across the bound up to which cards tell more. `forgotten` are steps whose publisher died
    before it derived anything: the package's next run is as good."""
    store = MemoryStore()
    for number, (name, what) in enumerate(taken):
        take(store, name, what, number)
        if number not in forgotten:
            Publisher(store, {}, package=name).refresh()
    for name in {name for name, _ in taken}:
        Publisher(store, {}, package=name).refresh()
    if taken:
        assert same(shared(store), made_anew(store))
        expect_truth(store, *NAMES, "")


@pytest.mark.parametrize("harm", ["lost", "no list", "another maker"])
def test_without_cards_of_ours_every_package_is_read(harm: str) -> None:
    store = MemoryStore()
    for name in NAMES:
        publish(store, name, 1)
    before = shared(store)
    manifest = read_manifest(store, "")
    assert manifest.listed is not None
    if harm == "another maker":
        area = PLAN.shared(dict(before[1]))  # type: ignore[call-overload]
        other = replace(PLAN, maker="other", shared=lambda cards: replace(area, source="other", cards=cards))
        refresh(store, ["ants"], other, run="other", now=now, retry=CONTEST)
    else:
        store.delete(layout.manifest() if harm == "lost" else layout.manifest_folder() + str(manifest.listed["path"]))
    Publisher(
        store, cats(2), package="bees"
    ).publish()  # who dies before deriving: with everything read, it is not forgotten
    spy = Spy(store)
    Publisher(spy, {}, package="ants").refresh()
    assert {layout.pointer(name) for name in NAMES} <= {call.key for call in spy.calls}
    assert same(shared(store), made_anew(store))


def test_a_list_that_was_replaced_is_not_taken_for_lost() -> None:
    """Another run finishes between our reading the manifest and the list that it leads to."""
    store = MemoryStore()
    for name in NAMES:
        publish(store, name, 1)
    read: list[str] = []

    class Late(Spy):
        def before(self, call) -> None:
            super().before(call)
            if call.key.endswith(".gz") and call.key.startswith(layout.manifest_folder()) and not read:
                read.append(call.key)
                publish(self.store, "bees", 2, "other")

    spy = Late(store)
    Publisher(spy, {}, package="eels").refresh()
    assert store.stat(read[0]) is None
    assert layout.pointer("cows") not in {call.key for call in spy.calls}
    assert same(shared(store), made_anew(store))


def test_who_died_before_the_index_is_told_apart_and_healed_by_its_next_run() -> None:
    store = MemoryStore()
    for name in NAMES:
        publish(store, name, 1)
    Publisher(store, cats(2), package="bees").publish()
    head = read_head(store, "bees")
    assert not is_current(store, "bees", str(head.etag))
    publish(store, "ants", 2)
    assert not same(shared(store), made_anew(store)), "another package's run leaves it alone"
    Publisher(store, {}, package="bees").refresh()
    assert is_current(store, "bees", str(head.etag))
    assert same(shared(store), made_anew(store))


class Between(Spy):
    """At the operation numbered `at`, `meddle` happens; at the operation numbered `dies` we die, before it or after it."""

    def __init__(
        self, store: Store, at: int = 0, meddle: Callable[[], object] = int, dies: int = 0, late: bool = False
    ) -> None:
        super().__init__(store)
        self.at, self.meddle, self.dies, self.late = at, meddle, dies, late

    def before(self, call) -> None:
        super().before(call)
        if len(self.calls) == self.at:
            self.meddle()
        if len(self.calls) == self.dies and not self.late:
            raise Death

    def after(self, call) -> None:
        if len(self.calls) == self.dies and self.late:
            raise Death


@pytest.mark.parametrize("before", [0, FEW - 1, FEW])
@pytest.mark.parametrize("what", ["publish", "yank"])
def test_packages_published_at_once_both_stand_in_the_end(before: int, what: str) -> None:
    """Another package comes (which may be the one too many for cards to tell all), or goes, at each of our operations."""
    for at in count(1):
        store = MemoryStore()
        for number in range(before):
            publish(store, f"p{number}", 1)
        publish(store, "ants", 1)
        if what == "yank":
            publish(store, "bees", 1)

        def meddle(store: MemoryStore = store) -> None:
            take(store, "bees", what, 2)
            Publisher(store, {}, package="bees", run="other").refresh()

        Publisher(store, cats(2), package="ants").publish()
        spy = Between(store, at, meddle)
        Publisher(spy, {}, package="ants").refresh()
        if len(spy.calls) < at:
            break
        assert same(shared(store), made_anew(store)), f"meddled at {at}: {spy.calls[at - 1]}"
        expect_truth(store, "ants", "bees", "")
    assert at > 15


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 30), st.integers(0, 40), st.integers(0, 40), st.booleans(), st.sampled_from([1, FEW]))
def test_publishers_of_different_packages_of_whom_one_or_both_die(
    meddled: int, later: int, other_dies: int, late: bool, packages: int
) -> None:
    """The next runs of both packages leave everything as it ought to be; a later one trusts the manifest again."""
    store = MemoryStore()
    for number in range(packages):
        publish(store, f"p{number}", 1)
    Publisher(store, cats(2), package="p0").publish()

    def meddle() -> None:
        Publisher(store, cats(3), package="bees").publish()
        live(Publisher(Between(store, dies=other_dies), {}, package="bees", run="other"))

    spy = Between(store, meddled, meddle, meddled + later if later else 0, late)
    live(Publisher(spy, {}, package="p0", run="us"))
    expect_truth(store, "p0", "bees", "")
    for name in ("p0", "bees"):
        Publisher(store, {}, package=name, run="next").refresh()
    if len(spy.calls) < meddled:
        assert read_head(store, "bees").etag is None
    assert same(shared(store), made_anew(store))
    moment = now() + 2 * TICKET
    for name in ("p0", "bees"):
        Publisher(store, {}, package=name, run="later", now=lambda: moment).refresh()
    assert all(read_manifest(store, name).settled for name in ("p0", ""))
    expect_truth(store, "p0", "bees", "")


def live(publisher: Publisher) -> None:
    try:
        publisher.refresh()
    except Death:
        return


def test_a_crowd_of_packages_ends_in_one_index() -> None:
    """Eight at once, each with a package of its own, while a ninth refreshes everything again and again."""
    store = MemoryStore()
    publish(store, "first", 1)

    def work(number: int) -> None:
        for edit in range(2):
            publish(store, f"p{number}", edit, run=f"run {number}")

    def refresh_all(number: int) -> None:
        names = find_packages(store)
        refresh(store, names, PLAN, run=f"all {number}", now=now, retry=CONTEST, check=True)

    with ThreadPoolExecutor(9) as pool:
        tasks = [pool.submit(work, number) for number in range(8)] + [pool.submit(refresh_all, 9) for _ in range(3)]
        for task in tasks:
            task.result()
    assert same(shared(store), made_anew(store))
    expect_truth(store, "first", *(f"p{number}" for number in range(8)), "")
