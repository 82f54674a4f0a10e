"""The schedule that a package declares. In: `schedule` of a descriptor. Out: Schedule, checked, which says itself in words.

    schedule: {every: day, at: "06:00", timezone: Europe/Brussels}
    schedule: {every: [monday, thursday], at: ["06:00", "18:00"], timezone: Europe/Brussels}
    schedule: [{every: weekday, at: "07:30"}, {every: month, day: 31, at: "12:00"}, {every: 2 hours, at: ":15"}]

`every` is minute, hour, day, week or month, each with a count before it if need be (`15 minutes`), a weekday, `weekday` (Monday to
Friday), or a list of weekdays. Which moments these are is said in slots.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from publisher.errors import ProjectError
from publisher.model import Package

Unit = Literal["minute", "hour", "day", "week", "month"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORKDAYS = "weekday"
_CALENDAR = ("day", "week", "month")
_EVERY = re.compile(r"^(?:(?P<count>[1-9]\d{0,2}) )?(?P<unit>[a-z]+?)s?$")
_CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")
_MINUTE = re.compile(r"^:[0-5]\d$")
_EXAMPLE = 'Write {every: day, at: "06:00", timezone: Europe/Brussels}.'


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a schedule: every `count` `unit`s.

    `weekdays` (0 is Monday) are for weeks, `day` (1 to 31, the month's last where it is shorter) for months. `at` are times of the day as
    HH:MM in `timezone` for days, weeks and months, minutes of the hour as :MM for hours; midnight and :00 where none is given."""

    unit: Unit
    count: int = 1
    at: tuple[str, ...] = ()
    timezone: str = "UTC"
    weekdays: tuple[int, ...] = ()
    day: int = 1

    def __str__(self) -> str:
        every = self.unit if self.count == 1 else f"{self.count} {self.unit}s"
        if self.unit == "week" and self.count == 1 and self.weekdays:
            every = WORKDAYS if self.weekdays == (0, 1, 2, 3, 4) else _listed([WEEKDAYS[day] for day in self.weekdays])
        on = f" on day {self.day}" if self.unit == "month" else ""
        zone = f" {self.timezone}" if self.unit in _CALENDAR and self.at else ""
        return f"every {every}{on} at {_listed(self.at)}{zone}" if self.at else f"every {every}{on}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a package is published: whenever one of the rules says so."""

    rules: tuple[Rule, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.rules))


def read_schedule(package: Package) -> Schedule | None:
    """The schedule a package declares, or None. Raises ProjectError for one that cannot be kept."""
    written = package.settings.get("schedule")
    if written is None:
        return None
    where = f"package {package.name}: schedule"
    items = written if isinstance(written, list) else [written]
    if not items:
        raise ProjectError(f"{where} is an empty list", _EXAMPLE)
    return Schedule(tuple(_rule(item, where) for item in items))


def _rule(written: Any, where: str) -> Rule:
    if not isinstance(written, Mapping) or not set(written) <= {"every", "at", "timezone", "day"}:
        raise ProjectError(f"{where} must have only `every`, `at`, `timezone` and `day`", _EXAMPLE)
    unit, count, weekdays = _every(written.get("every"), where)
    at = _times(written.get("at"), unit, where)
    if unit not in _CALENDAR and "timezone" in written:
        raise ProjectError(
            f"{where}: minutes and hours have no time zone", "Leave `timezone` out: they are counted in UTC."
        )
    day = written.get("day", 1)
    if type(day) is not int or not 1 <= day <= 31 or ("day" in written and unit != "month"):
        raise ProjectError(f"{where}: day {day!r} does not fit", "Write 1 to 31, with `every: month`.")
    return Rule(unit, count, at, _zone(written.get("timezone", "UTC"), where), weekdays, day)


def _every(written: Any, where: str) -> tuple[Unit, int, tuple[int, ...]]:
    names = [str(item).lower() for item in (written if isinstance(written, list) else [written])]
    if names and all(name in (*WEEKDAYS, WORKDAYS) for name in names):
        days = {day for name in names for day in (range(5) if name == WORKDAYS else (WEEKDAYS.index(name),))}
        return "week", 1, tuple(sorted(days))
    match = _EVERY.match(names[0]) if len(names) == 1 else None
    if match is None or match["unit"] not in get_args(Unit):
        raise ProjectError(
            f"{where}: every {written!r} is not known",
            f"Known are {', '.join((*get_args(Unit), WORKDAYS, *WEEKDAYS))}, `15 minutes`, and lists of weekdays.",
        )
    unit: Unit = match["unit"]  # type: ignore[assignment]  # the pattern lets only units pass
    return unit, int(match["count"] or 1), (0,) if unit == "week" else ()


def _times(written: Any, unit: Unit, where: str) -> tuple[str, ...]:
    if written is None:
        return ()
    items = [str(item) for item in (written if isinstance(written, list) else [written])]
    form = _CLOCK if unit in _CALENDAR else _MINUTE
    if not items or unit == "minute" or not all(form.match(item) for item in items):
        raise ProjectError(
            f"{where}: at {written!r} does not fit",
            'Write "HH:MM" in quotes for days, weekdays, weeks and months, ":MM" for hours, nothing for minutes.',
        )
    return tuple(sorted(set(items)))


def _zone(written: Any, where: str) -> str:
    name = str(written)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ProjectError(
            f"{where}: there is no time zone {name!r}", "Use a name such as Europe/Brussels or UTC."
        ) from error
    return name


def _listed(items: tuple[str, ...] | list[str]) -> str:
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))
