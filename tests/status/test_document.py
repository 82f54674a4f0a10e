"""status.json: read, replaced entry by entry, never losing what others write."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.errors import Damaged, PublisherError, StoreError, Unavailable
from publisher.status import (
    Attempt,
    Count,
    Deadlines,
    PackageStatus,
    first_status,
    parse_status,
    read_status,
    update_status,
)
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from publisher.store.retry import Retry
from publisher.store.steady import SteadyStore
from tests.servers.fixtures import Place

NOW = datetime(2026, 3, 29, 1, tzinfo=UTC)
QUICK = Retry(tries=200, first=0.001, most=0.01)
ONCE = Retry(tries=3, sleep=lambda _: None)

moments = st.integers(0, 1 << 32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
attempts = st.builds(
    Attempt,
    at=moments,
    outcome=st.sampled_from(["published", "invalid", "timeout"]),
    run=texts,
    exit=st.none() | st.integers(0, 6),
    seconds=st.integers(0, 9999).map(lambda n: n / 10),
    error=texts,
    message=texts,
    findings=st.lists(st.builds(Count, texts, texts, st.integers(1)), max_size=3).map(tuple),
    findings_total=st.integers(0),
    detail=st.just(""),
)
entries = st.builds(
    PackageStatus,
    name=texts,
    state=st.sampled_from(["fresh", "due", "overdue", "delinquent", "unscheduled"]),
    since=moments,
    first_seen=moments,
    version=st.none() | texts,
    last_success=st.none() | moments,
    last_attempt=st.none() | attempts,
    failures=st.integers(0),
    schedule=texts,
    next_due=st.none() | moments,
    due_from=st.none() | moments,
    overdue_from=st.none() | moments,
    delinquent_from=st.none() | moments,
)


def write(store: Store, *items: PackageStatus) -> None:
    update_status(store, {item.name: lambda _, item=item: item for item in items}, moment=NOW, retry=ONCE)  # type: ignore[misc]


@given(st.lists(entries, max_size=4, unique_by=lambda item: item.name))
def test_what_is_written_is_read(items: list[PackageStatus]) -> None:
    store = MemoryStore()
    write(store, *items)
    found = read_status(store)
    assert found.packages == {item.name: item for item in items}
    assert found.checked == (NOW if items else None)


def test_it_is_served_as_json_that_is_looked_for_again() -> None:
    store = MemoryStore()
    write(store, first_status("alliance", NOW))
    stat = store.stat(layout.STATUS)
    assert stat is not None
    assert (stat.headers.content_type, stat.headers.cache_control) == (
        "application/json",
        "public, max-age=60, must-revalidate",
    )


def test_nothing_is_written_where_nothing_differs() -> None:
    store = MemoryStore()
    write(store, first_status("alliance", NOW))
    before = store.stat(layout.STATUS)
    assert update_status(store, {"alliance": lambda found: found}, moment=NOW + timedelta(1), retry=ONCE) == {}
    assert update_status(store, {"alliance": lambda _: None}, moment=NOW + timedelta(1), retry=ONCE) == {}
    assert store.stat(layout.STATUS) == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"format": 2}', b'{"format": 1}', b'{"format": 1, "packages": 3}']
)
def test_a_damaged_document_is_told_of_and_replaced(body: bytes) -> None:
    store = MemoryStore()
    store.put(layout.STATUS, body, sha256=sha256_bytes(body), headers=layout.headers(layout.STATUS))
    with pytest.raises(Damaged):
        read_status(store)
    write(store, first_status("alliance", NOW))
    assert set(read_status(store).packages) == {"alliance"}


def test_entries_of_others_keep_what_this_version_does_not_know() -> None:
    store = MemoryStore()
    write(store, first_status("alliance", NOW), first_status("other", NOW))
    document = json.loads(store.read(layout.STATUS)[0])
    document["packages"][1]["mood"] = "calm"
    body = json.dumps(document).encode()
    store.put(layout.STATUS, body, sha256=sha256_bytes(body), headers=layout.headers(layout.STATUS))
    assert parse_status(body).packages["other"] == first_status("other", NOW)
    write(store, first_status("alliance", NOW + timedelta(1)))
    assert json.loads(store.read(layout.STATUS)[0])["packages"][1]["mood"] == "calm"


def counting(name: str, attempt: Attempt) -> Callable[[PackageStatus | None], PackageStatus]:
    return lambda found: (found or first_status(name, NOW)).after(attempt)


def test_many_writers_at_once_lose_nothing(shared_place: Place) -> None:
    """Six processes' worth of handles, five attempts each at two packages of which one is everybody's."""
    failures: list[PublisherError] = []

    def work(number: int) -> None:
        store = shared_place.open()
        try:
            for turn in range(5):
                one = Attempt(NOW, "invalid", f"{number}-{turn}")
                told = {name: counting(name, one) for name in (f"p{number}", "everybody")}
                update_status(store, told, moment=NOW, retry=QUICK)
        except PublisherError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    found = read_status(shared_place.open()).packages
    assert {name: item.failures for name, item in found.items()} == {
        "everybody": 30,
        **{f"p{number}": 5 for number in range(6)},
    }


class Silent(MemoryStore):
    """The first write to status.json lands, and another replica writes before the lost answer is looked into."""

    meddle: Iterator[PackageStatus]

    def put(self, key: str, body: bytes | Path, **given: object) -> object:  # type: ignore[override]
        stat = super().put(key, body, **given)  # type: ignore[arg-type]
        other = next(self.meddle, None)
        if other is not None:
            write(self, other)
            raise Unavailable("no answer")
        return stat


def test_an_answer_that_was_lost_counts_no_attempt_twice() -> None:
    store = Silent()
    store.meddle = iter(())
    write(store, first_status("alliance", NOW))
    store.meddle = iter([first_status("other", NOW)])
    one = Attempt(NOW, "invalid", "a")
    steady = SteadyStore(store, ONCE)
    done = update_status(steady, {"alliance": counting("alliance", one)}, moment=NOW, retry=ONCE)
    before, after = done["alliance"]
    assert before is not None
    assert (before.failures, after.failures) == (0, 1)
    assert read_status(store).packages["alliance"] == after
    assert "other" in read_status(store).packages


def test_endless_contention_ends_in_an_error() -> None:
    store = MemoryStore()
    numbers = iter(range(1000))

    def meddling(_: PackageStatus | None) -> PackageStatus:
        write(store, first_status(f"other-{next(numbers)}", NOW))
        return first_status("alliance", NOW)

    with pytest.raises(StoreError, match="others keep writing"):
        update_status(store, {"alliance": meddling}, moment=NOW, retry=ONCE)


def test_deadlines_are_part_of_the_document() -> None:
    store = MemoryStore()
    entry = first_status("alliance", NOW).expect(Deadlines("every day", NOW, NOW, NOW, NOW), NOW)
    write(store, entry)
    assert read_status(store).packages["alliance"].state_at(NOW) == "delinquent"
