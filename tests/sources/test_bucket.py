"""Tables in a bucket, on a real S3 server: read once while they do not change, whole, and never two versions in one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import pytest

from publisher.canonical import sha256_bytes
from publisher.errors import SourceError, Unavailable
from publisher.model import Headers, Package
from publisher.sources.bucket import read_from
from publisher.sources.cache import open_slot
from publisher.store import open_store
from publisher.store.memory import MemoryStore
from tests.servers.bucket import Bucket
from tests.sources.world import World

BODY = b"id,name\n1,Belgium\n"


@pytest.fixture
def bucket(moto: Bucket, world: World) -> Bucket:
    fresh = moto.fresh()
    world.environment |= fresh.env
    return fresh


def put(bucket: Bucket, key: str, body: bytes) -> None:
    store = open_store(bucket.target, env=bucket.env)
    store.put(key, body, sha256=sha256_bytes(body), headers=Headers())


def table(world: World, bucket: Bucket, key: str = "in/ü t.csv") -> Package:
    return world.package({"path": f"{bucket.target}/{key.replace(' ', '%20')}"})


def test_an_object_is_published_and_not_read_again(
    world: World, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "in/ü t.csv", BODY)
    package = table(world, bucket)
    assert world.publish(package).version == "1.0.0"
    (origin,) = world.release("1.0.0").descriptor["resources"][0]["origin"]
    assert (origin["kind"], origin["path"]) == ("bucket", f"{bucket.target}/in/ü%20t.csv")
    monkeypatch.setattr("publisher.sources.bucket._copy", lambda *_: pytest.fail("read again"))
    assert world.publish(package).outcome == "unchanged"


def test_a_changed_object_is_the_next_release(world: World, bucket: Bucket) -> None:
    put(bucket, "t.csv", BODY)
    package = table(world, bucket, "t.csv")
    world.publish(package)
    put(bucket, "t.csv", BODY + b"2,Lebanon\n")
    assert world.publish(package).version == "1.1.0"


def test_what_is_not_there_or_too_large(world: World, bucket: Bucket) -> None:
    with pytest.raises(SourceError, match=r"in/ü t\.csv: there is no such object"):
        world.bring(table(world, bucket))
    with pytest.raises(SourceError, match="there is no such object"):
        world.bring(world.package({"path": "s3://nobody-has-this/t.csv"}))
    world.allow(source_megabytes=1)
    put(bucket, "large.csv", b"x" * 1_000_001)
    with pytest.raises(SourceError, match="more than 1 MB"):
        world.bring(table(world, bucket, "large.csv"))


class Line(MemoryStore):
    """A store whose reads are cut or meet a writer, once each. `reads` are the places where they began."""

    def __init__(self, meets: str) -> None:
        super().__init__()
        self.meets = meets
        self.reads: list[int] = []

    @contextmanager
    def open(self, key: str, start: int = 0) -> Iterator[BinaryIO]:
        self.reads.append(start)
        with super().open(key, start) as file:
            if len(self.reads) > 1:
                yield file
                return
            if self.meets == "writer":
                yield file
                self.put(key, BODY + b"2,Lebanon\n", sha256=sha256_bytes(BODY + b"2,Lebanon\n"), headers=Headers())
                return
            yield _Cut(file)  # type: ignore[misc]


class _Cut:
    def __init__(self, file: BinaryIO) -> None:
        self.parts = iter([file.read(5)])

    def read(self, _size: int) -> bytes:
        for part in self.parts:
            return part
        raise Unavailable("cut")


@pytest.mark.parametrize(
    ("meets", "starts", "found"), [("cut", [0, 5], BODY), ("writer", [0, 0], BODY + b"2,Lebanon\n")]
)
def test_a_cut_read_goes_on_and_one_that_met_a_writer_does_not(
    world: World, meets: str, starts: list[int], found: bytes
) -> None:
    store = Line(meets)
    store.put("t.csv", BODY, sha256=sha256_bytes(BODY), headers=Headers())
    slot = open_slot(world.outside.cache, "x", world.clock)
    kept = read_from(store, "t.csv", ".csv", slot, world.outside)
    assert slot.path(kept).read_bytes() == found
    assert store.reads == starts


def test_time_is_limited(world: World) -> None:
    seconds: Any = iter(range(0, 10_000, 200))
    store = MemoryStore()
    store.put("t.csv", BODY, sha256=sha256_bytes(BODY), headers=Headers())
    outside = replace(world.outside, clock=lambda: float(next(seconds)))
    with pytest.raises(SourceError, match="took too long"):
        read_from(
            store,
            "t.csv",
            ".csv",
            open_slot(outside.cache, "x", world.clock),
            replace(outside, settings=replace(world.settings, source_seconds=1)),
        )
