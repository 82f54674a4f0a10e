"""Tables of many parts, published: each part by itself, unchanged ones neither read nor sent again."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import frictionless
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import DCAT, RDF, Graph

from publisher import client, layout
from publisher.canonical import sha256_file
from publisher.client import pull
from publisher.commit import read_head
from publisher.commit.verify import verify
from publisher.engine import open_engine
from publisher.errors import InvalidData
from publisher.load import load, parted
from publisher.model import Package
from publisher.package.published import Published, read_release
from publisher.project import Settings, read_package
from publisher.run import Run, Target, Wishes, part, publish_package, redact, refresh_derived
from publisher.run.divide import divide
from publisher.run.workers import Here
from publisher.store.files import FileStore
from publisher.store.retry import NEVER
from publisher.validate import check

SCHEMA = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "day", "type": "date"},
        {"name": "amount", "type": "number"},
        {"name": "note", "type": "string"},
    ],
    "primaryKey": "id",
}
QUERY = "SELECT day, sum(amount) AS total FROM events GROUP BY day ORDER BY day"


class World:
    """A project with one table of many parts, and the folder it is published to."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, monkeypatch
        self.read: list[str] = []
        monkeypatch.setattr("publisher.load.large.PARTED", 1)
        monkeypatch.setattr("publisher.run.divide.work", self.watched)
        self.store = FileStore(folder / "public", layout.headers)
        self.settings = Settings(cache=str(folder / "cache"))

    def watched(self, task: part.PartTask) -> part.PartDone:
        self.read.append(task.path.name)
        return part.work(task)

    def part(self, name: str, rows: Sequence[Sequence[Any]], header: str = "id,day,amount,note") -> None:
        text = f"{header}\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
        (self.folder / f"{name}.csv").write_text(text, encoding="utf-8")

    def package(self, names: Sequence[str], *more: Any, **how: Any) -> Package:
        table = {"name": "events", "path": [f"{name}.csv" for name in names], "schema": SCHEMA, **how}
        (self.folder / "datapackage.json").write_text(json.dumps({"name": "p", "resources": [table, *more]}))
        return read_package(self.folder / "datapackage.json", project_root=None)

    def publish(self, names: Sequence[str], *more: Any, **how: Any) -> Any:
        self.read.clear()
        run = Run(self.store, self.settings, now=lambda: datetime.now(UTC), retry=NEVER)
        return publish_package(run, self.package(names, *more, **how), Wishes())

    def release(self, version: str) -> Published:
        folder = self.folder / f"read-{version}"
        folder.mkdir(exist_ok=True)
        return read_release(self.store, "p", version, folder)

    def document(self, version: str, name: str) -> Any:
        return json.loads(self.store.read(layout.release_file("p", version, name))[0])


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, monkeypatch)
    made.part("a", [[2, "2026-01-01", "9.50", "b"], [1, "2026-01-01", 1, '"x, y"']])
    made.part("b", [[3, "2026-01-02", "1e1", ""]])
    made.part("c", [[4, "2026-01-03", "2.25", "d"]])
    return made


def test_parts_stay_parts(world: World) -> None:
    assert world.publish(["a", "b"]).version == "1.0.0"
    release = world.release("1.0.0")
    described = release.descriptor["resources"][0]
    assert described["path"] == ["events.part-00001.csv", "events.part-00002.csv"]
    assert [item["format"] for item in described["formats"]] == ["ndjson", "parquet"]
    assert [item["rows"] for item in described["parts"]] == [2, 1]
    assert list(release.rows(release.info.tables[0])) == [
        {"id": "1", "day": "2026-01-01", "amount": "1", "note": "x, y"},
        {"id": "2", "day": "2026-01-01", "amount": "9.50", "note": "b"},
        {"id": "3", "day": "2026-01-02", "amount": "10", "note": None},
    ]
    assert not verify(world.store, ["p"], retry=NEVER).problems
    folder = world.folder / "public/p/v/1.0.0"
    assert frictionless.Package(str(folder / "datapackage.json")).validate().valid


