"""Packages kept published over weeks of a controlled clock: every moment once, whatever pauses, dies or takes long."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.errors import Unavailable
from publisher.scheduler import Job, Schedule, next_slot
from publisher.scheduler.lease import SKEW, TTL
from publisher.scheduler.service import TAKEN, Terms
from publisher.status import Outcome, read_status
from publisher.store.memory import MemoryStore
from tests.scheduler.test_slots import schedules, slots
from tests.scheduler.world import DAILY, START, World, every, job

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
BRUSSELS = ZoneInfo("Europe/Brussels")


def test_weeks_of_mornings_over_both_clock_changes() -> None:
    world = World()
    world.replica("a", [job()])
    world.run(START + 330 * DAY)
    wall = [process.at.astimezone(BRUSSELS) for process in world.attempts()]
    assert len(wall) == 330
    assert {moment.strftime("%H:%M:%S") for moment in wall} == {"06:00:00"}
    assert all((later.date() - earlier.date()) == DAY for earlier, later in pairwise(wall))


def test_a_first_deployment_publishes_at_the_first_moment_and_not_before() -> None:
    world = World()
    world.replica("a", [job()])
    world.run(START + timedelta(hours=4))
    assert world.begun == []
    entry = read_status(world.store).packages["alliance"]
    assert (entry.state, entry.first_seen, entry.next_due) == ("fresh", START, next_slot(DAILY, START))
    world.run(START + timedelta(hours=6))
    assert [process.at for process in world.begun] == [next_slot(DAILY, START)]


@settings(max_examples=60, deadline=None)
@given(
    schedules,
    st.lists(
        st.tuples(st.integers(60, 9 * 86400), st.integers(0, 9 * 86400)),
        max_size=4,
    ),
    st.integers(1, 7000),
)
def test_after_any_pause_what_was_missed_runs_once(
    schedule: Schedule, lives: list[tuple[int, int]], seconds: int
) -> None:
    """A replica that lives and is dead for any times, with attempts of any length: between two attempts there is a moment, after each
    moment there is an attempt, and at a moment at which nothing runs it begins at once."""
    world = World(plan=lambda _job, _at: (float(seconds), "unchanged"))
    if any(rule.unit == "minute" for rule in schedule.rules):
        lives = [(alive % 7200 + 60, pause % 7200) for alive, pause in lives]
    for number, (alive, pause) in enumerate([*lives, (3 * 7200, 0)]):
        world.replica(str(number), [job(schedule=schedule)], dead=[str(past) for past in range(number)])
        world.run(world.time + timedelta(seconds=alive))
        world.kill(str(number))
        world.time += timedelta(seconds=pause)
    whole = [process for process in world.begun if not process.dead]
    for earlier, later in pairwise(whole):
        assert next_slot(schedule, earlier.at.replace(microsecond=0)) <= later.at
    end = world.time
    last = max((process.at for process in world.begun), default=START)
    missed = slots(schedule, last, end)
    busy = [process for process in world.begun if process.end > end - MINUTE]
    assert not missed or busy


def test_a_week_of_pause_is_made_good_by_one_attempt() -> None:
    world = World()
    world.replica("a", [job()])
    world.run(START + 3 * DAY)
    world.kill("a")
    world.time += 7 * DAY
    world.replica("b", [job()])
    world.run(world.time + timedelta(hours=1))
    assert Counter(process.replica for process in world.begun) == {"a": 3, "b": 1}
    world.run(world.time + 2 * DAY)
    assert Counter(process.replica for process in world.begun) == {"a": 3, "b": 3}


def test_a_job_longer_than_its_interval_never_runs_twice_at_once_and_misses_no_change() -> None:
    world = World(plan=lambda _job, _at: (150.0, "unchanged"))
    world.replica("a", [job(schedule=every("minute"))], terms=Terms(4))
    world.replica("b", [job(schedule=every("minute"))], terms=Terms(4))
    world.run(START + timedelta(hours=3))
    begun = world.begun
    assert all(earlier.end <= later.at for earlier, later in pairwise(begun))
    assert all(later.at - earlier.end <= TAKEN for earlier, later in pairwise(begun))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 14 * 24 * 60), st.integers(1, 90), st.integers(-25, 25))
def test_two_replicas_share_and_one_is_killed(minutes: int, seconds: int, ahead: int) -> None:
    """Clocks differ, one dies at any minute of two weeks: each moment is served once, a second time only where the dead one was at it."""
    world = World(plan=lambda _job, _at: (float(seconds), "published"))
    packages = [job(), job("other", every("hour", 7))]
    world.replica("a", packages)
    world.replica("b", packages, ahead=float(ahead))
    world.run(START + minutes * MINUTE)
    world.kill("a")
    end = START + 15 * DAY
    world.run(end)
    for package in packages:
        assert package.schedule is not None
        whole = [process for process in world.attempts(package.name) if not process.dead]
        expected = slots(package.schedule, START, end - timedelta(minutes=3))
        assert [next_slot(package.schedule, process.at - timedelta(minutes=4)) for process in whole] == expected
        for process in whole:
            late = process.at - next_slot(package.schedule, process.at - timedelta(minutes=4))
            assert late <= TTL + 2 * SKEW + TAKEN
        assert sum(process.dead for process in world.attempts(package.name)) <= 1


def test_replicas_really_share() -> None:
    world = World(plan=lambda _job, _at: (600.0, "published"))
    packages = [job(f"p{number}") for number in range(4)]
    world.replica("a", packages)
    world.replica("b", packages)
    world.run(START + timedelta(hours=6))
    assert Counter(process.replica for process in world.begun) == {"a": 2, "b": 2}


@pytest.mark.parametrize("parallel", [1, 2, 5])
def test_never_more_at_once_than_asked_for(parallel: int) -> None:
    world = World(plan=lambda _job, _at: (700.0, "unchanged"))
    world.replica("a", [job(f"p{number}", every("hour")) for number in range(5)], terms=Terms(parallel, look=600))
    world.run(START + timedelta(hours=5))
    moments = [(process.at, 1) for process in world.begun] + [(process.end, -1) for process in world.begun]
    running, most = 0, 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    assert most == parallel
    assert len({process.job.name for process in world.begun}) == 5


def test_what_hangs_is_stopped_at_its_limit_and_tried_again() -> None:
    hangs = iter([True, True])
    world = World(plan=lambda _job, _at: (1e9 if next(hangs, False) else 5.0, "published"))
    world.replica("a", [job()], terms=Terms(limit=1800, look=3600))
    world.run(START + DAY)
    first, second, third = world.begun
    assert (first.dead, second.dead, third.dead) == (True, True, False)
    assert second.at - first.at == timedelta(seconds=1800) + 5 * MINUTE
    assert third.at - second.at == timedelta(seconds=1800) + 10 * MINUTE
    assert [change.attempt.outcome for _, change in world.told if change.attempt] == ["timeout", "timeout", "published"]
    entry = read_status(world.store).packages["alliance"]
    assert (entry.failures, entry.state) == (0, "fresh")


def test_lateness_is_told_once_by_one_of_the_replicas() -> None:
    outcomes: list[Outcome] = ["unchanged"]
    world = World(plan=lambda _job, _at: (5.0, outcomes[-1]))
    world.replica("a", [job()])
    world.replica("b", [job()])
    world.run(START + DAY)
    outcomes.append("invalid")
    world.run(START + 6 * DAY)
    told = [
        change for _, change in world.told if change.before is not None and change.before.state != change.after.state
    ]
    assert [change.after.state for change in told] == ["due", "overdue", "delinquent"]
    outcomes.append("unchanged")
    world.run(START + 7 * DAY)
    assert world.told[-1][1].before is not None
    assert (world.told[-1][1].before.state, world.told[-1][1].after.state) == ("delinquent", "fresh")


class Moody(MemoryStore):
    """A store that is away at times."""

    away = False

    def read(self, key: str) -> object:  # type: ignore[override]
        if self.away:
            raise Unavailable("no answer")
        return super().read(key)


def test_a_store_that_is_away_at_the_start_and_at_the_moment() -> None:
    store = Moody()
    world = World(store=store)
    store.away = True
    world.replica("a", [job()])
    world.run(START + timedelta(hours=1))
    store.away = False
    world.run(START + timedelta(hours=2))
    assert "alliance" in read_status(store).packages
    store.away = True
    world.run(START + timedelta(hours=8))
    assert world.begun == []
    store.away = False
    world.run(START + timedelta(hours=9))
    assert len(world.begun) == 1


def test_an_attempt_that_could_not_be_told_of_is_told_later_and_not_made_again() -> None:
    store = Moody()
    world = World(store=store, plan=lambda _job, _at: (60.0, "invalid"))
    world.replica("a", [job()])
    world.run(datetime(2026, 3, 23, 5, 0, 30, tzinfo=START.tzinfo))
    assert len(world.begun) == 1
    store.away = True
    world.run(START + timedelta(hours=9))
    assert [change.recorded for _, change in world.told if change.attempt] == [False]
    store.away = False
    world.run(START + timedelta(hours=10))
    entry = read_status(store).packages["alliance"]
    assert entry.last_attempt is not None
    assert (entry.last_attempt.outcome, entry.failures, len(world.begun)) == ("invalid", 1, 1)
    assert len([change for _, change in world.told if change.attempt]) == 1


def test_packages_come_and_go_when_the_project_is_read_again() -> None:
    world = World(plan=lambda _job, _at: (30.0, "unchanged"))
    service = world.replica("a", [job(), job("old")])
    world.run(datetime(2026, 3, 23, 5, 0, 10, tzinfo=START.tzinfo))
    assert service.running == {"alliance"}
    service.configure([job(schedule=every("hour")), job("new", every("hour"))], lambda: world.store, Terms())
    world.run(START + timedelta(hours=8, minutes=1))
    assert Counter(process.job.name for process in world.begun) == {"alliance": 4, "new": 3}
    assert read_status(world.store).packages["alliance"].schedule == "every hour"


def test_a_schedule_that_is_taken_away_is_no_promise_any_more() -> None:
    world = World()
    service = world.replica("a", [job()])
    world.run(START + DAY)
    service.configure([job(schedule=None)], lambda: world.store, Terms())
    world.run(START + 9 * DAY)
    entry = read_status(world.store).packages["alliance"]
    assert (entry.state, entry.next_due, len(world.begun)) == ("unscheduled", None, 1)


def test_forced_it_runs_now_and_then_as_planned() -> None:
    world = World()
    service = world.replica("a", [job(), Job("none", "none", None)])
    service.force(["alliance", "none"])
    world.run(START + DAY)
    assert [process.at for process in world.attempts()] == [START, next_slot(DAILY, START)]
    assert len(world.attempts("none")) == 1


def test_abandoned_it_is_due_still_and_nobody_waits_for_it() -> None:
    world = World(plan=lambda _job, _at: (3600.0, "published"))
    service = world.replica("a", [job()])
    world.run(datetime(2026, 3, 23, 5, 10, tzinfo=START.tzinfo))
    service.abandon()
    assert world.begun[0].dead
    assert service.running == set()
    del world.replicas["a"]
    world.replica("b", [job()])
    world.run(world.time + timedelta(seconds=1))
    assert [process.replica for process in world.begun] == ["a", "b"]
