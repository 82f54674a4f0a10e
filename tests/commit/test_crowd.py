"""Sixteen publishers at once, in four processes of four threads: one line of releases, each there once with the right parent, and no
error but Superseded. Two rounds, twenty where PUBLISHER_FULL=1."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.commit.world import cats, seen
from tests.servers.fixtures import Place
from tests.tools import FULL, ROOT

ROUNDS = 20 if FULL else 2
PROCESSES = THREADS = 4


@pytest.mark.timeout(1800)
def test_many_publishers_at_once(shared_place: Place) -> None:
    dice = random.Random(1)
    with crowd(shared_place) as processes:
        for number in range(ROUNDS):
            # Every other round all have read their sources at the same moment, so nobody may be superseded: all sixteen must land.
            same = number % 2 == 0
            moments = [
                "2026-01-01T00:00:00Z" if same else f"2026-01-01T00:00:{dice.randrange(60):02}Z" for _ in range(16)
            ]
            publishers = list(enumerate(moments))
            for index, process in enumerate(processes):
                order = {"package": f"round-{number}", "publishers": publishers[index::PROCESSES]}
                process.stdin.write(json.dumps(order) + "\n")
                process.stdin.flush()
            heard = [ending for process in processes for ending in json.loads(process.stdout.readline())]
            check(shared_place, f"round-{number}", heard, same=same)


def check(place: Place, package: str, heard: list, *, same: bool) -> None:
    ends = {number: (end, version) for number, end, version in heard}
    assert len(ends) == 16
    wrong = [ending for ending in heard if ending[1] not in {"published", "Superseded"}]
    assert not wrong, wrong
    published = {version: cats(number) for number, (end, version) in ends.items() if end == "published"}
    assert len(published) >= (16 if same else 1)
    assert seen(place.open(), package) == dict(sorted(published.items(), key=lambda item: -minor(item[0])))


def minor(version: str) -> int:
    return int(version.split(".")[1])


@contextmanager
def crowd(place: Place) -> Iterator[list[subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "tests.commit.crowd", place.target, str(THREADS)]
    env = {**os.environ, **place.env, "PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env)
            )
            for _ in range(PROCESSES)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield processes
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
