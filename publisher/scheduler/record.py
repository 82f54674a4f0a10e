"""Attempts, passing time and what people took back, told in status.json. In: a store, schedules, how attempts ended. Out: Change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from publisher.scheduler.process import Ended, Job
from publisher.scheduler.rules import Schedule
from publisher.scheduler.slots import deadlines
from publisher.status import Change, PackageStatus, Withdrawal, first_status, update_status
from publisher.store.base import Store
from publisher.store.retry import Retry

CONTEST = Retry(tries=64, first=0.02, most=0.5, budget=60.0)
"""For status.json, which all replicas write: many may be faster, one each time."""


def record_attempt(
    store: Store,
    name: str,
    schedule: Schedule | None,
    ended: Ended,
    *,
    now: datetime,
    known: PackageStatus | None = None,
    retry: Retry = CONTEST,
) -> Change:
    """Tell of an attempt. `known` is what this process knows and could perhaps not record. Raises StoreError."""

    def change(stored: PackageStatus | None) -> PackageStatus:
        return after_attempt(name, schedule, ended, newer(stored, known), now)

    done = update_status(store, {name: change}, moment=now, retry=retry)
    before, after = done.get(name, (known, change(known)))
    return Change(newer(before, known), after, ended.attempt)


def after_attempt(
    name: str, schedule: Schedule | None, ended: Ended, before: PackageStatus | None, now: datetime
) -> PackageStatus:
    """What is known of a package after an attempt."""
    base = before or first_status(name, ended.attempt.at)
    after = base.after(ended.attempt, ended.version)
    return after.expect(deadlines(schedule, after), now)


def record_withdrawal(
    store: Store, name: str, version: str | None, withdrawn: Withdrawal | None, *, now: datetime, retry: Retry = CONTEST
) -> None:
    """Tell which version readers get now that a person decided so; nothing of a package that was never tried here. Raises StoreError."""
    update_status(store, {name: lambda entry: entry and entry.moved(version, withdrawn)}, moment=now, retry=retry)


def record_time(
    store: Store,
    jobs: Iterable[Job],
    stored: Mapping[str, PackageStatus],
    known: Mapping[str, PackageStatus],
    *,
    now: datetime,
    retry: Retry = CONTEST,
) -> dict[str, PackageStatus]:
    """Tell of packages seen for the first time, of schedules that were changed, of lateness, and of what could not be told before.

    Most of the time there is nothing to tell, and nothing is written. Returns entries by name. Raises StoreError."""

    def change(job: Job) -> Callable[[PackageStatus | None], PackageStatus | None]:
        return lambda entry: aged(job, newer(entry, known.get(job.name)), now)

    wanted = {job.name: change(job) for job in jobs}
    found = {name: make(stored.get(name)) for name, make in wanted.items()}
    differ = {name: wanted[name] for name, entry in found.items() if entry is not None and entry != stored.get(name)}
    if differ:
        done = update_status(store, differ, moment=now, retry=retry)
        found |= {name: after for name, (_, after) in done.items()}
    return {name: entry for name, entry in found.items() if entry is not None}


def aged(job: Job, entry: PackageStatus | None, now: datetime) -> PackageStatus | None:
    """An entry as the schedule and the time make it. That an update is due is not worth a write: it is told by the attempt that follows."""
    if entry is None:
        if job.schedule is None:
            return None
        entry = first_status(job.name, now)
    after = entry.expect(deadlines(job.schedule, entry), now)
    only_due = after.state == "due" and replace(after, state=entry.state, since=entry.since) == entry
    return entry if only_due else after


def newer(stored: PackageStatus | None, known: PackageStatus | None) -> PackageStatus | None:
    """Of two entries of a package the one that knows the later attempt, without a release that was taken back since; the stored one where
    they know the same."""
    if stored is None or known is None:
        return stored or known
    mine, theirs = known.last_attempt, stored.last_attempt
    if mine is None or (theirs is not None and mine.at <= theirs.at):
        return stored
    gone = stored.withdrawn
    return known.moved(stored.version, gone) if gone and gone.version == known.version else known
