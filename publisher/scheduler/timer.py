"""The library `schedule`, which runs what is due. In: names, what to start, a clock. Out: Timer.

The library counts from when its process began, in local time without a zone, and forgets everything at a restart. So it is given its
moments here, from slots.py, and looks at our clock; what is due it orders and starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import schedule

NEVER = datetime.max.replace(tzinfo=UTC)


class Timer:
    """Starts each of its packages when its moment has come. `start` must set another moment, or the package is started again."""

    def __init__(self, start: Callable[[str], object], now: Callable[[], datetime]) -> None:
        self._start = start
        self._now = now
        self._library = schedule.Scheduler()
        self._jobs: dict[str, _Job] = {}

    def keep(self, names: Iterable[str]) -> None:
        """Have these packages and no others; new ones are never due until they are set."""
        wanted = set(names)
        for name in self._jobs.keys() - wanted:
            self._library.cancel_job(self._jobs.pop(name))
        for name in sorted(wanted - self._jobs.keys()):
            self._jobs[name] = _Job(name, self._start, self._now)
            self._library.jobs.append(self._jobs[name])

    def set(self, name: str, moment: datetime) -> None:
        """When a package is to be started."""
        self._jobs[name].next_run = moment

    def run_due(self) -> None:
        """Start everything whose moment has come, the longest waiting first."""
        self._library.run_pending()

    @property
    def next(self) -> datetime:
        """The earliest moment."""
        return min((job.next_run for job in self._jobs.values()), default=NEVER)


class _Job(schedule.Job):
    """A job whose moments others set."""

    def __init__(self, name: str, start: Callable[[str], object], now: Callable[[], datetime]) -> None:
        super().__init__(1)
        self.name = name
        self.next_run: datetime = NEVER
        self._start = start
        self._now = now

    @property
    def should_run(self) -> bool:
        return self._now() >= self.next_run

    def run(self) -> None:
        self._start(self.name)