def test_an_appended_part_costs_that_part(world: World) -> None:
    world.publish(["a", "b"])
    assert sorted(world.read) == ["a.csv", "b.csv"]
    receipt = world.publish(["a", "b", "c"])
    assert (world.read, receipt.version) == (["c.csv"], "1.1.0")
    assert receipt.copied >= 6
    changes = world.document("1.1.0", layout.CHANGES)
    assert (changes["counts"]["added"], changes["counts"]["changed"], changes["counts"]["removed"]) == (1, 0, 0)
    assert changes["tables"][0]["rows_before"] == 3
    assert not verify(world.store, ["p"], retry=NEVER).problems


def test_a_part_that_follows_known_ones_is_not_compared_with_them(world: World) -> None:
    world.part("d", [[10, "2026-01-04", "1", "e"]])
    world.publish(["b", "c"])
    world.patch.setattr("publisher.validate.union._hashes", None)
    assert world.publish(["b", "c", "d"]).version == "1.1.0"
    assert world.read == ["d.csv"]


def test_a_part_that_changed_is_compared_by_itself(world: World) -> None:
    world.publish(["a", "b", "c"])
    world.part("b", [[3, "2026-01-02", "11", "now"], [5, "2026-01-02", "1", ""]])
    assert world.publish(["a", "b", "c"]).version == "1.1.0"
    changes = world.document("1.1.0", layout.CHANGES)["tables"][0]
    assert changes["counts"] | {"added": 1, "changed": 1, "removed": 0} == changes["counts"]
    assert (changes["rows_before"], changes["rows_after"]) == (4, 5)


def test_rows_that_move_between_parts_did_not_change(world: World) -> None:
    world.publish(["a", "b", "c"])
    world.part("b", [[3, "2026-01-02", "1e1", ""], [4, "2026-01-03", "2.25", "d"]])
    receipt = world.publish(["a", "b"])
    assert world.document(receipt.version, layout.CHANGES)["counts"]["changed"] == 0
    assert world.document(receipt.version, layout.CHANGES)["tables"] == []


def test_parts_in_another_order_are_copies_all_the_same(world: World) -> None:
    world.publish(["a", "b", "c"])
    receipt = world.publish(["c", "a", "b"])
    assert world.read == []
    described = world.release(receipt.version).descriptor["resources"][0]
    before = world.release("1.0.0").descriptor["resources"][0]
    assert [item["hash"] for item in described["parts"]] == [before["parts"][place]["hash"] for place in (2, 0, 1)]
    assert not verify(world.store, ["p"], retry=NEVER).problems


def test_without_the_cache_the_bytes_are_the_same(world: World) -> None:
    world.publish(["a", "b"])
    shutil.rmtree(world.folder / "cache")
    receipt = world.publish(["a", "b", "c"])
    assert sorted(world.read) == ["a.csv", "b.csv", "c.csv"]
    assert receipt.copied >= 6


def test_a_store_that_lacks_known_parts_gets_them(world: World) -> None:
    world.publish(["a", "b"])
    first = {item.key: item.size for item in world.store.list("p/v/1.0.0/")}
    world.store = FileStore(world.folder / "elsewhere", layout.headers)
    world.publish(["a", "b"])
    assert world.read == []
    assert {item.key for item in world.store.list("p/v/1.0.0/")} == {*first}
    assert not verify(world.store, ["p"], retry=NEVER).problems
    for name in ("events.part-00001.csv", "events.part-00002.ndjson", "events.part-00001.parquet"):
        here, there = (world.folder / place / "p/v/1.0.0" / name for place in ("public", "elsewhere"))
        assert sha256_file(here) == sha256_file(there)


def test_queries_read_all_parts(world: World) -> None:
    fields = [{"name": "day", "type": "date"}, {"name": "total", "type": "number"}]
    (world.folder / "totals.sql").write_text(QUERY)
    query = {"name": "totals", "query": "totals.sql", "schema": {"fields": fields}}
    world.publish(["a", "b"], query)
    receipt = world.publish(["a", "b", "c"], query)
    release = world.release(receipt.version)
    assert [row["total"] for row in release.rows(release.info.table("totals"))] == ["10.5", "10.0", "2.25"]


