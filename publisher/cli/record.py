"""What a command did, told to the public. In: a run, how it ended. Out: status.json and alerts, or the file that the scheduler which began
it reads."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from publisher.alerts import open_teller
from publisher.cli.opening import STORE_RETRY
from publisher.cli.output import Output
from publisher.commit import Head, admit
from publisher.errors import AccessDenied, ProjectError, PublisherError, StoreError, Unavailable, UsageError
from publisher.model import Package, Receipt
from publisher.run import Run
from publisher.scheduler import Ended, Schedule, read_schedule, record_attempt, write_ended
from publisher.scheduler.record import after_attempt, record_withdrawal
from publisher.status import Change, Withdrawal, cut_short, judge
from publisher.store.base import Store


@dataclass(frozen=True, slots=True)
class Recorder:
    """Tells how attempts ended: the scheduler that reads `answer`, else status.json."""

    output: Output
    answer: Path | None = None

    def watch(self, run: Run, package: Package, act: Callable[[], Receipt]) -> Receipt:
        """`act()`, its end told. Raises what it raises; that an attempt could not be told of is a warning."""
        at, started = run.now(), time.monotonic()
        try:
            receipt = act()
        except PublisherError as error:
            self.tell(run, package, error, at, time.monotonic() - started)
            raise
        self.tell(run, package, receipt, at, time.monotonic() - started)
        return receipt

    def tell(
        self, run: Run, package: Package, end: Receipt | PublisherError | str, at: datetime, seconds: float
    ) -> None:
        """Tell of an attempt that began `at` and took so many seconds; a text is a fault of this program. That this could not be told is
        a warning."""
        if isinstance(end, str):
            self._tell(run, package, Ended(cut_short("crashed", run=run.name, at=at, seconds=seconds, detail=end)))
            return
        attempt = judge(end, run=run.name, at=at, seconds=seconds)
        if isinstance(end, Receipt):
            self._tell(run, package, Ended(attempt, end.version))
        else:
            self._tell(run, package, Ended(attempt), end)

    def _tell(self, run: Run, package: Package, ended: Ended, error: PublisherError | None = None) -> None:
        if self.answer is not None:
            write_ended(self.answer, ended)
            return
        if isinstance(error, UsageError) and not isinstance(error, ProjectError):
            # a slip on the command line is no news of the package
            return
        tell = open_teller(partial(_admitted, run), run.settings, os.environ, run.now, STORE_RETRY)
        change = self._record(run, package, ended, error)
        if tell is not None:
            tell(change)

    def _record(self, run: Run, package: Package, ended: Ended, error: PublisherError | None) -> Change:
        name, schedule, now = package.name, self._schedule(package), run.now()
        # where the store does not answer or let us in, it would not take this either
        if not isinstance(error, AccessDenied | Unavailable):
            try:
                return record_attempt(_admitted(run), name, schedule, ended, now=now)
            except StoreError as failure:
                self.output.warn(f"status.json could not be brought up to date: {failure.message}")
        return Change(None, after_attempt(name, schedule, ended, None, now), ended.attempt, recorded=False)

    def _schedule(self, package: Package) -> Schedule | None:
        try:
            return read_schedule(package)
        except ProjectError as error:
            self.output.warn(str(error))
            return None


def record_head(run: Run, head: Head, output: Output) -> None:
    """Which version readers get since a person took one back, or had something removed."""
    event = head.taken_back
    gone = None
    if event is not None:
        gone = Withdrawal(
            str(event.get("from") or event["version"]), event["kind"], datetime.fromisoformat(event["at"])
        )
    try:
        record_withdrawal(_admitted(run), head.package, head.current, gone, now=run.now())
    except StoreError as error:
        output.warn(f"status.json could not be brought up to date: {error.message}\n  Run this again to mend that.")


def _admitted(run: Run) -> Store:
    return admit(run.store, single_writer=run.settings.single_writer, retry=run.retry)
