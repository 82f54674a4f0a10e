"""Dropped files: read when they have arrived, accepted when they are published, left with a report when they are not, never lost."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from publisher.canonical import sha256_bytes
from publisher.errors import InvalidData, SourceError, Unavailable
from publisher.model import Headers, Package
from publisher.sources import accept
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.files import FileStore
from tests.servers.bucket import Bucket
from tests.sources.world import World

GOOD = b"id,name\n1,Belgium\n"
BETTER = b"id,name\n1,Belgium\n2,\xd9\x84\xd8\xa8\xd9\x86\xd8\xa7\xd9\x86\n"
BAD = b"id,name\nx,Belgium\n"


class Box:
    """An inbox to look into. `drop` puts a file there that has rested long enough."""

    def __init__(self, world: World, place: str) -> None:
        self.world = world
        world.allow(inbox=place)
        self.store: Store = open_store(place, env=world.environment)

    def drop(self, key: str, body: bytes) -> None:
        if isinstance(self.store, FileStore):
            path = self.store.root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        else:
            self.store.put(key, body, sha256=sha256_bytes(body), headers=Headers())
        self.world.later(minutes=2)

    def names(self) -> list[str]:
        return [item.key for item in self.store.list()]

    def read(self, key: str) -> bytes:
        return self.store.read(key)[0]


@pytest.fixture(params=["folder", "bucket"])
def box(request: pytest.FixtureRequest, world: World) -> Box:
    if request.param == "folder":
        return Box(world, str(world.root / "inbox"))
    moto: Bucket = request.getfixturevalue("moto").fresh()
    world.environment |= moto.env
    return Box(world, f"{moto.target}/inbox")


@pytest.fixture
def package(world: World) -> Package:
    return world.package({"publisher": {"source": {"inbox": True}}})


@pytest.fixture
def folder(world: World) -> Box:
    return Box(world, str(world.root / "inbox"))


def test_a_dropped_file_is_published_and_accepted(world: World, box: Box, package: Package) -> None:
    with pytest.raises(SourceError, match=r"table t: nothing was dropped for it yet\n.*t\.csv into p/"):
        world.publish(package)
    box.drop("p/t.csv", GOOD)
    assert world.publish(package).version == "1.0.0"
    (accepted,) = box.names()
    assert accepted == f"p/accepted/t.{world.clock:%Y%m%dT%H%M%S%fZ}.csv"
    (origin,) = world.release("1.0.0").descriptor["resources"][0]["origin"]
    assert (origin["kind"], origin["path"]) == ("inbox", "t.csv")
    assert world.publish(package).outcome == "unchanged"
    box.drop("p/t.csv", BETTER)
    assert world.publish(package).version == "1.1.0"
    assert [box.read(name) for name in box.names()] == [GOOD, BETTER]


def test_what_was_accepted_is_the_source_and_is_not_parsed_again(
    world: World, box: Box, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.drop("p/t.csv", GOOD)
    world.publish(package)
    monkeypatch.setattr("publisher.run.pipeline.prepare", lambda *_: pytest.fail("parsed"))
    world.later(days=1)
    assert world.publish(package).outcome == "unchanged"


def test_a_bad_file_stays_with_a_report_beside_it(world: World, box: Box, package: Package) -> None:
    box.drop("p/t.csv", GOOD)
    world.publish(package)
    box.drop("p/t.csv", BAD)
    for _ in range(2):
        with pytest.raises(InvalidData):
            world.publish(package)
    assert box.read("p/t.csv") == BAD
    report = box.read("p/t.csv.report.txt").decode()
    assert "not published" in report
    assert "»x«" in report
    assert "id" in report
    assert json.loads(world.store.read("p/versions.json")[0])["latest"] == "1.0.0"
    box.drop("p/t.csv", BETTER)
    assert world.publish(package).version == "1.1.0"
    assert len(box.names()) == 2, "two accepted files, no report"


def test_a_gate_that_refuses_leaves_a_report_too(world: World, box: Box) -> None:
    gated = {"publisher": {"source": {"inbox": True}, "min_rows": 2}}
    box.drop("p/t.csv", GOOD)
    with pytest.raises(Exception, match="rows"):
        world.publish(world.package(gated))
    assert "rows" in box.read("p/t.csv.report.txt").decode()
    assert box.read("p/t.csv") == GOOD


def test_looking_changes_nothing(world: World, box: Box, package: Package) -> None:
    box.drop("p/t.csv", BAD)
    world.bring(package)
    assert box.names() == ["p/t.csv"]


def test_other_names_are_other_files(world: World, box: Box, package: Package) -> None:
    for name in ("p/t.csv.part", "p/.t.csv", "p/~$t.xlsx", "p/t.txt", "p/tt.csv", "p/t.doc", "q/t.csv", "t.csv"):
        box.drop(name, GOOD)
    with pytest.raises(SourceError, match="nothing was dropped"):
        world.bring(package)


def test_a_wrong_name_is_told(world: World, box: Box, package: Package, caplog: pytest.LogCaptureFixture) -> None:
    """It would wait for ever. Files on their way and reports are not meant."""
    box.drop("p/t.CSV", GOOD)
    for name in ("p/T.csv", "p/t1.csv", "p/t.csv.part", "p/.t1.csv", "p/~$t.xlsx", "p/t.csv.report.txt"):
        box.drop(name, GOOD)
    world.publish(package)
    assert [record.args[1:] for record in caplog.records if isinstance(record.args, tuple)] == [
        ("T.csv", "Did you mean t.csv?"),
        ("t1.csv", "Did you mean t.csv?"),
    ]
    assert sum(name.startswith("p/accepted/t.") for name in box.names()) == 1


def test_two_files_for_one_table_are_refused(world: World, box: Box, package: Package) -> None:
    box.drop("p/t.csv", GOOD)
    box.drop("p/t.json", b"[]")
    with pytest.raises(SourceError, match=r"2 files were dropped for it: t\.csv, t\.json"):
        world.bring(package)


def test_the_file_of_the_package_until_something_is_dropped(world: World, box: Box) -> None:
    path = world.root / "datasets" / "p" / "first.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(GOOD)
    package = world.package({"path": "first.csv", "publisher": {"source": {"inbox": True}}})
    world.publish(package)
    assert "origin" not in world.release("1.0.0").descriptor["resources"][0]
    box.drop("p/t.csv", BETTER)
    assert world.publish(package).version == "1.1.0"


def test_a_workbook_is_dropped_as_it_is(world: World, box: Box, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "الأعضاء"
    for row in (["id", "name"], [1, "بلجيكا"]):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    package = world.package(
        {"dialect": {"delimiter": ";", "sheetName": "الأعضاء"}, "publisher": {"source": {"inbox": True}}}
    )
    box.drop("p/t.xlsx", (tmp_path / "b.xlsx").read_bytes())
    world.publish(package)
    assert world.store.read("p/v/1.0.0/t.csv")[0].decode() == "id,name\n1,بلجيكا\n"
    box.drop("p/t.csv", "id;name\n1;بلجيكا\n2;لبنان\n".encode())
    assert world.publish(package).version == "1.1.0", "the latest, whatever its kind"


def test_a_damaged_file_is_a_finding(world: World, box: Box, package: Package) -> None:
    box.drop("p/t.xlsx", b"PK\x03\x04 cut")
    with pytest.raises(InvalidData):
        world.publish(package)
    assert "XLSX" in box.read("p/t.xlsx.report.txt").decode()


def test_what_is_too_large_is_refused(world: World, box: Box, package: Package) -> None:
    world.allow(source_megabytes=1)
    box.drop("p/t.csv", b"x" * 1_000_001)
    with pytest.raises(SourceError, match="more than 1 MB"):
        world.bring(package)


def test_no_inbox_is_told(world: World, package: Package) -> None:
    with pytest.raises(SourceError, match="there is no inbox"):
        world.bring(package)


def test_a_run_that_died_before_it_accepted_is_made_good(
    world: World, box: Box, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.drop("p/t.csv", GOOD)
    with monkeypatch.context() as dying:
        dying.setattr("publisher.run.pipeline.accept", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            world.publish(package)
    assert box.names() == ["p/t.csv"]
    assert world.publish(package).outcome == "unchanged"
    assert [box.read(name) for name in box.names()] == [GOOD]
    assert box.names()[0].startswith("p/accepted/")


def test_a_file_that_was_replaced_meanwhile_is_not_lost(world: World, box: Box, package: Package) -> None:
    box.drop("p/t.csv", GOOD)
    brought = world.bring(package)
    box.drop("p/t.csv", BETTER)
    accept(brought, world.outside)
    assert box.read("p/t.csv") == BETTER
    assert sorted(box.read(name) for name in box.names()) == sorted([BETTER, GOOD])


def test_a_file_that_was_taken_away_meanwhile_is_accepted(world: World, box: Box, package: Package) -> None:
    box.drop("p/t.csv", GOOD)
    brought = world.bring(package)
    box.store.delete("p/t.csv")
    accept(brought, world.outside)
    assert [box.read(name) for name in box.names()] == [GOOD]


def test_what_cannot_be_moved_is_published_all_the_same(
    world: World, folder: Box, package: Package, caplog: pytest.LogCaptureFixture
) -> None:
    folder.drop("p/t.csv", GOOD)
    (world.root / "inbox" / "p" / "accepted").write_text("in the way")
    assert world.publish(package).outcome == "published"
    assert "could not be moved" in caplog.text
    assert folder.read("p/t.csv") == GOOD


def test_a_file_that_is_still_written_waits(world: World, folder: Box, package: Package) -> None:
    """By its times; a copy that keeps the times of the original is told by the time of its last change of state."""
    path = world.root / "inbox" / "p" / "t.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(GOOD[:9])
    with pytest.raises(SourceError, match="nothing was dropped"):
        world.bring(package)
    os.utime(path, (0, 0))
    with pytest.raises(SourceError, match="nothing was dropped"):
        world.bring(package)
    world.later(seconds=61)
    world.bring(package)


def test_a_file_that_changes_under_the_read_is_left(
    world: World, folder: Box, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.drop("p/t.csv", GOOD)
    path = world.root / "inbox" / "p" / "t.csv"
    sizes = itertools.count(1)

    def copy(_source: Any, _target: Any) -> None:
        path.write_bytes(GOOD * (next(sizes) + 1))

    monkeypatch.setattr("publisher.sources.inbox.shutil.copyfileobj", copy)
    with pytest.raises(SourceError, match="changed while it was read"):
        world.bring(package)
    assert Unavailable.exit_code == SourceError.exit_code


@pytest.mark.parametrize("link", [lambda path, other: path.symlink_to(other), lambda path, _other: os.mkfifo(path)])
def test_links_and_pipes_are_no_files(
    world: World, folder: Box, package: Package, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    other = tmp_path / "secret.csv"
    other.write_bytes(GOOD)
    path = world.root / "inbox" / "p" / "t.csv"
    path.parent.mkdir(parents=True)
    link(path, other)
    world.later(minutes=2)
    with pytest.raises(SourceError, match="nothing was dropped"):
        world.bring(package)


def test_a_report_does_not_follow_a_link(world: World, folder: Box, package: Package, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("mine")
    folder.drop("p/t.csv", BAD)
    (world.root / "inbox" / "p" / "t.csv.report.txt").symlink_to(other)
    with pytest.raises(InvalidData):
        world.publish(package)
    assert other.read_text() == "mine"
