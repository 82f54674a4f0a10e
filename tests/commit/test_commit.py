"""A publication, from claim to pointer, on every store: what is written, in which order, and what each outcome means."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.commit import Head, Lost, claim, commit, read_head
from publisher.commit.claim import RESUME
from publisher.commit.withdraw import rollback
from publisher.errors import Damaged, OutcomeUnknown, StoreError, Superseded, Unavailable
from publisher.model import Receipt
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from publisher.store.retry import NEVER
from tests.commit.world import PACKAGE, Publisher, cats, seen
from tests.servers.fixtures import Place
from tests.store.spy import Spy


def test_first_second_and_unchanged(place: Place) -> None:
    first = Publisher(place.open(), cats(1)).publish()
    assert (first.outcome, first.version, first.copied) == ("published", "1.0.0", 0)
    second = Publisher(place.open(), cats(2)).publish()
    assert (second.outcome, second.version, second.copied, second.objects) == ("published", "1.1.0", 1, 4)
    assert second.bytes < first.bytes
    again = Publisher(place.open(), cats(2)).publish()
    assert (again.outcome, again.version) == ("unchanged", "1.1.0")
    assert seen(place.open()) == {"1.1.0": cats(2), "1.0.0": cats(1)}


def test_nothing_but_the_pointer_is_replaced_and_it_comes_last() -> None:
    store = Spy(MemoryStore())
    Publisher(store, cats(1), workers=1).publish()
    store.calls.clear()
    Publisher(store, cats(2), workers=1).publish()
    writes = [call for call in store.calls if call.name in {"put", "copy"} and not call.key.startswith(".probe/")]
    folder = layout.release_folder(PACKAGE, "1.1.0")
    keys = [call.key for call in writes]
    assert keys[0] == folder + layout.CLAIM
    assert keys[-2:] == [folder + layout.DESCRIPTOR, layout.pointer(PACKAGE)]
    assert all(call.if_absent for call in writes[:-1])
    assert writes[-1].if_match is not None
    assert not [call for call in store.calls if call.name == "delete" and not call.key.startswith(".probe/")]
    read_back = [call.key for call in store.calls if call.name == "read"]
    assert {key for key in keys if key not in {folder + layout.CLAIM, layout.pointer(PACKAGE)}} <= set(read_back)


def test_headers_and_hashes_are_recorded(place: Place) -> None:
    Publisher(place.open(), cats(1)).publish()
    stat = place.open().stat(f"{PACKAGE}/v/1.0.0/cats.csv")
    assert stat is not None
    assert stat.headers.cache_control == layout.IMMUTABLE
    assert stat.headers.content_disposition == 'attachment; filename="cats-1.0.0.csv"'
    assert stat.sha256 == sha256_bytes(cats(1)["cats.csv"])
    pointer = place.open().stat(layout.pointer(PACKAGE))
    assert pointer is not None
    assert pointer.headers.cache_control == layout.POINTER


def test_the_number_of_a_dead_run_with_other_content_is_skipped(place: Place) -> None:
    store = place.open()
    die_at(store, cats(1), "datapackage.json")
    receipt = Publisher(store, cats(2), run="run-2").publish()
    assert receipt.version == "1.1.0"
    assert seen(store) == {"1.1.0": cats(2)}


def test_a_dead_run_with_the_same_content_is_taken_up(place: Place) -> None:
    store = place.open()
    early = datetime.now(UTC) - timedelta(hours=1)
    die_at(store, cats(1), "datapackage.json", now=lambda: early)
    spy = Spy(store)
    receipt = Publisher(spy, cats(1), run="run-2").publish()
    assert (receipt.outcome, receipt.version) == ("published", "1.0.0")
    sent = [call.key.rsplit("/", 1)[1] for call in spy.calls if call.name == "put" and ".probe" not in call.key]
    assert sent == ["release.json", "datapackage.json", "versions.json"], "only what was missing is sent"
    entry = read_head(store, PACKAGE).entries[0]
    assert datetime.fromisoformat(entry.created) == early
    assert entry.record["run"] == "run-1"
    seen(store)


def test_a_claim_that_is_too_old_is_left_to_gc(place: Place) -> None:
    store = place.open()
    early = datetime.now(UTC) - RESUME - timedelta(minutes=1)
    die_at(store, cats(1), "datapackage.json", now=lambda: early)
    assert Publisher(store, cats(1), run="run-2").publish().version == "1.1.0"


def test_a_published_number_is_never_claimed_again(place: Place) -> None:
    """As after a rollback, when the same change is made again."""
    store = place.open()
    Publisher(store, cats(1)).publish()
    head = read_head(store, PACKAGE)
    Publisher(store, cats(2)).publish()
    content = Publisher(store, cats(2)).content
    for known in (head, read_head(store, PACKAGE)):
        claimed = claim(
            store,
            known,
            version="1.1.0",
            level="minor",
            content=content,
            inputs=content,
            run="x",
            now=datetime.now(UTC),
        )
        # With the old head the claim is taken up and the commit finds itself listed; with the new one the number is spent.
        assert claimed.version == ("1.1.0" if known is head else "1.2.0")


def test_a_number_that_only_an_older_page_knows_is_not_claimed_again() -> None:
    """The claim is fresh, of the same content and parent, and outside the window: it looks like a dead run's and is a release."""
    store = MemoryStore()
    for number in range(4):
        Publisher(store, cats(number), window=1).publish()
    rollback(store, PACKAGE, "1.0.0", "to begin again", now=lambda: datetime.now(UTC), retry=NEVER, window=1)
    assert "1.1.0" not in read_head(store, PACKAGE).numbers
    assert Publisher(store, cats(1), window=1, run="again").publish().version == "1.4.0"


