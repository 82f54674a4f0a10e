"""Keeping packages published. In: jobs, a store that other replicas share, a clock. Out: attempts started, ended and told of, step by step.

One thread, no locks: `step` does what is to be done at this moment and says for how many seconds there will be nothing to do unless a
process ends. An attempt goes through

    due ──▶ lease ──▶ due still, says the store? ──▶ process ──▶ told in status.json ──▶ lease given back

What the store cannot tell or take at the moment is tried again; nothing is forgotten meanwhile, and attempts of which the store could not
be told are told to `tell` all the same.
"""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from publisher.errors import Damaged, StoreError
from publisher.scheduler.lease import RENEW, Lease, give_back, renew_lease, take_lease
from publisher.scheduler.process import Ended, Job, Launch, Running
from publisher.scheduler.record import CONTEST, after_attempt, newer, record_attempt, record_time
from publisher.scheduler.slots import is_due, next_attempt
from publisher.scheduler.timer import NEVER, Timer
from publisher.status import Change, PackageStatus, Tell, cut_short, first_status, read_status
from publisher.store.base import Store
from publisher.store.retry import Retry

TAKEN = timedelta(seconds=15)
"""When to look again at a package that another replica is publishing."""
TROUBLE = timedelta(seconds=60)
"""When to try again after the store, or this machine, failed at starting an attempt."""

_LOG = logging.getLogger(__name__)

Answer = Literal["started", "full", "taken", "not due", "failed"]


@dataclass(frozen=True, slots=True)
class Terms:
    """How many attempts run at once, for how many seconds each may run, and after how many seconds status.json is read again for what
    other replicas and people have done."""

    parallel: int = 1
    limit: float = 3600.0
    look: float = 60.0


@dataclass(slots=True)
class _Attempt:
    """An attempt under way: `at` by the clock on the wall, `started` and `renewed` by the one that counts seconds."""

    job: Job
    run: str
    running: Running
    store: Store
    lease: Lease | None
    at: datetime
    started: float
    renewed: float


