"""Folders for jobs: of the living they are kept, of the dead removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from publisher.scheduler.scratch import open_scratch
from tests.tools import ROOT

VICTIM = """
import subprocess, sys
from pathlib import Path
from publisher.scheduler.scratch import open_scratch
with open_scratch(Path(sys.argv[1])) as scratch:
    job = subprocess.Popen(["sleep", "60"], pass_fds=[scratch.lock])
    print(scratch.name, job.pid, flush=True)
    sys.stdin.read()
"""


def test_nothing_stays_behind(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as scratch:
        (scratch.folder / "file").touch()
        assert scratch.dead == frozenset()
        with open_scratch(tmp_path) as other:
            assert other.dead == frozenset()
            assert other.name != scratch.name
            assert scratch.folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_dead_are_known_once_their_jobs_are_dead_too(tmp_path: Path) -> None:
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert victim.stdout is not None
    name, job = victim.stdout.readline().split()
    victim.kill()
    victim.wait()
    with open_scratch(tmp_path) as scratch:
        assert scratch.dead == frozenset()
    os.kill(int(job), signal.SIGKILL)
    # the job had the same standard output: its end is the job's
    assert victim.stdout.read() == ""
    found: frozenset[str] = frozenset()
    for _ in range(1000):
        with open_scratch(tmp_path) as scratch:
            found |= scratch.dead
        if found:
            break
    assert found == {name}
    assert list(tmp_path.iterdir()) == []
    victim.communicate()


def test_folders_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "publisher-jobs-empty").mkdir()
    (tmp_path / "publisher-jobs-file").touch()
    with open_scratch(tmp_path) as scratch:
        assert scratch.dead == frozenset()
    assert len(list(tmp_path.iterdir())) == 2