def test_a_number_whose_folder_holds_something_is_passed_over(place: Place) -> None:
    store = place.open()
    put(store, f"{PACKAGE}/v/1.0.0/notes.txt", b"somebody's notes")
    assert Publisher(store, cats(1)).publish().version == "1.1.0"
    assert store.read(f"{PACKAGE}/v/1.0.0/notes.txt")[0] == b"somebody's notes"


@pytest.mark.parametrize("foreign", [b"foreign", cats(2)["cats.csv"]], ids=["other size", "same size"])
def test_a_foreign_object_in_the_way_is_named_and_kept(place: Place, tmp_path: Path, foreign: bytes) -> None:
    store = place.open()
    publisher = Publisher(store, cats(1))
    head = read_head(store, PACKAGE)
    claimed = claim_first(publisher, head)
    key = f"{PACKAGE}/v/1.0.0/cats.csv"
    put(store, key, foreign)
    with pytest.raises(StoreError, match=r"cats\.csv is in the way") as caught:
        commit(store, publisher.build(claimed, head, tmp_path), head, claimed, now=publisher.now)
    assert "12 hours" in caught.value.remedy
    assert store.read(key)[0] == foreign
    assert read_head(store, PACKAGE).etag is None


def test_a_file_that_does_not_read_back_stops_the_publication(tmp_path: Path) -> None:
    class Altering(Spy):
        def read(self, key: str):
            body, stat = super().read(key)
            return (b"?" + body[1:], stat) if key.endswith("cats.csv") else (body, stat)

    store = Altering(MemoryStore())
    with pytest.raises(Damaged, match="does not read back"):
        Publisher(store, cats(1)).publish()
    assert read_head(store, PACKAGE).etag is None


def test_a_missing_file_of_the_parent_is_told(place: Place) -> None:
    store = place.open()
    Publisher(store, cats(1)).publish()
    store.delete(f"{PACKAGE}/v/1.0.0/dogs.csv")
    with pytest.raises(Damaged, match=r"1\.0\.0/dogs\.csv is missing"):
        Publisher(store, cats(2)).publish()
    head = read_head(store, PACKAGE)
    assert head.current == "1.0.0"


def test_who_loses_the_race_rebases(place: Place, tmp_path: Path) -> None:
    store = place.open()
    slow = Publisher(store, cats(1), read_at="2026-01-01T00:00:02+00:00")
    head = read_head(store, PACKAGE)
    claimed = claim_first(slow, head)
    release = slow.build(claimed, head, tmp_path)
    Publisher(store, cats(2), run="quick").publish()
    lost = commit(store, release, head, claimed, now=slow.now)
    assert isinstance(lost, Lost)
    assert lost.head.current == "1.1.0"
    again = slow.attempt(store, lost.head, tmp_path)
    assert isinstance(again, Receipt)
    assert again.version == "1.2.0"
    assert list(seen(store)) == ["1.2.0", "1.1.0"]


def test_who_read_earlier_than_the_winner_is_superseded(place: Place, tmp_path: Path) -> None:
    store = place.open()
    slow = Publisher(store, cats(1), read_at="2026-01-01T00:00:00Z")
    head = read_head(store, PACKAGE)
    claimed = claim_first(slow, head)
    release = slow.build(claimed, head, tmp_path)
    # Half a second later, written with more digits: moments are compared, not texts.
    Publisher(store, cats(2), read_at="2026-01-01T00:00:00.500000+00:00", run="quick").publish()
    with pytest.raises(Superseded) as caught:
        commit(store, release, head, claimed, now=slow.now)
    assert caught.value.exit_code == 3
    assert list(seen(store)) == ["1.1.0"]


