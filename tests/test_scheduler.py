"""Schedules: what can be written, when jobs run, how the loop ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from publisher.errors import ProjectError
from publisher.model import Package
from publisher.scheduler import next_runs, plan_jobs, read_schedule, run_until


def package(schedule: Any) -> Package:
    return Package("alliance", Path(), {}, (), settings={} if schedule is None else {"schedule": schedule})


def test_none_is_fine() -> None:
    assert read_schedule(package(None)) is None


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"every": "day", "at": "06:00", "timezone": "Europe/Brussels"}, "every day at 06:00 Europe/Brussels"),
        ({"every": "15 minutes"}, "every 15 minutes"),
        ({"every": "monday", "at": "23:59"}, "every monday at 23:59 UTC"),
        ({"every": "hour"}, "every hour"),
        ({"every": "2 weeks"}, "every 2 weeks"),
    ],
)
def test_schedules_read_back(written: dict[str, str], says: str) -> None:
    found = read_schedule(package(written))
    assert str(found) == says
    assert found is not None
    assert set(next_runs(plan_jobs({"alliance": found}, lambda _: None))) == {"alliance"}


@pytest.mark.parametrize(
    "written",
    [
        "daily",
        {"every": "fortnight"},
        {"every": "0 days"},
        {"every": "day", "at": "6:00"},
        {"every": "day", "at": 360},
        {"every": "hour", "at": "06:00"},
        {"every": "3 mondays"},
        {"every": "day", "timezone": "Mars/Base"},
        {"every": "day", "on": "06:00"},
    ],
)
def test_what_cannot_be_kept_is_refused(written: Any) -> None:
    with pytest.raises(ProjectError, match="schedule"):
        read_schedule(package(written))


def test_the_loop_runs_what_is_due_and_stops_when_told() -> None:
    ran: list[str] = []
    schedule = read_schedule(package({"every": "minute"}))
    assert schedule is not None
    jobs = plan_jobs({"alliance": schedule}, ran.append)
    for job in jobs.get_jobs():
        job.next_run = job.next_run.replace(year=2000)  # type: ignore[union-attr]
    pauses: list[float] = []

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) == 3

    run_until(jobs, wait)
    assert ran == ["alliance"]
    assert pauses[0] == 0
    assert 0 < pauses[1] <= 60
