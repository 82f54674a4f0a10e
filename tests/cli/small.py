"""A project of the least size, whose one package takes a moment to publish, and a `publisher schedule` that the test talks to."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from publisher.status import PackageStatus, update_status
from publisher.store.base import Store
from publisher.store.retry import Retry
from tests.cli.program import CLEAN
from tests.tools import ROOT

DESCRIPTOR = """
name: small
title: Small
licenses: [{name: CC0-1.0}]
resources:
  - name: things
    path: things.csv
    schema:
      primaryKey: id
      fields: [{name: id, type: integer}, {name: word, type: string}]
publisher:
  schedule: {every: day, at: "06:00", timezone: Europe/Brussels}
"""


def make_project(root: Path) -> Path:
    """A project below `root`."""
    folder = root / "datasets" / "small"
    folder.mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.publisher]\ntarget = "public"\n')
    (folder / "datapackage.yaml").write_text(DESCRIPTOR)
    (root / "tmp").mkdir()
    write_rows(root, "first")
    return root


def write_rows(root: Path, *words: str) -> None:
    lines = [f"{number},{word}" for number, word in enumerate(words, start=1)]
    (root / "datasets" / "small" / "things.csv").write_text("\n".join(["id,word", *lines, ""]))


def make_due(store: Store, name: str = "small") -> None:
    """Turn the record back: the last attempt was two days ago, so that the package is due now."""

    def earlier(entry: PackageStatus | None) -> PackageStatus:
        assert entry is not None
        then = datetime.now(UTC) - timedelta(days=2)
        last = replace(entry.last_attempt, at=then) if entry.last_attempt else None
        return replace(entry, first_seen=then, last_success=entry.last_success and then, last_attempt=last)

    update_status(store, {name: earlier}, moment=datetime.now(UTC), retry=Retry())


HOLD = """
import sys
if "--answer" in sys.argv:
    with open({fifo!r}) as fifo:
        fifo.read()
"""


class Held:
    """Attempts begun by `run` and `schedule` wait at their start until they are let go, once `wait` has returned."""

    def __init__(self, project: Path) -> None:
        self._fifo = project / "hold"
        os.mkfifo(self._fifo)
        folder = project / "site"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(HOLD.format(fifo=str(self._fifo)))
        self.variables = {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}

    def wait(self) -> IO[bytes]:
        """Until an attempt has begun; closing what is returned lets it go."""
        return self._fifo.open("wb")


class Schedule:
    """A running `publisher schedule`."""

    def __init__(self, project: Path, *arguments: str, **variables: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "publisher", "schedule", *arguments],
            cwd=project,
            env=CLEAN | {"COLUMNS": "200", "TMPDIR": str(project / "tmp")} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._rest = b""

    def read_until(self, text: str, seconds: float = 60) -> str:
        """The next line that has `text` in it; fails where none comes in time, or the process ends."""
        while True:
            line = self.read_line(seconds)
            assert line is not None, f"no {text!r} in {seconds} s; so far: {self.lines}"
            if text in line:
                return line

    def read_for(self, seconds: float, text: str) -> None:
        """Lines for so many seconds, or until one has `text` in it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and text not in (self.read_line(left) or text):
            pass

    def read_line(self, seconds: float) -> str | None:
        """A line, or None where none comes in time. Raises AssertionError at the end of output."""
        assert self.process.stdout is not None
        while b"\n" not in self._rest:
            if not select.select([self.process.stdout], [], [], seconds)[0]:
                return None
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, f"ended with {self.process.wait()}: {self.lines}"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        self.lines.append(line.decode())
        return self.lines[-1]

    def children(self) -> list[int]:
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def kill(self) -> None:
        """All of it at once, as a container or a systemd unit is killed."""
        self.process.send_signal(signal.SIGSTOP)
        for child in self.children():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.process.kill()
        self.close()

    def stop(self, seconds: float = 30) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        code = self.process.wait(seconds)
        self.close()
        return code

    def close(self) -> None:
        assert self.process.stdout is not None
        self._rest += self.process.stdout.read()
        self.lines += self._rest.decode().splitlines()
        self.process.stdout.close()
        self.process.wait()
