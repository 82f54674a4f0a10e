"""A day at one job a minute, each a real process: afterwards memory, descriptors, threads, files and objects are what they were."""

from __future__ import annotations

import gc
import os
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

from publisher import layout
from publisher.cli.signals import watch_signals
from publisher.scheduler import Ended, Job, write_ended
from publisher.scheduler.process import Processes
from publisher.scheduler.scratch import open_scratch
from publisher.scheduler.service import Service, Terms
from publisher.status import Attempt, Change, read_status
from publisher.store.files import FileStore
from tests.scheduler.world import ONCE, START, every
from tests.tools import require

MINUTES = 24 * 60
WARM = 60


@dataclass(frozen=True)
class Footprint:
    """What a process holds: Python objects by kind, resident memory in kB, descriptors, threads, files."""

    objects: Counter[str]
    resident: int
    descriptors: int
    threads: int
    files: int


def look(folder: Path) -> Footprint:
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return Footprint(
        Counter(type(item).__name__ for item in gc.get_objects()),
        int(status.partition("VmRSS:")[2].split()[0]),
        len([*Path("/proc/self/fd").iterdir()]),
        threading.active_count(),
        sum(len(files) for _, _, files in os.walk(folder)),
    )


def live_a_day(folder: Path) -> tuple[Footprint, Footprint, Counter[str]]:
    """What the process held after an hour and after the day, and how the jobs ended."""
    time = START
    outcomes = Counter[str]()
    answers = folder / "answers"
    answers.mkdir()

    def tell(change: Change) -> None:
        if change.attempt:
            outcomes[change.attempt.outcome] += 1

    def command(_job: Job, run: str, answer: Path) -> list[str]:
        """Every tenth crashes; the others answer as `publish` would."""
        minute = (time - START) // timedelta(minutes=1)
        if minute % 10 == 9:
            return ["false"]
        write_ended(answers / "next", Ended(Attempt(time, "unchanged", run), "1.0.0"))
        return ["cp", str(answers / "next"), str(answer)]

    with watch_signals(60, lambda: None) as signals, open_scratch(folder) as scratch:
        service = Service(
            [Job("alliance", "alliance", every("minute"))],
            store=lambda: FileStore(folder / "store", layout.headers),
            launch=Processes(scratch, command, os.environ, lambda: (time - START).total_seconds()),
            holder=scratch.name,
            now=lambda: time,
            clock=lambda: (time - START).total_seconds(),
            tell=tell,
            terms=Terms(),
            retry=ONCE,
        )

        def live(minutes: int) -> None:
            nonlocal time
            until = time + timedelta(minutes=minutes)
            while time < until:
                pause = service.step()
                while service.running:
                    signals.wait(10)
                    service.collect()
                time = min(time + timedelta(seconds=max(min(pause, 30.0), 0.5)), until)

        live(WARM)
        before = look(folder)
        live(MINUTES - WARM)
        after = look(folder)
    return before, after, outcomes


def test_a_day_of_a_job_a_minute_leaves_no_trace(quick_folder: Path) -> None:
    require(Path("/proc/self/fd").exists(), "no /proc here, where the system tells what a process holds")
    # A process of its own: the pages of a test run's heap come and go with what other tests left there.
    with get_context("spawn").Pool(1) as alone:
        before, after, outcomes = alone.apply(live_a_day, (quick_folder,))
    assert outcomes.total() == MINUTES
    assert outcomes["crashed"] == MINUTES // 10
    assert (after.descriptors, after.threads, after.files) == (before.descriptors, before.threads, before.files)
    grown = {
        kind: count - before.objects[kind] for kind, count in after.objects.items() if count > before.objects[kind] + 50
    }
    assert not grown
    assert after.resident < before.resident + 4096
    assert len(read_status(FileStore(quick_folder / "store", layout.headers)).packages) == 1
