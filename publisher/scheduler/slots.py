"""When a package is due. In: its schedule, its status. Out: moments in UTC, as functions of these alone.

A schedule is a set of moments, the same for everybody and at any time, whatever ran before: so a process that starts anew, another
replica and a reader all find the same ones. Minutes and hours are counted from 1970 in UTC, so that changing clocks neither skip nor
repeat one. Days, weeks and months are those of the calendar of the time zone, one moment for each date and time of day:

- a time that a clock skips in spring happens as much later as the clock jumps (02:30 at what is then called 03:30);
- a time that a clock shows twice in autumn happens the first time;
- a day that a month does not have is its last;
- `2 days` are counted from 1 January 1970, `2 weeks` from Monday 5 January 1970, months so that `3 months` begin in January.

All moments missed since the last attempt are made good by one attempt.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from publisher.scheduler.rules import Rule, Schedule
from publisher.status import Deadlines, PackageStatus

LATE = timedelta(minutes=10)
"""An update is overdue after this at the earliest, however often it is due."""
VERY_LATE = timedelta(hours=1)
"""An update is delinquent after this at the earliest."""
AGAIN = timedelta(minutes=5)
"""Pause before the first repetition of an attempt that failed for a reason that may pass; it doubles with each failure."""
AGAIN_MOST = timedelta(hours=6)
AHEAD = timedelta(minutes=5)
"""An attempt that began further in the future was recorded by a clock that is wrong, and counts as none."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1).toordinal()
_FIRST_MONDAY = date(1970, 1, 5).toordinal()
_SECONDS = {"minute": 60, "hour": 3600}


def next_slot(schedule: Schedule, after: datetime) -> datetime:
    """The schedule's first moment later than `after`."""
    return min(_next(rule, after.astimezone(UTC)) for rule in schedule.rules)


def deadlines(schedule: Schedule | None, entry: PackageStatus) -> Deadlines:
    """When the next attempt is due, and from when on the package is how late."""
    if schedule is None:
        return Deadlines()
    due = next_slot(schedule, entry.last_success or entry.first_seen)
    second = next_slot(schedule, due)
    return Deadlines(
        str(schedule),
        next_attempt(schedule, entry),
        due,
        max(second, due + LATE),
        max(next_slot(schedule, second), due + VERY_LATE),
    )


def next_attempt(schedule: Schedule, entry: PackageStatus) -> datetime:
    """The schedule's next moment after the last attempt began (before the first one: since the package is known), or earlier, where that
    attempt failed for a reason that may pass: the store, the time limit, a crash."""
    last = entry.last_attempt
    if last is None:
        return next_slot(schedule, entry.first_seen)
    slot = next_slot(schedule, last.at)
    if last.succeeded or last.exit not in (4, 5, None):
        return slot
    pause = min(AGAIN * (1 << min(max(entry.failures - 1, 0), 16)), AGAIN_MOST)
    return min(slot, last.at + timedelta(seconds=round(last.seconds)) + pause)


def is_due(schedule: Schedule, entry: PackageStatus, now: datetime) -> bool:
    """Whether an attempt is due at `now`."""
    last = entry.last_attempt
    return next_attempt(schedule, entry) <= now or (last is not None and last.at > now + AHEAD)


def _next(rule: Rule, after: datetime) -> datetime:
    if rule.unit in _SECONDS:
        return _next_counted(_SECONDS[rule.unit] * rule.count, rule.at, after)
    zone = ZoneInfo(rule.timezone)
    times = [time.fromisoformat(item) for item in rule.at or ("00:00",)]
    # A day before and a day after: skipped hours, and whole days that zones have skipped, put moments out of the order of dates.
    for day, following in pairwise(_dates(rule, after.astimezone(zone).date() - timedelta(days=1))):
        found = [_moment(item, clock, zone) for item in (day, following) for clock in times]
        if later := [moment for moment in found if moment > after]:
            return min(later)
    raise AssertionError("dates do not end")


def _next_counted(period: int, at: tuple[str, ...], after: datetime) -> datetime:
    passed = (after - _EPOCH) // timedelta(seconds=1)
    offsets = [60 * int(item[1:]) for item in at or (":00",)]
    return _EPOCH + timedelta(seconds=min(((passed - offset) // period + 1) * period + offset for offset in offsets))


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Of two moments the first (PEP 495: fold=0); a skipped time as the offset before the jump has it, which is after the jump."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _dates(rule: Rule, start: date) -> Iterator[date]:
    """The rule's dates from `start` on."""
    if rule.unit == "month":
        yield from _months(rule, start)
        return
    number = start.toordinal()
    while True:
        if rule.unit == "day":
            wanted = (number - _FIRST_DAY) % rule.count == 0
        else:
            week, weekday = divmod(number - _FIRST_MONDAY, 7)
            wanted = week % rule.count == 0 and weekday in rule.weekdays
        if wanted:
            yield date.fromordinal(number)
        number += 1


def _months(rule: Rule, start: date) -> Iterator[date]:
    month = start.year * 12 + start.month - 1
    while True:
        if month % rule.count == 0:
            year, index = divmod(month, 12)
            found = date(year, index + 1, min(rule.day, calendar.monthrange(year, index + 1)[1]))
            if found >= start:
                yield found
        month += 1
