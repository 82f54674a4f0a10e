"""Which packages are due, and running them. In: the schedules packages declare, a clock. Out: jobs run one after another.

A schedule is written in a package's descriptor: `schedule: {every: day, at: "06:00", timezone: Europe/Brussels}`; `every` is
`minute`, `hour`, `day`, a weekday, or a number with a unit such as `15 minutes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import schedule

from publisher.errors import ProjectError
from publisher.model import Package

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = ("minute", "hour", "day", "week")
_EVERY = re.compile(r"^(?:(?P<count>[1-9]\d{0,4}) )?(?P<unit>[a-z]+?)s?$")
_CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a package is published: every `count` `unit`s, for days and weekdays at `at` (HH:MM) in `timezone`."""

    count: int
    unit: str
    at: str
    timezone: str

    def __str__(self) -> str:
        every = self.unit if self.count == 1 else f"{self.count} {self.unit}s"
        return f"every {every} at {self.at} {self.timezone}" if self.at else f"every {every}"


def read_schedule(package: Package) -> Schedule | None:
    """The schedule a package declares, or None. Raises ProjectError for one that cannot be kept."""
    written = package.settings.get("schedule")
    if written is None:
        return None
    where = f"package {package.name}: schedule"
    if not isinstance(written, Mapping) or not set(written) <= {"every", "at", "timezone"}:
        raise ProjectError(
            f"{where} must have only `every`, `at` and `timezone`",
            'Write {every: day, at: "06:00", timezone: Europe/Brussels}.',
        )
    match = _EVERY.match(str(written.get("every", "")).lower())
    unit = match["unit"] if match else ""
    if match is None or unit not in (*UNITS, *WEEKDAYS) or (match["count"] and unit in WEEKDAYS):
        raise ProjectError(
            f"{where}: every {written.get('every')!r} is not known",
            f"Known are {', '.join(UNITS + WEEKDAYS)}, `15 minutes`.",
        )
    at = str(written.get("at", ""))
    if at and (not _CLOCK.match(at) or unit not in ("day", *WEEKDAYS)):
        raise ProjectError(f"{where}: at {at!r} does not fit", "Write HH:MM in quotes, for days and weekdays.")
    timezone = str(written.get("timezone", "UTC"))
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ProjectError(
            f"{where}: there is no time zone {timezone!r}", "Use a name such as Europe/Brussels or UTC."
        ) from error
    return Schedule(int(match["count"] or 1), unit, at, timezone)


def plan_jobs(schedules: Mapping[str, Schedule], run: Callable[[str], None]) -> schedule.Scheduler:
    """A scheduler (of the library `schedule`) that calls `run(package)` when a package is due."""
    jobs = schedule.Scheduler()
    for name, item in schedules.items():
        job = jobs.every(item.count)
        job = getattr(job, item.unit if item.count == 1 else f"{item.unit}s")
        if item.at:
            job = job.at(item.at, item.timezone)
        job.do(run, name).tag(name)
    return jobs


def next_runs(jobs: schedule.Scheduler) -> dict[str, datetime]:
    """When each package is due next, in local time."""
    return {str(tag): job.next_run for job in jobs.get_jobs() for tag in job.tags if job.next_run is not None}


def run_until(jobs: schedule.Scheduler, wait: Callable[[float], bool]) -> None:
    """Run due jobs one after another until `wait(seconds)`, which pauses at most that long, answers True (stop)."""
    pause = 0.0
    while not wait(pause):
        jobs.run_pending()
        idle = jobs.idle_seconds
        pause = 3600.0 if idle is None else min(max(idle, 0.0), 3600.0)