def test_a_winner_with_the_same_content_makes_it_unchanged(place: Place, tmp_path: Path) -> None:
    store = place.open()
    head = read_head(store, PACKAGE)
    slow = Publisher(store, cats(1), read_at="2026-01-01T00:00:00Z")
    claimed = claim_first(slow, head)
    release = slow.build(claimed, head, tmp_path)
    other = replace(claimed, version="1.1.0")
    quick = Publisher(store, cats(1), read_at="2026-01-01T00:00:09Z")
    commit(store, quick.build(other, head, tmp_path), head, other, now=quick.now) if put_claim(quick, other) else None
    receipt = commit(store, release, head, claimed, now=slow.now)
    assert isinstance(receipt, Receipt)
    assert (receipt.outcome, receipt.version) == ("unchanged", "1.1.0")


def test_a_lost_answer_to_the_pointer_is_found_to_have_landed() -> None:
    class Lossy(Spy):
        def put(self, key: str, body, **rest):
            stat = super().put(key, body, **rest)
            if key == layout.pointer(PACKAGE):
                raise Unavailable("the answer was lost")
            return stat

    store = Lossy(MemoryStore())
    assert Publisher(store, cats(1)).publish().outcome == "published"
    assert list(seen(store)) == ["1.0.0"]


def test_an_outcome_that_cannot_be_told_is_called_unknown_and_heals() -> None:
    class Deaf(Spy):
        def put(self, key: str, body, **rest):
            if key == layout.pointer(PACKAGE):
                raise Unavailable("no answer")
            return super().put(key, body, **rest)

    inner = MemoryStore()
    with pytest.raises(OutcomeUnknown) as caught:
        Publisher(Deaf(inner), cats(1)).publish()
    assert caught.value.exit_code == 5
    assert seen(inner) == {}
    assert len([*inner.list(f"{PACKAGE}/v/1.0.0/")]) == 5, "nothing was deleted"
    assert Publisher(inner, cats(1), run="run-2").publish().version == "1.0.0"
    seen(inner)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"format": 1}', b'{"format": 1, "history": [3]}', b"\xff\xfe",
     b'{"format": 1, "latest": "1.0.0", "history": []}', b'{"format": 1, "history": [{"kind": "release", "version": "1.0.0"}]}',
     b'{"format": 99, "history": []}'],
)  # fmt: skip
def test_a_damaged_pointer_is_told_and_kept(place: Place, body: bytes) -> None:
    store = place.open()
    put(store, layout.pointer(PACKAGE), body)
    with pytest.raises(Damaged) as caught:
        Publisher(store, cats(1)).publish()
    assert caught.value.remedy
    assert store.read(layout.pointer(PACKAGE))[0] == body
    assert [stat.key for stat in store.list()] == [layout.pointer(PACKAGE)]


def test_two_runs_in_one_second_and_a_clock_that_jumps_back(place: Place) -> None:
    store = place.open()
    moments = iter([datetime(2026, 5, 1, 12, tzinfo=UTC)] * 20 + [datetime(2020, 1, 1, tzinfo=UTC)] * 20)
    for number in range(4):
        Publisher(store, cats(number), now=lambda: next(moments), run=f"run-{number}").publish()
    assert list(seen(store)) == ["1.3.0", "1.2.0", "1.1.0", "1.0.0"]


def test_the_pointer_is_readable_json(place: Place) -> None:
    store = place.open()
    Publisher(store, cats(1)).publish()
    Publisher(store, cats(2)).publish()
    document = json.loads(store.read(layout.pointer(PACKAGE))[0])
    assert document["latest"] == "1.1.0"
    newest = document["history"][0]
    assert (newest["kind"], newest["version"], newest["parent"], newest["path"]) == (
        "release",
        "1.1.0",
        "1.0.0",
        "v/1.1.0/",
    )
    assert newest["rows"] == {"cats.csv": 2, "dogs.csv": 2}
    assert (newest["files"], newest["status"]) == (4, "published")


def die_at(store: Store, tables, name: str, **rest) -> None:
    """A run that ends before it writes `name`."""

    class Dying(Spy):
        def put(self, key: str, body, **conditions):
            if key.endswith(f"/{name}"):
                raise KeyboardInterrupt
            return super().put(key, body, **conditions)

    with pytest.raises(KeyboardInterrupt):
        Publisher(Dying(store), tables, **rest).publish()


def claim_first(publisher: Publisher, head: Head):
    return claim(
        publisher.store,
        head,
        version="1.0.0",
        level="minor",
        content=publisher.content,
        inputs=publisher.content,
        run=publisher.run,
        now=publisher.now(),
    )


def put_claim(publisher: Publisher, claimed) -> bool:
    body = json.dumps({"version": claimed.version, "content": publisher.content}).encode()
    put(publisher.store, f"{PACKAGE}/v/{claimed.version}/release.json", body)
    return True


def put(store: Store, key: str, body: bytes) -> None:
    store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))
