"""Removal by law: afterwards no byte of the store holds it, every release is whole, and the next publication finds nothing to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from publisher import layout
from publisher.client import follow, pull
from publisher.commit import read_head
from publisher.commit.history import releases, walk
from publisher.commit.verify import verify
from publisher.commit.withdraw import rollback, yank
from publisher.errors import GateRefused, UsageError
from publisher.package.published import read_checksums, read_release
from publisher.project import Project, Settings, find_package
from publisher.run import Redacted, Run, Target, Wishes, publish_package, redact, still_held
from publisher.run.difference import table_settings
from publisher.run.rebuild import Former, Order, rebuild
from publisher.run.removal import Held
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.retry import NEVER
from tests.security.search import find
from tests.store.spy import Call, Spy

SECRET, OTHER = "canary-person-4711", "canary-other-0815"
PACKAGE = "people"
SETTINGS = Settings(languages=("en", "ar"), base_url="https://data.example.org/")
PERSONS: dict[str, Any] = {
    "primaryKey": "id",
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string", "constraints": {"required": True}},
        {"name": "office", "type": "string"},
        {"name": "note", "type": "string"},
    ],
    "foreignKeys": [{"fields": "office", "reference": {"resource": "offices", "fields": "office"}}],
}
OFFICES = {"primaryKey": "office", "fields": [{"name": "office", "type": "string"}, {"name": "head", "type": "string"}]}
COUNTS = {
    "primaryKey": "office",
    "fields": [
        {"name": "office", "type": "string"},
        {"name": "persons", "type": "integer"},
        {"name": "names", "type": "string"},
    ],
}
SQL = "SELECT office, count(*) AS persons, string_agg(name, '; ' ORDER BY id) AS names FROM persons GROUP BY office ORDER BY office"


class World:
    """A package on this machine, changed and published again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "datasets" / PACKAGE
        self.project = Project(folder, SETTINGS)
        self.target = folder / "public"
        self.store = open_store(str(self.target), env={})

    def begin(self) -> None:
        self.folder.mkdir(parents=True)
        (self.folder / "counts.sql").write_text(SQL)
        self.offices("Oslo,Ada", "Bergen,Bo")
        resources = [
            {"name": "persons", "path": "persons.csv", "schema": PERSONS, "publisher": {"label": "name"}},
            {"name": "offices", "path": "offices.csv", "schema": OFFICES},
            {"name": "counts", "query": "counts.sql", "schema": COUNTS},
        ]
        self.describe(resources)

    def describe(self, resources: Any) -> None:
        (self.folder / "datapackage.json").write_text(
            json.dumps({"name": PACKAGE, "title": "People", "resources": resources})
        )

    def persons(self, *rows: str) -> None:
        (self.folder / "persons.csv").write_text("\n".join(["id,name,office,note", *rows, ""]))

    def offices(self, *rows: str) -> None:
        (self.folder / "offices.csv").write_text("\n".join(["office,head", *rows, ""]))

    def removals(self, *keys: int) -> None:
        entries = "".join(f"  - key: {key}\n    reason: left\n" for key in keys)
        (self.folder / "removals.yaml").write_text(f"persons:\n{entries}")

    @property
    def package(self) -> Any:
        return find_package(self.project, PACKAGE)

    def run(self, store: Store | None = None) -> Run:
        return Run(store or self.store, SETTINGS)

    def publish(self, *rows: str, **wishes: Any) -> str:
        if rows:
            self.persons(*rows)
        return publish_package(self.run(), self.package, Wishes(**wishes)).version

    def redact(self, *targets: Target, store: Store | None = None, **how: Any) -> Redacted:
        return redact(self.run(store), PACKAGE, targets, "ordered by a court", project=self.package, **how)

    def versions(self) -> list[str]:
        return [entry.version for entry in releases(self.store, read_head(self.store, PACKAGE))]

    def csv(self, version: str, table: str = "persons") -> str:
        return self.store.read(layout.release_file(PACKAGE, version, f"{table}.csv"))[0].decode()

    def expect_whole(self) -> None:
        found = verify(self.store, [PACKAGE], retry=NEVER)
        assert found.problems == ()
        assert found.releases == len(self.versions())


ADA, EVE, BO = "1,Ada,Oslo,fine", f"2,{SECRET},Oslo,{OTHER}", "3,Bo,Bergen,"


