"""Parts worked on by other processes: the same bytes, whichever of them dies; nothing stays behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from publisher import layout
from publisher.errors import ProjectError, UsageError
from publisher.project import Settings
from publisher.project.settings import read_settings
from publisher.run import Run, Wishes, publish_package
from publisher.run.context import open_workers
from publisher.run.part import PartDone, PartTask, work
from publisher.run.workers import Here
from publisher.store.files import FileStore
from publisher.store.retry import NEVER
from tests.run.test_parts import World
from tests.tools import ROOT, load

distributed = load("distributed")
psutil = load("psutil")
UNWATCHED = load("publisher.run.cluster").UNWATCHED


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, monkeypatch)
    for number in range(4):
        rows = [[10 * number + row, f"2026-01-0{number + 1}", row / 4, f"n{row}"] for row in range(10)]
        made.part(f"p{number}", rows)
    # what is patched here is not patched in other processes
    monkeypatch.setattr("publisher.run.divide.work", deadly)
    return made


def deadly(task: PartTask) -> PartDone:
    """The work, by a worker that dies over its first task where a file says so."""
    with suppress(FileNotFoundError):
        # whoever takes the mark away is the one that dies
        (task.path.parent / "deadly").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return work(task)


NAMES = ["p0", "p1", "p2", "p3"]


def test_the_bytes_are_those_of_one_process_though_a_worker_dies(world: World) -> None:
    world.publish(NAMES)
    alone = published(world, "public")
    (world.folder / "deadly").touch()
    other(world, "by-others", "local:2")
    world.publish(NAMES)
    assert not (world.folder / "deadly").exists(), "a worker died"
    assert published(world, "by-others") == alone


def test_what_a_worker_raises_is_told_here(world: World) -> None:
    other(world, "elsewhere", "local:1")
    with pytest.raises(ProjectError, match="utf-99"):
        world.publish(NAMES, encoding="utf-99")
    assert not list((world.folder / "scratch").iterdir())


class Stopped(Exception):
    """What comes in the middle of a run."""


@pytest.mark.parametrize("cluster", ["", "local:2"])
def test_a_run_that_is_stopped_leaves_nothing_behind(world: World, cluster: str) -> None:
    other(world, "elsewhere", cluster)

    def progress(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("parts", 1):
            raise Stopped

    run = Run(world.store, world.settings, retry=NEVER, progress=progress)
    with pytest.raises(Stopped):
        publish_package(run, world.package(NAMES), Wishes())
    assert not list((world.folder / "scratch").iterdir())
    assert not [item for item in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(item.cmdline())]
    assert not list(world.store.list(""))
    assert world.publish(NAMES).outcome == "published"


def test_a_cluster_that_is_not_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.run.cluster.SECONDS", 0.5)
    other(world, "elsewhere", "tcp://127.0.0.1:9")
    with pytest.raises(UsageError, match="no scheduler"):
        world.publish(NAMES)


@dataclass(frozen=True)
class Half:
    """A task that waits for nobody."""

    number: int


def halved(task: Half) -> float:
    return task.number / 2


def test_a_scheduler_elsewhere() -> None:
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as cluster,
        open_workers(cluster.scheduler_address) as workers,
    ):
        assert sorted(workers.each(halved, [Half(1), Half(3)])) == [(0, 0.5), (1, 1.5)]


def setting(name: str) -> Any:
    """What holds in a worker."""
    return load("dask").config.get(name, f"{name} is no setting of Dask")


def test_workers_of_a_run_are_not_watched() -> None:
    config = load("dask").config
    assert {name for name in UNWATCHED if config.get(name, None) is None} == set(), "Dask knows them all"
    with open_workers("local:1") as workers:
        found = dict(workers.each(setting, list(UNWATCHED)))
        assert [found[place] for place in range(len(UNWATCHED))] == [*UNWATCHED.values()]
    assert config.get("distributed.worker.profile.enabled"), "what is set for a run is set for no other"


def level(name: str) -> int:
    """From where on a worker says something."""
    return logging.getLogger(name).getEffectiveLevel()


def test_workers_of_a_run_say_nothing_of_themselves() -> None:
    """A worker on a busy machine would say on standard error that it was slow."""
    with open_workers("local:1") as workers:
        found = dict(workers.each(level, ["distributed.core", "distributed.worker", "publisher"]))
    assert found == {0: logging.CRITICAL, 1: logging.CRITICAL, 2: logging.WARNING}


@pytest.mark.parametrize("value", ["local", "local:0", "local:x", "http://x:1", "tcp://x", ""])
def test_what_is_no_cluster(value: str) -> None:
    with pytest.raises(UsageError, match="cluster"):
        read_settings({"cluster": value}, {}, "pyproject.toml")
    with open_workers("") as workers:
        assert isinstance(workers, Here)


def test_a_worker_has_half_of_the_memory() -> None:
    with open_workers("local:2") as workers:
        assert [workers.memory(item) for item in ("512MB", "1GB", "1MB")] == ["256MB", "500MB", "1MB"]
    with open_workers("") as workers:
        assert workers.memory("512MB") == "512MB"


SCRIPT = """
from publisher.run.context import open_workers
{guard}
    with open_workers("local:1") as workers:
        print(list(workers.each(abs, [-2])))
"""


@pytest.mark.parametrize(("guard", "code"), [('if __name__ == "__main__":', 0), ("if True:", 1)])
def test_a_script_is_told_that_workers_read_it(tmp_path: Path, guard: str, code: int) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(guard=guard))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == code
    if code:
        last = done.stderr.splitlines()[-2:]
        assert any('below `if __name__ == "__main__":`' in line for line in last), done.stderr
        assert "bootstrapping" not in done.stderr, "nothing is heard of the worker itself"
    else:
        assert done.stdout == "[(0, 2)]\n"


def other(world: World, target: str, cluster: str) -> None:
    """From here on the world is published elsewhere, by a cluster, with a cache of its own."""
    (world.folder / "scratch").mkdir()
    world.patch.setattr("tempfile.tempdir", str(world.folder / "scratch"))
    world.store = FileStore(world.folder / target, layout.headers)
    world.settings = Settings(cache=str(world.folder / f"cache-{target}"), cluster=cluster)


def published(world: World, target: str) -> dict[str, Any]:
    """The bytes of a release's tables."""
    folder = world.folder / target / "p/v/1.0.0"
    return {path.name: path.read_bytes() for path in folder.iterdir() if ".part-" in path.name}
