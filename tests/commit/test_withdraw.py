"""Rollback and yank: only the pointer changes, and what a person decided is not undone by the next run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from publisher import layout
from publisher.commit import CONTEST, read_head
from publisher.commit.history import releases
from publisher.commit.withdraw import rollback, yank
from publisher.errors import OutcomeUnknown, Unavailable, UsageError
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from tests.commit.world import PACKAGE, Publisher, cats
from tests.servers.fixtures import Place
from tests.store.spy import Spy


def now() -> datetime:
    return datetime(2026, 5, 1, 12, tzinfo=UTC)


def publish(store: Store, count: int, window: int = 100) -> None:
    for number in range(count):
        Publisher(store, cats(number), window=window).publish()


def objects(store: Store) -> dict[str, bytes]:
    return {stat.key: store.read(stat.key)[0] for stat in store.list() if stat.key != layout.pointer(PACKAGE)}


def roll(store: Store, version: str, reason: str = "wrong dates", **rest) -> None:
    rollback(store, PACKAGE, version, reason, now=now, retry=CONTEST, **rest)


def withdraw(store: Store, version: str, reason: str = "wrong dates", **rest) -> None:
    yank(store, PACKAGE, version, reason, now=now, retry=CONTEST, **rest)


def test_rollback_names_an_older_release(place: Place) -> None:
    store = place.open()
    publish(store, 3)
    before = objects(store)
    roll(store, "1.0.0")
    head = read_head(store, PACKAGE)
    assert head.latest is not None
    assert (head.latest.version, head.latest.content) == ("1.0.0", Publisher(store, cats(0)).content)
    event = head.history[0]
    assert (event["kind"], event["version"], event["from"], event["reason"]) == (
        "rollback",
        "1.0.0",
        "1.2.0",
        "wrong dates",
    )
    assert objects(store) == before
    roll(store, "1.0.0")
    assert len(read_head(store, PACKAGE).history) == 4, "doing it twice changes nothing"


def test_after_a_rollback_the_next_release_builds_on_it_with_a_new_number() -> None:
    store = MemoryStore()
    publish(store, 3)
    roll(store, "1.0.0")
    receipt = Publisher(store, cats(9)).publish()
    assert receipt.version == "1.3.0"
    entry = read_head(store, PACKAGE).latest
    assert entry is not None
    assert entry.parent == "1.0.0"


def test_what_was_rolled_back_or_yanked_is_known_as_withdrawn() -> None:
    store = MemoryStore()
    publish(store, 4)
    contents = [Publisher(store, cats(number)).content for number in range(4)]
    roll(store, "1.1.0")
    head = read_head(store, PACKAGE)
    assert [bool(head.withdrawn(content)) for content in contents] == [False, False, True, True]
    withdraw(store, "1.0.0")
    entry = read_head(store, PACKAGE).withdrawn(contents[0])
    assert entry is not None
    assert entry.yanked == "wrong dates"
    Publisher(store, cats(7)).publish()
    assert read_head(store, PACKAGE).withdrawn(contents[3]) is None, "a newer release settled it"
    assert read_head(store, PACKAGE).withdrawn(contents[0]) is not None, "a yank stays"


def test_yank_marks_and_keeps_the_bytes(place: Place) -> None:
    store = place.open()
    publish(store, 3)
    before = objects(store)
    withdraw(store, "1.1.0", "a name was wrong")
    head = read_head(store, PACKAGE)
    assert head.current == "1.2.0"
    marked = {entry.version: (entry.status, entry.yanked) for entry in head.entries}
    assert marked == {
        "1.2.0": ("published", None),
        "1.1.0": ("yanked", "a name was wrong"),
        "1.0.0": ("published", None),
    }
    assert objects(store) == before


def test_yanking_the_latest_makes_the_one_before_it_the_latest() -> None:
    store = MemoryStore()
    publish(store, 3)
    withdraw(store, "1.1.0")
    withdraw(store, "1.2.0")
    head = read_head(store, PACKAGE)
    assert head.latest is not None
    assert head.latest.version == "1.0.0"
    withdraw(store, "1.0.0")
    head = read_head(store, PACKAGE)
    assert (head.current, head.latest) == (None, None)
    assert Publisher(store, cats(9)).publish().version == "1.3.0"


def test_releases_on_older_pages_can_be_yanked_and_rolled_back_to() -> None:
    store = MemoryStore()
    publish(store, 9, window=3)
    withdraw(store, "1.1.0", window=3)
    marked = {entry.version: entry.yanked for entry in releases(store, read_head(store, PACKAGE))}
    assert marked["1.1.0"] == "wrong dates"
    assert marked["1.2.0"] is None
    with pytest.raises(UsageError, match="was yanked"):
        roll(store, "1.1.0", window=3)
    roll(store, "1.0.0", window=3)
    for _ in range(3):
        withdraw(store, "1.8.0", window=3)
    head = read_head(store, PACKAGE)
    assert head.latest is not None
    assert head.latest.version == "1.0.0"
    assert [entry.version for entry in releases(store, head)] == [f"1.{number}.0" for number in reversed(range(9))]


@pytest.mark.parametrize("act", [roll, withdraw])
def test_unknown_versions_and_missing_reasons_are_refused(act) -> None:
    store = MemoryStore()
    publish(store, 2)
    with pytest.raises(UsageError, match=r"no release 9\.9\.9"):
        act(store, "9.9.9")
    with pytest.raises(UsageError, match="needs a reason"):
        act(store, "1.0.0", "  ")


def test_a_decision_is_repeated_when_somebody_publishes_meanwhile() -> None:
    class Busy(Spy):
        def before(self, call) -> None:
            super().before(call)
            if call.name == "put" and call.if_match and len(self.calls) < 5:
                Publisher(self.store, cats(50)).publish()

    inner = MemoryStore()
    publish(inner, 2)
    withdraw(Busy(inner), "1.0.0")
    head = read_head(inner, PACKAGE)
    assert head.current == "1.2.0"
    assert {entry.version: entry.yanked for entry in head.entries}["1.0.0"] == "wrong dates"


def test_an_unclear_answer_is_called_unknown() -> None:
    class Deaf(Spy):
        def put(self, key: str, body, **rest):
            raise Unavailable("no answer")

    inner = MemoryStore()
    publish(inner, 2)
    with pytest.raises(OutcomeUnknown):
        roll(Deaf(inner), "1.0.0")