@pytest.fixture
def fresh(tmp_path: Path) -> World:
    """A package of which nothing is published."""
    world = World(tmp_path / "project")
    world.begin()
    return world


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three releases: the record is there from the first on, is corrected in the second, and goes in the third."""
    folder = tmp_path_factory.mktemp("published")
    world = World(folder)
    world.begin()
    assert world.publish(ADA, EVE) == "1.0.0"
    assert world.publish(ADA, EVE.replace("fine", "well") + "-more", BO, message="Bo joined") == "1.1.0"
    world.removals(2)
    assert world.publish(ADA, BO) == "1.1.1"
    assert find(world.target, [SECRET])
    return folder


@pytest.fixture
def world(published: Path, tmp_path: Path) -> World:
    """A copy of it, to be changed."""
    shutil.copytree(published, tmp_path / "project")
    return World(tmp_path / "project")


def test_a_record_is_gone_from_every_byte_of_the_store(world: World) -> None:
    done = world.redact(Target("persons", ("2",)))
    assert done.replaced == {f"1.{n}": f"1.{n}+redacted.1" for n in ("0.0", "1.0", "1.1")}
    assert done.places == {"persons": 2}
    assert set(done.erased) == set(done.replaced)
    assert find(world.target, [SECRET, OTHER]) == []
    assert world.versions() == ["1.1.1+redacted.1", "1.1.0+redacted.1", "1.0.0+redacted.1"]
    world.expect_whole()
    assert world.csv("1.0.0+redacted.1") == "id,name,office,note\n1,Ada,Oslo,fine\n"
    assert world.csv("1.1.0+redacted.1", "counts") == "office,persons,names\nBergen,1,Bo\nOslo,1,Ada\n"
    changes = read_release(world.store, PACKAGE, "1.1.0+redacted.1", world.folder).document(layout.CHANGES)
    assert (changes["from"], changes["to"]) == ("1.0.0+redacted.1", "1.1.0+redacted.1")
    assert (changes["bump"], changes["message"]) == ("minor", "Bo joined")
    assert changes["tables"][1]["counts"]["added"] == 1


def test_the_old_folder_keeps_a_tombstone_and_its_number(world: World) -> None:
    world.redact(Target("persons", ("2",)))
    keys = [stat.key for stat in world.store.list(layout.release_folder(PACKAGE, "1.1.0"))]
    assert keys == [layout.release_file(PACKAGE, "1.1.0", layout.CLAIM)]
    told = json.loads(world.store.read(keys[0])[0])
    assert (told["status"], told["replaced_by"], told["reason"]) == (
        "removed",
        "1.1.0+redacted.1",
        "ordered by a court",
    )
    assert world.publish(ADA, BO, "4,Cy,Oslo,") == "1.2.0"


def test_the_history_tells_what_happened_and_nothing_of_the_value(world: World) -> None:
    old = read_head(world.store, PACKAGE)
    hashes = [entry.record[name] for entry in old.entries[1:] for name in ("content", "inputs", "sha256", "checksums")]
    world.redact(Target("persons", ("2",)))
    head = read_head(world.store, PACKAGE)
    event = head.history[0]
    assert (event["kind"], event["version"], event["tables"]) == ("redaction", "1.1.1+redacted.1", ["persons"])
    assert {entry.record["redacted"]["reason"] for entry in head.entries} == {"ordered by a court"}
    assert [entry.published for entry in head.entries] == [entry.published for entry in old.entries]
    assert find(world.target, hashes) == [], "a hash tells whoever tries values"
    feed = world.store.read(layout.feed(PACKAGE, "releases", "en", "json"))[0].decode()
    assert "Records or values were removed from releases" in feed
    assert "ordered by a court" in feed


def test_the_next_publication_finds_nothing_to_do(world: World) -> None:
    world.redact(Target("persons", ("2",)))
    head = read_head(world.store, PACKAGE)
    assert world.publish() == "1.1.1+redacted.1"
    assert read_head(world.store, PACKAGE).etag == head.etag
    assert world.publish("1,Ada,Oslo,better", BO) == "1.1.2"


def test_the_record_does_not_come_back_by_mistake(world: World) -> None:
    world.redact(Target("persons", ("2",)))
    with pytest.raises(GateRefused, match="retired keys: 2"):
        world.publish(ADA, EVE, BO)
    assert find(world.target, [SECRET]) == []
    stones = world.store.read(layout.release_file(PACKAGE, "1.0.0+redacted.1", layout.REMOVED))[0]
    assert json.loads(stones) == {
        "table": "persons",
        "key": {"id": 2},
        "removed_in": "1.0.0+redacted.1",
        "reason": "ordered by a court",
        "replaced_by": None,
    }


def test_a_key_that_must_not_be_told_leaves_no_tombstone(world: World) -> None:
    assert world.store.read(layout.release_file(PACKAGE, "1.1.1", layout.REMOVED))[0]
    world.redact(Target("persons", ("2",), silent=True))
    for version in world.versions():
        assert world.store.read(layout.release_file(PACKAGE, version, layout.REMOVED))[0] == b""


def test_what_is_still_in_the_tables_is_told_before(world: World) -> None:
    world.persons(ADA, EVE, BO)
    assert still_held(world.run(), world.package, [Target("persons", ("2",))]) == ("persons",)
    assert still_held(world.run(), world.package, [Target("persons", ("2",), "note")]) == ("persons",)
    assert still_held(world.run(), world.package, [Target("persons", ("3",), "note"), Target("persons", ("9",))]) == ()


def test_a_value_goes_and_its_record_stays(world: World) -> None:
    done = world.redact(Target("persons", ("2",), "note"))
    assert find(world.target, [OTHER]) == []
    assert find(world.target, [SECRET]), "the name was not to go"
    assert done.places == {"persons": 2}
    assert world.csv("1.1.0+redacted.1").splitlines()[2] == f"2,{SECRET},Oslo,"
    world.expect_whole()


def test_a_value_that_must_be_there_is_replaced(world: World) -> None:
    before = read_head(world.store, PACKAGE).etag
    with pytest.raises(UsageError, match=r"persons\.name \(required\)") as refusal:
        world.redact(Target("persons", ("2",), "name"))
    assert "--replacement" in refusal.value.remedy
    assert read_head(world.store, PACKAGE).etag == before
    world.redact(Target("persons", ("2",), "name", replacement="(removed)"))
    assert find(world.target, [SECRET]) == []
    assert "(removed)" in world.csv("1.0.0+redacted.1", "counts"), "the query ran again"


def test_a_whole_column_goes(world: World) -> None:
    world.redact(Target("persons", field="note"))
    assert find(world.target, [OTHER]) == []
    for version in world.versions():
        assert world.csv(version).splitlines()[0] == "id,name,office"
    world.expect_whole()


def test_a_record_that_others_refer_to_goes_with_them(world: World) -> None:
    with pytest.raises(UsageError, match=r"persons\.office \(") as refusal:
        world.redact(Target("offices", ("Oslo",)))
    assert "refer to it" in refusal.value.remedy
    world.redact(Target("offices", ("Oslo",)), Target("persons", ("1",)), Target("persons", ("2",)))
    assert find(world.target, [SECRET]) == []
    world.expect_whole()


def test_releases_before_it_came_stay_as_they_are(fresh: World) -> None:
    fresh.publish(ADA)
    fresh.publish(ADA, BO)
    fresh.publish(ADA, BO, EVE)
    old = fresh.store.read(layout.release_file(PACKAGE, "1.1.0", layout.DESCRIPTOR))
    done = fresh.redact(Target("persons", ("2",)))
    assert done.replaced == {"1.2.0": "1.2.0+redacted.1"}
    assert fresh.versions() == ["1.2.0+redacted.1", "1.1.0", "1.0.0"]
    assert fresh.store.read(layout.release_file(PACKAGE, "1.1.0", layout.DESCRIPTOR))[0] == old[0]
    assert find(fresh.target, [SECRET]) == []
    fresh.expect_whole()


def test_rollbacks_and_yanks_keep_their_meaning(world: World) -> None:
    now, retry = world.run().now, NEVER
    rollback(world.store, PACKAGE, "1.0.0", "wrong", now=now, retry=retry)
    yank(world.store, PACKAGE, "1.1.0", "wrong too", now=now, retry=retry)
    world.redact(Target("persons", ("2",)))
    head = read_head(world.store, PACKAGE)
    assert head.current == "1.0.0+redacted.1"
    assert {entry.version: entry.yanked for entry in releases(world.store, head)} == {
        "1.1.1+redacted.1": None,
        "1.1.0+redacted.1": "wrong too",
        "1.0.0+redacted.1": None,
    }
    assert [item["kind"] for item in head.history[:3]] == ["redaction", "yank", "rollback"]
    assert find(world.target, [SECRET]) == []
    world.expect_whole()


def test_history_pages_are_written_anew(fresh: World) -> None:
    small = Run(fresh.store, Settings(languages=("en",), retention_releases=2))
    for number in range(5):
        fresh.persons(ADA, EVE, f"9,Number {number},Oslo,")
        publish_package(small, fresh.package, Wishes())
    old = {stat.key for stat in fresh.store.list(f"{PACKAGE}/v/history/")}
    redact(small, PACKAGE, [Target("persons", ("2",))], "ordered", project=fresh.package)
    new = {stat.key for stat in fresh.store.list(f"{PACKAGE}/v/history/")}
    assert old
    assert new
    assert not old & new
    assert len(fresh.versions()) == 5
    assert len(list(walk(fresh.store, read_head(fresh.store, PACKAGE)))) == 6
    fresh.expect_whole()


def test_it_can_be_done_more_than_once(world: World) -> None:
    world.redact(Target("persons", ("2",)))
    world.publish(ADA, BO, "4,Cy,Oslo,gone soon")
    world.publish(ADA, BO)
    done = world.redact(Target("persons", ("4",)))
    assert done.replaced == {"1.2.0": "1.2.0+redacted.2", "2.0.0": "2.0.0+redacted.2"} or len(done.replaced) == 2
    world.redact(Target("persons", ("3",), "note", replacement="x"))
    assert world.versions()[-1] == "1.0.0+redacted.1"
    world.expect_whole()
    assert all(stat.size for stat in world.store.list(layout.release_folder(PACKAGE, "1.2.0")))


def test_what_no_release_holds_is_refused_and_asked_again_completes(world: World) -> None:
    before = read_head(world.store, PACKAGE).etag
    for target, message in (
        (Target("persons", ("77",)), "no release holds it"),
        (Target("people", ("2",)), "no table people"),
        (Target("persons", ("2", "3")), "no key of persons"),
        (Target("persons", ("2",), "id"), "part of a key"),
        (Target("persons", field="office"), "part of a key"),
    ):
        with pytest.raises(UsageError, match=message):
            world.redact(target)
    assert read_head(world.store, PACKAGE).etag == before
    world.redact(Target("persons", ("2",)))
    again = world.redact(Target("persons", ("2",)))
    assert again.replaced == {}
    assert again.erased == ()


def test_a_dry_run_writes_nothing(world: World) -> None:
    before = {stat.key: (stat.size, stat.modified) for stat in world.store.list()}
    done = world.redact(Target("persons", ("2",)), dry=True)
    assert len(done.replaced) == 3
    assert {stat.key: (stat.size, stat.modified) for stat in world.store.list()} == before


def test_places_where_a_text_still_stands_are_told(world: World) -> None:
    world.offices(f"Oslo,{SECRET}", "Bergen,Bo")
    world.publish()
    done = world.redact(Target("persons", ("2",)), dry=True)
    assert "offices.head" in done.again
    assert SECRET not in repr(done)


def test_followers_are_told_and_brought_to_the_new_releases(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    pull(str(world.target / PACKAGE), copy, version="1.1.0")
    world.redact(Target("persons", ("2",)))
    found = follow(copy)
    assert (found.before, found.after) == ("1.1.0", "1.1.1+redacted.1")
    assert found.withdrawn == "ordered by a court"
    assert (copy / "v/1.1.1+redacted.1/persons.csv").read_text() == world.csv("1.1.1+redacted.1")


def test_without_anything_to_remove_a_release_is_made_again_byte_for_byte(world: World, tmp_path: Path) -> None:
    settings = {"": world.package.settings, **table_settings(world.package)}
    parent = None
    for entry in reversed(list(releases(world.store, read_head(world.store, PACKAGE)))):
        folders = [tmp_path / f"{entry.version}-{name}" for name in ("own", "work")]
        for folder in folders:
            folder.mkdir()
        published = read_release(world.store, PACKAGE, entry.version, folders[0])
        former = Former(entry, published, parent, Held())
        made = rebuild(world.run(), former, entry.version, Order((), "", settings), folders[1])
        sums = {file.name: file.sha256 for file in made.release.files if file.name != layout.CHECKSUMS}
        assert sums == read_checksums(world.store, PACKAGE, entry.version)
        assert made.release.content == entry.content
        parent = made.published


class Killed(BaseException):
    """Not an error that the code could catch."""


class Dying(Spy):
    """Stops when the first operation of a kind is about to begin."""

    def __init__(self, store: Store, name: str, key: str) -> None:
        super().__init__(store)
        self.name, self.key = name, key

    def before(self, call: Call) -> None:
        super().before(call)
        if call.name == self.name and self.key in call.key:
            raise Killed


@pytest.mark.parametrize(
    ("name", "key", "replaced"),
    [
        pytest.param("put", "1.1.0+redacted.1/persons.csv", False, id="sending"),
        pytest.param("put", "versions.json", False, id="before the pointer"),
        pytest.param("delete", "1.0.0/persons.csv", True, id="erasing"),
        pytest.param("put", "1.1.0/release.json", True, id="before a tombstone"),
        pytest.param("put", "people/data/", True, id="refreshing"),
        pytest.param("delete", "people/changes/", True, id="clearing what is derived"),
    ],
)
def test_killed_on_the_way_it_is_completed_by_running_it_again(
    name: str, key: str, replaced: bool, world: World
) -> None:
    with pytest.raises(Killed):
        world.redact(Target("persons", ("2",)), store=Dying(world.store, name, key))
    found = verify(world.store, [PACKAGE], retry=NEVER)
    assert found.problems == (), "every release that is listed is whole"
    assert all("redacted" in version for version in world.versions()) is replaced
    world.redact(Target("persons", ("2",)))
    assert find(world.target, [SECRET, OTHER]) == []
    world.expect_whole()
