"""Weeks in moments: replicas of a service on one store, with processes and clocks that only the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from publisher.scheduler import Ended, Job, Rule, Schedule
from publisher.scheduler.service import Service, Terms
from publisher.status import Attempt, Change, Outcome
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from publisher.store.retry import Retry

START = datetime(2026, 3, 23, 0, 0, 30, tzinfo=UTC)
"""A Monday; clocks in Brussels go forward on the following Sunday."""
DAILY = Schedule((Rule("day", at=("06:00",), timezone="Europe/Brussels"),))
SELDOM = Terms(look=3600.0)
"""Weeks go faster where status.json is looked at once an hour."""
ONCE = Retry(tries=4, sleep=lambda _: None)

Plan = Callable[[Job, datetime], tuple[float, Outcome]]
"""How long an attempt takes, in seconds, and how it ends."""


@dataclass
class Process:
    """An attempt under way in the world."""

    world: World
    replica: str
    job: Job
    run: str
    at: datetime
    end: datetime
    outcome: Outcome
    dead: bool = False

    def poll(self) -> Ended | None:
        if self.world.time < self.end:
            return None
        code = {"invalid": 1, "failed": 4}.get(self.outcome, 0)
        return Ended(Attempt(self.at.replace(microsecond=0), self.outcome, self.run, code), "1.0.0")

    def stop(self) -> Ended | None:
        self.kill()
        return None

    def kill(self) -> None:
        self.dead = True


@dataclass
class World:
    """`begun` are all attempts ever, `told` all changes by replica."""

    plan: Plan = lambda _job, _at: (5.0, "unchanged")
    store: Store = field(default_factory=MemoryStore)
    time: datetime = START
    begun: list[Process] = field(default_factory=list)
    told: list[tuple[str, Change]] = field(default_factory=list)
    replicas: dict[str, Service] = field(default_factory=dict)

    def replica(
        self, name: str, jobs: Iterable[Job], *, terms: Terms = SELDOM, ahead: float = 0.0, dead: Iterable[str] = ()
    ) -> Service:
        """Start one, whose clock on the wall is `ahead` seconds wrong."""
        skew = timedelta(seconds=ahead)

        def launch(job: Job, run: str, at: datetime) -> Process:
            seconds, outcome = self.plan(job, at)
            process = Process(self, name, job, run, at, self.time + timedelta(seconds=seconds), outcome)
            self.begun.append(process)
            return process

        self.replicas[name] = Service(
            jobs,
            store=lambda: self.store,
            launch=launch,
            holder=name,
            now=lambda: self.time + skew,
            clock=lambda: (self.time - START).total_seconds(),
            tell=lambda change: self.told.append((name, change)),
            terms=terms,
            dead=frozenset(dead),
            retry=ONCE,
        )
        return self.replicas[name]

    def kill(self, name: str) -> None:
        """As SIGKILL does to a container: its processes end with it and nobody is told."""
        del self.replicas[name]
        for process in self.begun:
            process.dead |= process.replica == name and process.end > self.time

    def run(self, until: datetime) -> None:
        """Let time pass, from one thing to do to the next."""
        while True:
            pauses = [service.step() for service in self.replicas.values()]
            ends = [process.end for process in self.begun[-20:] if process.end > self.time and not process.dead]
            wakes = [self.time + timedelta(seconds=pause) for pause in pauses]
            following = min((*wakes, *ends), default=until)
            if following >= until:
                break
            assert following > self.time or following in ends, "a service that never pauses"
            self.time = following
        self.time = until

    def attempts(self, name: str = "alliance") -> list[Process]:
        return [process for process in self.begun if process.job.name == name]


def job(name: str = "alliance", schedule: Schedule | None = DAILY) -> Job:
    return Job(name, name, schedule)


def every(unit: str, count: int = 1) -> Schedule:
    return Schedule((Rule(unit, count),))  # type: ignore[arg-type]
