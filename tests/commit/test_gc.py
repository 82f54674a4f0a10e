"""gc removes what dead runs left behind, late, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.commit.gc import collect
from publisher.errors import Damaged, UsageError
from publisher.store.base import Store
from tests.commit.test_commit import die_at
from tests.commit.world import PACKAGE, Publisher, cats, seen
from tests.servers.fixtures import Place

GRACE = timedelta(days=7)


def later() -> datetime:
    return datetime.now(UTC) + timedelta(days=8)


def keys(store: Store) -> set[str]:
    return {stat.key for stat in store.list()}


def test_files_of_dead_claims_go_and_their_number_stays_taken(place: Place) -> None:
    store = place.open()
    for number in range(5):
        Publisher(store, cats(number), window=2).publish()
    die_at(store, cats(8), "datapackage.json", run="dead")
    before = keys(store)
    plan = collect(store, [PACKAGE], now=later(), grace=GRACE, remove=False)
    assert {key for key, _ in plan.objects} == {
        f"{PACKAGE}/v/1.5.0/{name}" for name in ("cats.csv", "dogs.csv", "SHA256SUMS")
    }
    assert plan.bytes > 0
    assert keys(store) == before, "a dry run removes nothing"
    done = collect(store, [PACKAGE], now=later(), grace=GRACE, remove=True)
    assert done == plan
    assert keys(store) == before - {key for key, _ in plan.objects}
    assert f"{PACKAGE}/v/1.5.0/{layout.CLAIM}" in keys(store)
    assert len(seen(store)) == 5
    assert collect(store, [PACKAGE], now=later(), grace=GRACE, remove=True).objects == ()


def test_what_is_young_is_kept(place: Place) -> None:
    store = place.open()
    die_at(store, cats(8), "datapackage.json")
    assert collect(store, [PACKAGE], now=datetime.now(UTC), grace=GRACE, remove=True).objects == ()
    assert Publisher(store, cats(8), run="next").publish().version == "1.0.0"


def test_pages_that_no_pointer_leads_to_go(place: Place) -> None:
    store = place.open()
    for number in range(6):
        Publisher(store, cats(number), window=2).publish()
    orphan = layout.history_page(PACKAGE, "1.0.0", "f" * 64)
    store.put(orphan, b"{}", sha256=sha256_bytes(b"{}"), headers=layout.headers(orphan))
    done = collect(store, [PACKAGE], now=later(), grace=GRACE, remove=True)
    assert [key for key, _ in done.objects] == [orphan]
    assert len(seen(store)) == 6


def test_a_short_grace_is_refused(place: Place) -> None:
    with pytest.raises(UsageError, match="too short"):
        collect(place.open(), [PACKAGE], now=later(), grace=timedelta(hours=3), remove=True)


def test_nothing_is_removed_beside_a_damaged_pointer(place: Place) -> None:
    store = place.open()
    Publisher(store, cats(1)).publish()
    key = layout.pointer(PACKAGE)
    store.put(key, b"{", sha256=sha256_bytes(b"{"), headers=layout.headers(key))
    before = keys(store)
    with pytest.raises(Damaged):
        collect(store, [PACKAGE], now=later(), grace=GRACE, remove=True)
    assert keys(store) == before
