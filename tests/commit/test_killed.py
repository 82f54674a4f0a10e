"""SIGKILL before and after every single store operation of a publication: readers see the whole old or the whole new release, and the
next run completes. On a directory every point is tried; on servers every fourth, and every one where PUBLISHER_FULL=1."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher import layout
from publisher.commit.derive import find_packages
from publisher.store import open_store
from publisher.store.base import Store
from tests.commit.world import Publisher, cats, seen
from tests.servers.fixtures import Place
from tests.tools import FULL, ROOT

MOST = 200


class Victim:
    """The process that forks and dies, see victim.py."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def publish(self, place: Place, package: str, *, at: int, when: str) -> int:
        """How the publication ended: 0 for completely, -9 for killed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"target": place.target, "env": place.env, "package": package, "at": at, "when": when, "number": 1}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def victim() -> Iterator[Victim]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.commit.victim"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        yield Victim(process)
        assert process.stdin is not None
        process.stdin.close()


def test_killed_at_every_operation(shared_place: Place, victim: Victim) -> None:
    step = 1 if FULL or shared_place.kind == "files" else 4
    states: set[str] = set()
    store = shared_place.open()
    for at in range(MOST):
        if at % step:
            continue
        ends = {when: killed(shared_place, store, victim, at, when, states) for when in ("before", "after")}
        if ends == {"before": 0, "after": 0}:
            break
    assert 20 < at < MOST, "the publication takes that many operations"
    assert states == {"old", "new"}


def killed(place: Place, store: Store, victim: Victim, at: int, when: str, states: set[str]) -> int:
    package = f"pets-{at}-{when}"
    old = Publisher(store, cats(0), package=package)
    old.publish()
    old.refresh()
    end = victim.publish(place, package, at=at, when=when)
    assert end in {0, -signal.SIGKILL}, f"the publication failed at operation {at}"
    before, after = {"1.0.0": cats(0)}, {"1.1.0": cats(1), "1.0.0": cats(0)}
    found = seen(store, package)
    assert found in (before, after), f"torn by a kill {when} operation {at}"
    states.add("old" if found == before else "new")
    number = 1 if at % 2 else 2
    following = Publisher(store, cats(number), run="next", package=package)
    receipt = following.publish()
    following.refresh()
    found = seen(store, package)
    assert found[receipt.version] == cats(number), f"the run after a kill {when} operation {at} did not complete"
    assert latest(store, package) == cats(number)
    return end


def latest(store: Store, package: str) -> dict[str, bytes]:
    """What lies in `latest/`, and index.json agrees with it and lists all other packages, whose publishers were killed before."""
    index = {item["name"]: item["version"] for item in json.loads(store.read(layout.INDEX)[0])["packages"]}
    descriptor = json.loads(store.read(layout.latest_file(package, layout.DESCRIPTOR))[0])
    assert index[package] == descriptor["version"]
    assert {*index} == {*find_packages(store)}
    return {name: store.read(layout.latest_file(package, name))[0] for name in cats(0)}


SYSTEM_CALLS = ("fsync", "link", "replace", "unlink", "mkdir", "open")


def test_killed_inside_a_directory_write(quick_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every system call of a publication to a folder fails once, as if the process had ended there: what is left is old or new."""
    for at in range(400):
        target = f"{quick_folder}/{at}"
        store = open_store(target, env={})
        Publisher(store, cats(0), workers=1).publish()
        with monkeypatch.context() as patch:
            count = interrupt(patch, at)
            try:
                Publisher(open_store(target, env={}), cats(1), workers=1).publish()
            except Interrupted:
                pass
            else:
                break
        assert seen(store) in ({"1.0.0": cats(0)}, {"1.1.0": cats(1), "1.0.0": cats(0)}), f"torn at call {at}"
        assert Publisher(store, cats(1), run="next").publish().version == "1.1.0"
        seen(store)
    assert count() > 50


class Interrupted(BaseException):
    """Not an error that the code could catch."""


def interrupt(patch: pytest.MonkeyPatch, at: int):
    """From call number `at` on, every system call that changes the disk raises: nothing is tidied up either, as after a kill."""
    calls = 0

    def wrap(name: str) -> None:
        original = getattr(os, name)

        def call(*arguments, **rest):
            nonlocal calls
            writes = name != "open" or (len(arguments) > 1 and arguments[1] & os.O_CREAT)
            calls += bool(writes)
            if writes and calls > at:
                raise Interrupted
            return original(*arguments, **rest)

        patch.setattr(os, name, call)

    for name in SYSTEM_CALLS:
        wrap(name)
    return lambda: calls
