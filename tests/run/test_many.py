"""Packages as tasks: each ends by itself, whatever becomes of the others and of the process that worked on it."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from publisher import layout
from publisher.commit.verify import verify
from publisher.errors import InvalidData, ProjectError, UsageError
from publisher.project import Project, Settings
from publisher.project.actor import Actor
from publisher.run import many
from publisher.run.many import PackageEnd, PackageTask, publish_packages
from publisher.store.files import FileStore
from publisher.store.retry import NEVER
from tests.tools import load

SCHEMA = {"fields": [{"name": "id", "type": "integer"}], "primaryKey": "id"}
NAMES = ("a", "b", "c", "d")


@dataclass
class World:
    """A project of several packages and the folder they are published to."""

    root: Path
    cluster: str = ""
    told: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def store(self) -> FileStore:
        return FileStore(self.root / "public", layout.headers)

    def write(self, name: str, *ids: object) -> None:
        folder = self.root / "datasets" / name
        folder.mkdir(parents=True, exist_ok=True)
        table = {"name": "t", "path": "t.csv", "schema": SCHEMA}
        (folder / "datapackage.json").write_text(json.dumps({"name": name, "resources": [table]}))
        (folder / "t.csv").write_text("id\n" + "".join(f"{item}\n" for item in ids))

    def publish(self, *names: str) -> dict[str, PackageEnd]:
        self.told.clear()
        project = Project(self.root, Settings(cluster=self.cluster, cache=str(self.root / "cache")))
        ends = publish_packages(
            project, names, str(self.root / "public"), Actor("tester"), "", lambda *told: self.told.append(told)
        )
        return {end.reference: end for end in ends}


@pytest.fixture(params=["", "local:2"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param:
        load("distributed")
    made = World(tmp_path, request.param)
    for number, name in enumerate(NAMES):
        made.write(name, number)
    return made


def outcomes(ends: dict[str, PackageEnd]) -> dict[str, Any]:
    return {name: ends[name].receipt and (ends[name].receipt.outcome, ends[name].receipt.version) for name in ends}


def test_every_package_is_published_and_progress_is_told(world: World) -> None:
    assert outcomes(world.publish(*NAMES)) == dict.fromkeys(NAMES, ("published", "1.0.0"))
    assert world.told == [("packages", done, 4) for done in range(5)]
    assert not verify(world.store, NAMES, retry=NEVER).problems
    listed = json.loads(world.store.read(layout.INDEX)[0])["packages"]
    assert [item["name"] for item in listed] == [*NAMES]
    world.write("b", 1, 7)
    again = outcomes(world.publish(*NAMES))
    assert again == dict.fromkeys(NAMES, ("unchanged", "1.0.0")) | {"b": ("published", "1.1.0")}


def test_what_one_ends_with_stops_no_other(world: World) -> None:
    world.write("b", "x")
    (world.root / "datasets/c/datapackage.json").write_text("{")
    ends = world.publish(*NAMES)
    assert outcomes(ends) == {"a": ("published", "1.0.0"), "b": None, "c": None, "d": ("published", "1.0.0")}
    wrong = ends["b"].error
    assert isinstance(wrong, InvalidData)
    assert [item.type for item in wrong.report.findings] == ["type-error", "primary-key"]
    assert isinstance(ends["c"].error, ProjectError)


def dying_first(task: PackageTask) -> PackageEnd:
    """A worker that dies over package b before it has begun."""
    if task.reference == "b" and once(task):
        os.kill(os.getpid(), signal.SIGKILL)
    return many_publish(task)


def dying_after(task: PackageTask) -> PackageEnd:
    """A worker that dies once package b is published, before it could say so."""
    end = many_publish(task)
    if task.reference == "b" and once(task):
        os.kill(os.getpid(), signal.SIGKILL)
    return end


def dying_always(task: PackageTask) -> PackageEnd:
    if task.reference == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    return many_publish(task)


many_publish = many.publish_one


def once(task: PackageTask) -> bool:
    mark = Path(task.target).parent / "died"
    if mark.exists():
        return False
    mark.touch()
    return True


@pytest.mark.parametrize(
    ("work", "outcome"), [(dying_first, ("published", "1.0.0")), (dying_after, ("unchanged", "1.0.0"))]
)
def test_a_worker_that_dies_costs_its_package_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Any, outcome: Any
) -> None:
    load("distributed")
    world = World(tmp_path, "local:2")
    for number, name in enumerate(NAMES):
        world.write(name, number)
    monkeypatch.setattr(many, "publish_one", work)
    ends = outcomes(world.publish(*NAMES))
    assert (tmp_path / "died").exists()
    assert ends["b"] == outcome
    # the worker that died may have taken with it what another package had just reported
    assert {end[1] for end in ends.values()} == {"1.0.0"}
    assert not verify(world.store, NAMES, retry=NEVER).problems


def test_a_package_that_kills_every_worker_is_told_and_the_others_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("distributed")
    world = World(tmp_path, "local:2")
    for number, name in enumerate(NAMES):
        world.write(name, number)
    monkeypatch.setattr(many, "publish_one", dying_always)
    ends = world.publish(*NAMES)
    assert isinstance(ends["b"].error, UsageError)
    assert "lost several workers" in ends["b"].error.message
    assert [name for name, end in ends.items() if end.receipt is None] == ["b"]


def test_a_fault_of_the_program_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "publish_one", faulty)
    ends = world.publish(*NAMES)
    assert ends["b"].fault == "ZeroDivisionError('division by zero')"
    assert sorted(name for name, end in ends.items() if end.receipt) == ["a", "c", "d"]


def faulty(task: PackageTask) -> PackageEnd:
    return replace(many_publish(task), seconds=1 / (task.reference != "b"))
