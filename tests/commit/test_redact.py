"""Replacing releases for good, killed before and after every store operation: readers see the whole old or the whole new ones, and the same
again completes, until no byte of what had to go is left."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher import layout
from publisher.commit import read_head
from publisher.commit.claim import Claim
from publisher.commit.history import releases
from publisher.commit.redact import Replacement, erase, next_number, replace_releases, send
from publisher.errors import OutcomeUnknown, PreconditionFailed, Unavailable
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from publisher.version import redacted
from tests.commit.world import PACKAGE, Publisher, Tables, seen
from tests.servers.fixtures import Place
from tests.store.spy import Call, Spy

SECRET = b"Mallory"


def now() -> datetime:
    return datetime(2026, 5, 1, 12, tzinfo=UTC)


def tables(number: int, *, secret: bool = True) -> Tables:
    row = SECRET + b",7\n" if secret else b""
    return {"cats.csv": b"name,age\nMinka,%d\n" % number + row, "dogs.csv": b"name\nRex\n"}


def publish(store: Store, count: int, window: int = 100) -> None:
    for number in range(count):
        Publisher(store, tables(number), window=window).publish()


def redact(store: Store, folder: Path, window: int = 100) -> tuple[str, ...]:
    """What run/redaction.py does, with releases of three small files."""
    head = read_head(store, PACKAGE)
    found = [*reversed(list(releases(store, head)))]
    number = next_number(store, PACKAGE)
    made: dict[str, str] = {}
    replacements = []
    for entry in found:
        body, _ = store.read(layout.release_file(PACKAGE, entry.version, "cats.csv"))
        if SECRET not in body:
            continue
        age = int(body.split(b"\n")[1].split(b",")[1])
        publisher = Publisher(store, tables(age, secret=False))
        name = redacted(entry.version, number)
        parent = made.get(entry.parent or "", entry.parent)
        release = publisher.build(Claim(name, entry.created, "x"), replace(head, current=None), folder)
        release = replace(release, parent=parent)
        replacements.append(Replacement(release, entry.record))
        made[entry.version] = name
    if replacements:
        send(store, head, replacements, run="redaction", now=now())
        event = {"tables": ["cats"], "reason": "ordered", "at": now().isoformat()}
        head = replace_releases(store, head, replacements, event, window=window)
    return erase(store, head)


def holds(store: Store) -> list[str]:
    return [stat.key for stat in store.list() if SECRET in store.read(stat.key)[0]]


class Killed(BaseException):
    """Not an error that the code could catch."""


class Dying(Spy):
    """Stops everything `when` the operation number `at` is about to begin or has just ended."""

    def __init__(self, store: Store, at: int, when: str) -> None:
        super().__init__(store)
        self.at, self.when, self.done = at, when, 0

    def before(self, call: Call) -> None:
        super().before(call)
        if self.when == "before" and len(self.calls) > self.at:
            raise Killed

    def after(self, call: Call) -> None:
        self.done += 1
        if self.when == "after" and self.done > self.at:
            raise Killed


@pytest.mark.parametrize("window", [100, 2])
def test_killed_at_every_operation(tmp_path: Path, window: int) -> None:
    states = set()
    for at in range(500):
        ends = {when: killed(tmp_path / f"{at}-{when}", at, when, window) for when in ("before", "after")}
        states |= set(ends.values())
        if set(ends.values()) == {"finished"}:
            break
    assert 40 < at < 500
    assert states == {"old", "new", "finished"}


def killed(folder: Path, at: int, when: str, window: int) -> str:
    store = MemoryStore()
    publish(store, 3, window)
    before = seen(store)
    end = "finished"
    try:
        redact(Dying(store, at, when), folder, window)
    except Killed:
        end = "old"
    found = seen(store)
    if end == "old":
        assert found == before or not any(SECRET in body for item in found.values() for body in item.values())
        end = "old" if found == before else "new"
    redact(store, folder / "again", window)
    assert holds(store) == [], f"left after a kill {when} operation {at}"
    names = {
        version: {name: body for name, body in item.items() if name.endswith(".csv")}
        for version, item in seen(store).items()
    }
    assert list(names.values()) == [tables(number, secret=False) for number in (2, 1, 0)]
    assert {version.partition("+")[0] for version in names} == {"1.0.0", "1.1.0", "1.2.0"}
    return end


def test_on_every_store(place: Place, tmp_path: Path) -> None:
    store = place.open()
    publish(store, 2)
    assert redact(store, tmp_path) == ("1.0.0", "1.1.0")
    assert holds(store) == []
    assert list(seen(store)) == ["1.1.0+redacted.1", "1.0.0+redacted.1"]
    assert redact(store, tmp_path / "again") == ()


def test_a_publisher_at_work_loses_and_its_files_go_too(tmp_path: Path) -> None:
    """Somebody has sent the next release, the record in it, when the pointer is replaced."""
    store = MemoryStore()
    publish(store, 2)
    folder = tmp_path / "late"
    late = Publisher(store, tables(9))
    with pytest.raises(Killed):
        Publisher(Stopping(store), tables(9)).publish()
    assert any("/1.2.0/" in key for key in holds(store))
    redact(store, tmp_path)
    assert holds(store) == []
    assert late.content
    assert not folder.exists()
    receipt = Publisher(store, tables(9, secret=False)).publish()
    assert receipt.version == "1.3.0", "the number of the dead run stays taken"
    seen(store)


class Stopping(Spy):
    """Dies before the pointer is replaced."""

    def before(self, call: Call) -> None:
        super().before(call)
        if call.name == "put" and call.key == layout.pointer(PACKAGE):
            raise Killed


def test_a_publisher_that_began_afterwards_is_left_alone(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, 2)
    redact(store, tmp_path)
    with pytest.raises(Killed):
        Publisher(Stopping(store), tables(9, secret=False)).publish()
    kept = [stat.key for stat in store.list(layout.release_folder(PACKAGE, "1.2.0"))]
    assert len(kept) > 3
    assert erase(store, read_head(store, PACKAGE)) == ()
    assert [stat.key for stat in store.list(layout.release_folder(PACKAGE, "1.2.0"))] == kept


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    """The one whose pointer moved begins anew, in folders of its own; what it sent before goes."""
    store = MemoryStore()
    publish(store, 2)

    class Slow(Spy):
        def before(self, call: Call) -> None:
            super().before(call)
            if call.name == "put" and call.key == layout.pointer(PACKAGE):
                redact(self.store, tmp_path / "other")

    # The other one takes the number that is free then, and is first.
    with pytest.raises(PreconditionFailed):
        redact(Slow(store), tmp_path / "one")
    seen(store)
    redact(store, tmp_path / "one again")
    assert holds(store) == []
    assert all("redacted.2" in version for version in seen(store))


def test_an_unclear_answer_is_called_unknown(tmp_path: Path) -> None:
    class Deaf(Spy):
        def put(self, key: str, body, **rest):
            if key == layout.pointer(PACKAGE):
                raise Unavailable("no answer")
            return super().put(key, body, **rest)

    store = MemoryStore()
    publish(store, 2)
    with pytest.raises(OutcomeUnknown):
        redact(Deaf(store), tmp_path)
    seen(store)


def test_nothing_is_erased_where_nothing_was_redacted() -> None:
    store = MemoryStore()
    publish(store, 2)
    before = [stat.key for stat in store.list()]
    assert erase(store, read_head(store, PACKAGE)) == ()
    assert [stat.key for stat in store.list()] == before


def test_a_tombstone_tells_why_and_what_took_its_place(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, 1)
    redact(store, tmp_path)
    told = json.loads(store.read(layout.release_file(PACKAGE, "1.0.0", layout.CLAIM))[0])
    assert told == {
        "package": PACKAGE,
        "version": "1.0.0",
        "status": "removed",
        "at": now().isoformat(),
        "reason": "ordered",
        "replaced_by": "1.0.0+redacted.1",
    }