class Service:
    """See the module's text. `store` opens the store, which must honour conditional writes (commit.admit); it is asked again until it
    answers. `holder` is a name that no other process has, `dead` those of processes that are known to have ended."""

    def __init__(
        self,
        jobs: Iterable[Job],
        *,
        store: Callable[[], Store],
        launch: Launch,
        holder: str,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        tell: Tell,
        terms: Terms,
        dead: Collection[str] = (),
        retry: Retry = CONTEST,
    ) -> None:
        self._launch = launch
        self._holder = holder
        self._now = now
        self._clock = clock
        self._tell = tell
        self._dead = dead
        self._retry = retry
        self._timer = Timer(self.start, now)
        self._running: dict[str, _Attempt] = {}
        self._known: dict[str, PackageStatus] = {}
        self._forced: set[str] = set()
        self.configure(jobs, store, terms)

    @property
    def running(self) -> frozenset[str]:
        """Packages with an attempt under way."""
        return frozenset(self._running)

    @property
    def jobs(self) -> Mapping[str, Job]:
        """The packages that are kept, by name."""
        return self._jobs

    @property
    def known(self) -> Mapping[str, PackageStatus]:
        """What this process knows of its packages."""
        return self._known

    def configure(self, jobs: Iterable[Job], store: Callable[[], Store], terms: Terms) -> None:
        """From now on keep these packages, in this store, on these terms. What runs goes on."""
        self._jobs = {job.name: job for job in jobs}
        self._open = store
        self._store: Store | None = None
        self._terms = terms
        self._known = {name: entry for name, entry in self._known.items() if name in self._jobs}
        self._forced &= self._jobs.keys()
        self._timer.keep(self._jobs)
        self._next_look = self._clock()

    def force(self, names: Iterable[str]) -> None:
        """These are due now, whatever their schedules say."""
        for name in names:
            self._forced.add(name)
            self._timer.set(name, self._now())

    def step(self) -> float:
        """Do what is to be done now. Returns the seconds until there is more to do, unless a process ends before."""
        self.collect()
        if self._clock() >= self._next_look:
            self._next_look = self._clock() + self._terms.look
            try:
                self.look()
            except StoreError as error:
                _LOG.warning("the store cannot be asked: %s", error.message, extra={"remedy": error.remedy})
        self._timer.run_due()
        seconds = min(self.patience, self._next_look - self._clock())
        if len(self._running) < self._terms.parallel:
            seconds = min(seconds, (self._timer.next - self._now()).total_seconds())
        return max(seconds, 0.0)

    @property
    def patience(self) -> float:
        """Seconds until something is to be done for an attempt under way, unless it ends before."""
        ends = [item.started + self._terms.limit for item in self._running.values()]
        renewals = [item.renewed + RENEW.total_seconds() for item in self._running.values()]
        return max(0.0, min((*ends, *renewals), default=math.inf) - self._clock())

    def look(self) -> None:
        """Read what the store knows, tell it what time has made of that, and set the next moments. Raises StoreError."""
        store = self._reach()
        stored = _read(store)
        before = {name: newer(stored.get(name), self._known.get(name)) for name in self._jobs}
        found = record_time(store, self._jobs.values(), stored, self._known, now=self._now(), retry=self._retry)
        for name, entry in found.items():
            self._know(entry)
            was = before[name]
            if was is None or was.state != entry.state:
                self._tell(Change(was, entry))

    def start(self, name: str) -> Answer:
        """Begin an attempt, if there is room, nobody else makes one, and it is due still as the store knows it."""
        if len(self._running) >= self._terms.parallel:
            return "full"
        job, lease, now = self._jobs[name], None, self._now()
        try:
            store = self._reach()
            lease = take_lease(store, name, self._holder, now, self._dead)
            if lease is None:
                _LOG.info("another replica is publishing this package", extra={"package": name})
                self._timer.set(name, now + TAKEN)
                return "taken"
            entry = newer(_read(store).get(name), self._known.get(name)) or first_status(name, now)
            if name not in self._forced and (job.schedule is None or not is_due(job.schedule, entry, now)):
                self._know(entry)
                _release(store, lease, now)
                return "not due"
            run = secrets.token_hex(8)
            running = self._launch(job, run, now)
        except (StoreError, OSError) as error:
            _LOG.warning("an attempt could not be begun: %s", error, extra={"package": name})
            self._timer.set(name, now + TROUBLE)
            if lease is not None:
                _release(store, lease, now)
            return "failed"
        begun = self._clock()
        self._running[name] = _Attempt(job, run, running, store, lease, now, begun, begun)
        self._timer.set(name, NEVER)
        _LOG.info("attempt begun", extra={"package": name, "run": run})
        return "started"

    def collect(self) -> None:
        """See to attempts under way: those that have ended, those whose time is up, and leases."""
        for item in list(self._running.values()):
            ended, passed = item.running.poll(), self._clock() - item.started
            if ended is None and passed >= self._terms.limit:
                said = f"stopped at its time limit of {self._terms.limit:.0f} seconds"
                ended = item.running.stop() or Ended(
                    cut_short("timeout", run=item.run, at=item.at, seconds=passed, detail=said)
                )
            if ended is not None:
                self._end(item, ended)
            elif item.lease is not None and self._clock() - item.renewed >= RENEW.total_seconds():
                self._renew(item)

    def abandon(self) -> None:
        """End what runs, at once; it is due still, for whoever comes next."""
        for item in list(self._running.values()):
            ended = item.running.stop()
            if ended is not None:
                self._end(item, ended)
                continue
            del self._running[item.job.name]
            _LOG.warning("attempt abandoned", extra={"package": item.job.name, "run": item.run})
            if item.lease is not None:
                _release(item.store, item.lease, self._now())

    def kill(self) -> None:
        """End what runs, at once, and wait for nothing. May be called from a signal's handler."""
        for item in list(self._running.values()):
            item.running.kill()

    def _end(self, item: _Attempt, ended: Ended) -> None:
        name, now = item.job.name, self._now()
        schedule = self._jobs.get(name, item.job).schedule
        known = self._known.get(name)
        try:
            change = record_attempt(item.store, name, schedule, ended, now=now, known=known, retry=self._retry)
        except StoreError as error:
            _LOG.warning(
                "the attempt could not be told of: %s", error.message, extra={"package": name, "run": item.run}
            )
            after = after_attempt(name, schedule, ended, known, now)
            change = Change(known, after, ended.attempt, recorded=False)
        del self._running[name]
        self._forced.discard(name)
        if name in self._jobs:
            self._know(change.after)
        if item.lease is not None:
            _release(item.store, item.lease, now)
        self._tell(change)

    def _renew(self, item: _Attempt) -> None:
        assert item.lease is not None
        item.renewed = self._clock()
        try:
            item.lease = renew_lease(item.store, item.lease, self._now())
        except StoreError as error:
            _LOG.warning("the lease could not be renewed: %s", error.message, extra={"package": item.job.name})
        else:
            if item.lease is None:
                _LOG.warning("another replica has taken over this package", extra={"package": item.job.name})

    def _know(self, entry: PackageStatus) -> None:
        """Remember an entry, and when the package is due by it."""
        name = entry.name
        self._known[name] = entry
        schedule = self._jobs[name].schedule
        if name in self._running or name in self._forced:
            return
        if schedule is None:
            self._timer.set(name, NEVER)
        else:
            now = self._now()
            self._timer.set(name, now if is_due(schedule, entry, now) else next_attempt(schedule, entry))

    def _reach(self) -> Store:
        if self._store is None:
            self._store = self._open()
        return self._store


def _read(store: Store) -> Mapping[str, PackageStatus]:
    """Entries by name; a document that cannot be read is one of which nothing is known, and is written anew."""
    try:
        return read_status(store).packages
    except Damaged as error:
        _LOG.warning("%s", error.message)
        return {}


def _release(store: Store, lease: Lease, now: datetime) -> None:
    """A lease that cannot be given back ends by itself."""
    with suppress(StoreError):
        give_back(store, lease, now)
