"""Schedules: what can be written, how they say themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from publisher.errors import ProjectError
from publisher.model import Package
from publisher.scheduler import Schedule, read_schedule


def read(written: Any) -> Schedule | None:
    settings = {} if written is None else {"schedule": written}
    return read_schedule(Package("alliance", Path(), {}, (), settings=settings))


def test_none_is_fine() -> None:
    assert read(None) is None


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"every": "day", "at": "06:00", "timezone": "Europe/Brussels"}, "every day at 06:00 Europe/Brussels"),
        ({"every": "15 minutes"}, "every 15 minutes"),
        ({"every": "minute"}, "every minute"),
        ({"every": "monday", "at": "23:59"}, "every monday at 23:59 UTC"),
        ({"every": "hour"}, "every hour"),
        ({"every": "2 hours", "at": ":15"}, "every 2 hours at :15"),
        ({"every": "2 weeks"}, "every 2 weeks"),
        ({"every": "week"}, "every monday"),
        ({"every": "weekday", "at": "07:30"}, "every weekday at 07:30 UTC"),
        (
            {"every": ["thursday", "monday"], "at": ["18:00", "06:00"]},
            "every monday and thursday at 06:00 and 18:00 UTC",
        ),
        ({"every": "month", "day": 31}, "every month on day 31"),
        ({"every": "3 months", "at": "12:00"}, "every 3 months on day 1 at 12:00 UTC"),
        ([{"every": "day"}, {"every": "hour", "at": ":30"}], "every day; every hour at :30"),
    ],
)
def test_schedules_say_themselves(written: Any, says: str) -> None:
    assert str(read(written)) == says


@pytest.mark.parametrize(
    "written",
    [
        "daily",
        [],
        ["daily"],
        {"every": "fortnight"},
        {"every": "0 days"},
        {"every": "1000 days"},
        {"every": "day", "at": "6:00"},
        {"every": "day", "at": 360},
        {"every": "day", "at": "24:00"},
        {"every": "day", "at": []},
        {"every": "day", "at": ":30"},
        {"every": "hour", "at": "06:00"},
        {"every": "minute", "at": ":30"},
        {"every": "hour", "timezone": "Europe/Brussels"},
        {"every": "3 mondays"},
        {"every": ["monday", "day"]},
        {"every": []},
        {"every": "day", "timezone": "Mars/Base"},
        {"every": "day", "on": "06:00"},
        {"every": "month", "day": 0},
        {"every": "month", "day": 32},
        {"every": "month", "day": True},
        {"every": "month", "day": "last"},
        {"every": "day", "day": 3},
    ],
)
def test_what_cannot_be_kept_is_refused(written: Any) -> None:
    with pytest.raises(ProjectError, match="package alliance: schedule"):
        read(written)