def test_findings_in_a_part_are_those_of_the_table(world: World) -> None:
    world.publish(["a", "b"])
    world.part("c", [[3, "2026-01-03", "2.25", "d"], [9, "x", "NaN", "d"]])
    with pytest.raises(InvalidData) as caught:
        world.publish(["a", "b", "c"])
    findings = caught.value.report.findings
    assert [(item.type, item.row, Path(item.path).name, item.line) for item in findings] == [
        ("primary-key", 5, "c.csv", 2),
        ("type-error", 6, "c.csv", 3),
    ]
    world.part("c", [[9, "2026-01-03", "NaN", "d"]])
    with pytest.raises(InvalidData, match="1 finding in"):
        world.publish(["a", "b", "c"])


def test_a_table_that_becomes_one_of_parts(world: World) -> None:
    world.patch.setattr("publisher.load.large.PARTED", 1 << 30)
    world.publish(["a", "b"])
    world.patch.setattr("publisher.load.large.PARTED", 1)
    receipt = world.publish(["a", "b", "c"])
    assert world.document(receipt.version, layout.CHANGES)["counts"]["added"] == 1
    world.patch.setattr("publisher.load.large.PARTED", 1 << 30)
    receipt = world.publish(["a", "c"])
    counts = world.document(receipt.version, layout.CHANGES)["counts"]
    assert (counts["added"], counts["removed"]) == (0, 1)


def test_personal_data_in_any_part_is_found(world: World) -> None:
    world.publish(["a"] * 1 + ["b"])
    world.part("c", [[4, "2026-01-03", "2.25", "write to jane.doe@example.org"]])
    with pytest.raises(Exception, match="4"):
        world.publish(["a", "b", "c"])


def test_what_is_derived_copes_with_parts(world: World) -> None:
    world.publish(["a", "b"])
    world.publish(["a", "b", "c"])
    run = Run(world.store, world.settings, now=lambda: datetime.now(UTC), retry=NEVER)
    refresh_derived(run, "p", check=True)
    copy = world.folder / "copy"
    done = pull(str(world.folder / "public/p/"), copy, version="1.0.0")
    assert (done.folder / "events.part-00002.csv").exists()
    with client.open(str(world.folder / "public/p/")) as opened:
        assert opened.sql("SELECT count(*), sum(amount) FROM events").fetchall() == [(4, 22.75)]
    again = pull(str(world.folder / "public/p/"), copy)
    assert again.fetched < len(again.files) - 6


def test_a_catalogue_tells_the_parts_of_a_format_as_one_distribution(world: World) -> None:
    world.publish(["a", "b"])
    graph = Graph().parse(data=world.store.read(layout.catalog("p"))[0], format="turtle")
    release = world.release("1.0.0")
    downloads = {
        str(node).rpartition("/")[2]: sorted(
            str(item).rpartition("/")[2] for item in graph.objects(node, DCAT.downloadURL)
        )
        for node in graph.subjects(RDF.type, DCAT.Distribution)
        if "/latest/" in str(node)
    }
    assert sorted(downloads.values()) == [
        [f"events.part-00001.{kind}", f"events.part-00002.{kind}"] for kind in ("csv", "ndjson", "parquet")
    ]
    table = release.info.tables[0]
    sizes = {sum(file.bytes for file in files) for files in table.by_format}
    assert sizes <= {int(str(item)) for item in graph.objects(None, DCAT.byteSize)}


