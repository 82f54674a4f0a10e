"""One attempt in a process of its own. In: a job, a command. Out: Ended, whatever became of the process.

A process rather than a thread: it can be stopped at its time limit wherever it hangs, and what it took of memory, descriptors and
temporary files goes with it, so that the scheduler is as small after a year as on its first day. It may be killed at any moment (the
commit protocol's promise), which is also how it is stopped. The price is the start of a `publisher publish`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from publisher.errors import UsageError
from publisher.scheduler.rules import Schedule
from publisher.scheduler.scratch import Scratch
from publisher.status import Attempt, attempt_from, attempt_json, cut_short, judge

_ANSWER = "attempt.json"
_OUTPUT = "output.txt"
_TAIL = 4096


@dataclass(frozen=True, slots=True)
class Job:
    """A package to be kept published: `name` is the package's own, `reference` what the command line calls it. Without a schedule it is
    never due."""

    name: str
    reference: str
    schedule: Schedule | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended; `version` is the newest release after a success."""

    attempt: Attempt
    version: str | None = None


class Running(Protocol):
    """An attempt under way."""

    def poll(self) -> Ended | None:
        """How it ended, or None while it runs."""
        ...

    def stop(self) -> Ended | None:
        """End it now, whatever it does. How it had ended by itself, or None."""
        ...

    def kill(self) -> None:
        """End it now and wait for nothing."""
        ...


Launch = Callable[[Job, str, datetime], Running]
"""Begins an attempt: the job, the run's name, the moment. Raises OSError."""

Command = Callable[[Job, str, Path], Sequence[str]]
"""The command of an attempt: the job, the run's name, the file to write its end to (write_ended)."""


@dataclass(frozen=True, slots=True)
class Processes:
    """Begins attempts as processes. `clock` counts seconds; with `logs` their standard error is ours, since they log there."""

    scratch: Scratch
    command: Command
    environment: Mapping[str, str]
    clock: Callable[[], float]
    logs: bool = False

    def __call__(self, job: Job, run: str, at: datetime) -> Running:
        folder = self.scratch.folder / secrets.token_hex(8)
        folder.mkdir()
        try:
            with (folder / _OUTPUT).open("wb") as output:
                process = subprocess.Popen(  # noqa: S603 - the command is our own
                    self.command(job, run, folder / _ANSWER),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=None if self.logs else subprocess.STDOUT,
                    env={**self.environment, "TMPDIR": str(folder)},
                    pass_fds=(self.scratch.lock,),
                    # Its own group, so that Ctrl-C in a terminal is for the scheduler to judge, and all of it can be stopped.
                    start_new_session=True,
                )
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return Process(process, folder, run, at, self.clock)


class Process:
    """See Running."""

    def __init__(
        self, process: subprocess.Popen[bytes], folder: Path, run: str, at: datetime, clock: Callable[[], float]
    ) -> None:
        self._process = process
        self._folder = folder
        self._run = run
        self._at = at
        self._clock = clock
        self._started = clock()

    def poll(self) -> Ended | None:
        code = self._process.poll()
        if code is None:
            return None
        ended = read_ended(self._folder / _ANSWER) or self._untold(code)
        shutil.rmtree(self._folder, ignore_errors=True)
        return ended

    def stop(self) -> Ended | None:
        self.kill()
        self._process.wait()
        ended = read_ended(self._folder / _ANSWER)
        shutil.rmtree(self._folder, ignore_errors=True)
        return ended

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _untold(self, code: int) -> Ended:
        """A process that came as far as the attempt tells how it ended. Before, only the project can be at fault; else it crashed."""
        seconds, said = self._clock() - self._started, self._tail()
        if code == UsageError.exit_code:
            return Ended(judge(UsageError(said), run=self._run, at=self._at, seconds=seconds))
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        detail = f"the process {how} without telling how the attempt went\n{said}".rstrip()
        return Ended(cut_short("crashed", run=self._run, at=self._at, seconds=seconds, detail=detail))

    def _tail(self) -> str:
        with suppress(OSError), (self._folder / _OUTPUT).open("rb") as output:
            output.seek(max(0, output.seek(0, os.SEEK_END) - _TAIL))
            return output.read().decode(errors="replace").strip()
        return ""


def write_ended(path: Path, ended: Ended) -> None:
    """For the process of an attempt: tell its scheduler how it ended. The file is there whole or not at all."""
    document = {"attempt": attempt_json(ended.attempt), "detail": ended.attempt.detail, "version": ended.version}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document), encoding="utf-8")
    part.replace(path)


def read_ended(path: Path) -> Ended | None:
    """What write_ended wrote, or None."""
    try:
        document = json.loads(path.read_bytes())
        attempt = replace(attempt_from(document["attempt"]), detail=str(document["detail"]))
        return Ended(attempt, document["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
