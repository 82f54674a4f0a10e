"""The attempt that a command made. In: a run, how it ended. Out: status.json, or the file that the scheduler which began it reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from publisher.cli.output import Output
from publisher.commit import admit
from publisher.errors import AccessDenied, ProjectError, PublisherError, StoreError, Unavailable, UsageError
from publisher.model import Package, Receipt
from publisher.run import Run
from publisher.scheduler import Ended, Schedule, read_schedule, record_attempt, write_ended
from publisher.status import judge


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
            self._tell(
                run, package, Ended(judge(error, run=run.name, at=at, seconds=time.monotonic() - started)), error
            )
            raise
        attempt = judge(receipt, run=run.name, at=at, seconds=time.monotonic() - started)
        self._tell(run, package, Ended(attempt, receipt.version))
        return receipt

    def _tell(self, run: Run, package: Package, ended: Ended, error: PublisherError | None = None) -> None:
        if self.answer is not None:
            write_ended(self.answer, ended)
            return
        if isinstance(error, UsageError) and not isinstance(error, ProjectError):
            # a slip on the command line is no news of the package
            return
        if isinstance(error, AccessDenied | Unavailable):
            # the store would not take this either
            return
        try:
            store = admit(run.store, single_writer=run.settings.single_writer, retry=run.retry)
            record_attempt(store, package.name, self._schedule(package), ended, now=run.now())
        except StoreError as failure:
            self.output.warn(f"status.json could not be brought up to date: {failure.message}")

    def _schedule(self, package: Package) -> Schedule | None:
        try:
            return read_schedule(package)
        except ProjectError as error:
            self.output.warn(str(error))
            return None