def test_a_record_is_removed_from_its_part(world: World) -> None:
    world.publish(["a", "b"])
    world.publish(["a", "b", "c"])
    world.part("b", [[3, "2026-01-02", "1e1", "canary-0815"]])
    world.publish(["a", "b", "c"])
    run = Run(world.store, world.settings, now=lambda: datetime.now(UTC), retry=NEVER)
    redact(run, "p", [Target("events", ("3",))], "ordered by a court")
    assert not [item.key for item in world.store.list("") if b"canary-0815" in world.store.read(item.key)[0]]
    assert not verify(world.store, ["p"], retry=NEVER).problems
    head = read_head(world.store, "p").latest
    assert head is not None
    release = world.release(head.version)
    assert [row["id"] for row in release.rows(release.info.tables[0])] == ["1", "2", "4"]
    assert [len(release.info.tables[0].parts(form)) for form in ("csv", "ndjson", "parquet")] == [3, 3, 3]
    world.part("b", [[6, "2026-01-02", "1e1", ""]])
    assert world.publish(["a", "b", "c"]).outcome == "published"


def test_many_changes_are_counted_and_not_listed(world: World) -> None:
    world.patch.setattr(sys.modules["publisher.diff.compare"], "LISTED", 1)
    world.publish(["a", "b"])
    world.part("d", [[7, "2026-01-03", "1", ""], [8, "2026-01-03", "1", ""]])
    world.publish(["a", "b", "d"])
    assert world.document("1.1.0", layout.CHANGES)["tables"][0]["listed"] is False
    assert world.store.read(layout.release_file("p", "1.1.0", layout.CHANGE_ROWS))[0] == b""
    receipt = world.publish(["a", "b", "c", "d"])
    rollup = json.loads(world.store.read(layout.rollup("p", "1.0.0", receipt.version, layout.CHANGES))[0])
    assert rollup["tables"][0]["counts"]["added"] == 3


CELLS = st.text(st.sampled_from('ab ,"\n;é'), max_size=4).map(str.strip)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(CELLS, min_size=2, max_size=12), cuts=st.lists(st.integers(0, 12), max_size=3))
def test_any_splitting_gives_the_rows_of_the_whole(rows: list[str], cuts: list[int]) -> None:
    schema = {"fields": [{"name": "id", "type": "integer"}, {"name": "text", "type": "string"}]}
    places = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        made = World(folder, patch)
        numbered = [[number, '"' + text.replace('"', '""') + '"'] for number, text in enumerate(rows)]
        names = [str(number) for number in range(len(places) - 1)]
        for number, (first, last) in enumerate(pairwise(places)):
            made.part(names[number], numbered[first:last], "id,text")
        filled = [name for name, (first, last) in zip(names, pairwise(places), strict=True) if first < last]
        package = made.package(filled, schema=schema)
        with open_engine(folder) as engine:
            how = {"cache": folder / "cache", "folder": folder / "work", "memory": "256MB", "now": datetime.now(UTC)}
            loaded = load(package, read_at="")
            worked = divide(loaded, Here(), progress=lambda *_: None, **how)
            checked = check(loaded, engine)
            joined = engine.rows(checked.relations["events"])
            if len(filled) > 1:
                files = ", ".join(f"'{part.data}'" for part in worked["events"].parts)
                assert engine.rows(f"SELECT * FROM read_parquet([{files}])") == joined
            assert [int(row[0]) for row in joined] == [*range(len(rows))]


@pytest.mark.parametrize(
    "change",
    [
        lambda table: (
            table
            | {
                "schema": {
                    **SCHEMA,
                    "fields": [*SCHEMA["fields"][:3], {"name": "note", "publisher": {"private": True}}],
                }
            }
        ),
        lambda table: table | {"dialect": {"commentChar": "#"}},
        lambda table: table | {"path": ["a.csv"]},
    ],
)
def test_which_tables_are_published_in_parts(world: World, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    assert parted(load(world.package(["a", "b"]), read_at="")) == ("events",)
    table = change({"name": "events", "path": ["a.csv", "b.csv"], "schema": SCHEMA})
    (world.folder / "datapackage.json").write_text(json.dumps({"name": "p", "resources": [table]}))
    package = read_package(world.folder / "datapackage.json", project_root=None)
    assert parted(load(package, read_at="")) == ()
