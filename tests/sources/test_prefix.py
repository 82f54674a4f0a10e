"""Tables whose parts are what lies below a prefix, of a folder and of a bucket on a real S3 server."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from publisher.canonical import sha256_bytes
from publisher.errors import ProjectError, SourceError
from publisher.model import Headers, Package
from publisher.project import read_package
from publisher.run import divide, part
from publisher.store import open_store
from tests.servers.bucket import Bucket
from tests.sources.world import World

FIRST, SECOND, THIRD = (f"id,name\n{number},n{number}\n" for number in (1, 2, 3))


class Place:
    """Where parts lie: `source` is what a descriptor says of it."""

    def __init__(self, source: str, put: Callable[[str, str], None], remove: Callable[[str], None]) -> None:
        self.source, self.put, self.remove = source, put, remove

    def package(self, world: World, **more: Any) -> Package:
        return world.package({"publisher": {"source": {"prefix": self.source}, "allow_removals": True}, **more})


def in_folder(world: World) -> Place:
    folder = world.root / "datasets/p/measurements"

    def put(name: str, text: str) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    return Place("measurements/", put, lambda name: (folder / name).unlink())


def in_bucket(world: World, bucket: Bucket) -> Place:
    world.environment |= bucket.env
    store = open_store(bucket.target, env=bucket.env)

    def put(name: str, text: str) -> None:
        body = text.encode()
        store.put(f"in/measurements/{name}", body, sha256=sha256_bytes(body), headers=Headers())

    return Place(f"{bucket.target}/in/measurements", put, lambda name: store.delete(f"in/measurements/{name}"))


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, world: World, moto: Bucket) -> Place:
    made = in_folder(world) if request.param == "folder" else in_bucket(world, moto.fresh())
    made.put("2026/b.csv", SECOND)
    made.put("2026/a.csv", FIRST)
    made.put("_SUCCESS", "")
    made.put(".hidden.csv", "no table")
    return made


def names(world: World, version: str) -> list[str]:
    origins = world.release(version).descriptor["resources"][0]["origin"]
    assert all(len(item["hash"]) == 71 and item["bytes"] == len(FIRST) for item in origins)
    return [item["path"].rpartition("measurements/")[2] for item in origins]


def test_parts_stand_in_the_order_of_their_names(world: World, place: Place) -> None:
    assert world.publish(place.package(world)).version == "1.0.0"
    assert names(world, "1.0.0") == ["2026/a.csv", "2026/b.csv"]
    place.put("2026/aa.csv", THIRD)
    assert world.publish(place.package(world)).version == "1.1.0"
    assert names(world, "1.1.0") == ["2026/a.csv", "2026/aa.csv", "2026/b.csv"]
    assert world.publish(place.package(world)).outcome == "unchanged"


def test_a_part_that_changed_or_vanished_is_told(world: World, place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.put("2026/c.csv", THIRD)
    world.publish(place.package(world))
    place.put("2026/a.csv", FIRST.replace("n1", "N1"))
    place.remove("2026/c.csv")
    place.put("2026/d.csv", THIRD)
    with caplog.at_level(logging.WARNING, "publisher.run"):
        world.publish(place.package(world))
    told = [record.message.rpartition("measurements/")[2] for record in caplog.records]
    assert told == ["2026/a.csv is not the same as in 1.0.0", "2026/c.csv is not there any more"]


def test_an_unchanged_part_is_neither_fetched_nor_parsed(
    world: World, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.load.large.PARTED", 1)
    world.publish(place.package(world))
    place.put("2026/c.csv", THIRD)
    fetched, parsed = [], []

    def fetch(store: Any, key: str, *rest: Any) -> Any:
        fetched.append(key)
        return copy(store, key, *rest)

    def work(task: part.PartTask) -> part.PartDone:
        parsed.append(task.path.read_text())
        return part.work(task)

    from publisher.sources import bucket

    copy = bucket._copy
    monkeypatch.setattr(bucket, "_copy", fetch)
    monkeypatch.setattr(divide, "work", work)
    assert world.publish(place.package(world)).version == "1.1.0"
    assert parsed == [THIRD]
    assert fetched == ([] if place.source == "measurements/" else ["data/in/measurements/2026/c.csv"])


def test_a_bucket_is_asked_for_the_prefix_alone(world: World, moto: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    place = in_bucket(world, moto.fresh())
    place.put("a.csv", FIRST)
    beside = sha256_bytes(b"no table")
    open_store(place.source[: -len("/in/measurements")], env=world.environment).put(
        "in/measurements-old/b.csv", b"no table", sha256=beside, headers=Headers()
    )
    from publisher.store.s3 import S3Store

    listed, list_objects = [], S3Store.list

    def watched(self: S3Store, prefix: str = "") -> Any:
        listed.append(prefix)
        return list_objects(self, prefix)

    monkeypatch.setattr(S3Store, "list", watched)
    (table,) = world.bring(place.package(world)).package.resources
    assert ([path.read_text() for path in table.paths], listed) == ([FIRST], ["data/in/measurements/"])


def test_what_is_no_part_is_refused(world: World, place: Place) -> None:
    place.put("notes.json", "[]")
    with pytest.raises((ProjectError, SourceError), match=r"format|is not csv"):
        world.bring(place.package(world))
    with pytest.raises((ProjectError, SourceError), match=r"csv|no known format"):
        world.bring(place.package(world, format="xlsx"))


def test_an_empty_prefix_is_no_empty_table(world: World, place: Place) -> None:
    place.remove("2026/a.csv")
    place.remove("2026/b.csv")
    with pytest.raises((ProjectError, SourceError), match="there is no"):
        world.bring(place.package(world))


@pytest.mark.parametrize("prefix", ["", "/etc/", "../x/", "https://data.example.org/x/", "s3://", "s3://key@b/x/", 3])
def test_what_is_no_prefix(world: World, prefix: object) -> None:
    with pytest.raises(ProjectError, match="prefix"):
        world.package({"publisher": {"source": {"prefix": prefix}}})


def test_links_out_of_the_package_are_refused(world: World) -> None:
    place = in_folder(world)
    place.put("a.csv", FIRST)
    (world.root / "secret.csv").write_text(SECOND)
    (world.root / "datasets/p/measurements/b.csv").symlink_to(world.root / "secret.csv")
    with pytest.raises(ProjectError, match="a link that leaves"):
        place.package(world)


def test_a_folder_needs_no_trust_and_a_bucket_does(world: World, tmp_path: Path) -> None:
    place = in_folder(world)
    place.put("a.csv", FIRST)
    place.package(world)
    package = read_package(world.root / "datasets/p/datapackage.json", project_root=None)
    assert [path.name for path in package.resources[0].paths] == ["a.csv"]
    world.package({"publisher": {"source": {"prefix": "s3://bucket/x/"}}})
    with pytest.raises(ProjectError, match="comes from outside"):
        read_package(world.root / "datasets/p/datapackage.json", project_root=None)
