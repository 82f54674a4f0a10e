"""When a package is due: the calendar, changing clocks, catching up; as laws and as days that people know."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.scheduler import Rule, Schedule, deadlines, is_due, next_slot
from publisher.status import Attempt, Outcome, PackageStatus, first_status

ZONES = (
    "UTC",
    "Europe/Brussels",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Sao_Paulo",
)
DAY = timedelta(days=1)

clocks = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
times = st.lists(clocks, min_size=1, max_size=3, unique=True).map(lambda items: tuple(sorted(items)))
rules = st.one_of(
    st.builds(Rule, st.just("minute"), st.integers(1, 90)),
    st.builds(Rule, st.just("hour"), st.integers(1, 30), st.integers(0, 59).map(lambda minute: (f":{minute:02}",))),
    st.builds(Rule, st.just("day"), st.integers(1, 5), times, st.sampled_from(ZONES)),
    st.builds(
        Rule,
        st.just("week"),
        st.integers(1, 3),
        times,
        st.sampled_from(ZONES),
        st.lists(st.integers(0, 6), min_size=1, unique=True).map(lambda days: tuple(sorted(days))),
    ),
    st.builds(
        Rule, st.just("month"), st.integers(1, 4), times, st.sampled_from(ZONES), st.just(()), st.integers(1, 31)
    ),
)
schedules = st.lists(rules, min_size=1, max_size=3).map(lambda items: Schedule(tuple(items)))
moments = st.integers(1_262_304_000, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
"""2010 to 2029: Apia skipped 30 December 2011, Sao Paulo changed its clocks at midnight until 2019."""


def slots(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    """Moments later than `start`, up to `end`."""
    found = []
    while (start := next_slot(schedule, start)) <= end:
        found.append(start)
    return found


def schedule(unit: str, *at: str, zone: str = "Europe/Brussels", count: int = 1, **more: object) -> Schedule:
    return Schedule((Rule(unit, count, at, zone, **more),))  # type: ignore[arg-type]


@given(schedules, moments, st.integers(0, 200 * 86400))
def test_whoever_asks_and_whenever_finds_the_same_moments(one: Schedule, start: datetime, seconds: int) -> None:
    """There is no moment between `start` and its next one, wherever in between one asks."""
    found = next_slot(one, start)
    assert found > start
    between = start + min(timedelta(seconds=seconds), found - start - timedelta(seconds=1))
    assert next_slot(one, between) == found
    assert next_slot(one, found) > found
    assert found.second == 0


@given(schedules, moments, st.lists(st.integers(0, 5 * 86400), max_size=6))
def test_each_missed_moment_is_made_good_once_after_any_pauses(
    one: Schedule, start: datetime, pauses: list[int]
) -> None:
    """Looking only now and then, an attempt is made exactly where a moment has passed since the last attempt."""
    entry, now = first_status("x", start), start
    for number, pause in enumerate(pauses):
        since, now = now, now + timedelta(seconds=pause)
        missed = next_slot(one, since) <= now
        assert is_due(one, entry, now) is missed
        if missed:
            entry = entry.after(Attempt(now, "unchanged", str(number)))
            assert not is_due(one, entry, now)


@settings(max_examples=40)
@given(st.sampled_from(ZONES), clocks, moments)
def test_a_daily_moment_for_each_date(zone_name: str, clock: str, start: datetime) -> None:
    """Against the clock on the wall: 300 days, each date that the zone has exactly once, at that time where it exists."""
    zone = ZoneInfo(zone_name)
    found = [
        moment.astimezone(zone) for moment in slots(schedule("day", clock, zone=zone_name), start, start + 300 * DAY)
    ]
    dates = Counter(moment.date() for moment in found)
    first, last = start.astimezone(zone).date() + DAY, (start + 300 * DAY).astimezone(zone).date() - DAY
    for number in range(first.toordinal(), last.toordinal()):
        day = date.fromordinal(number)
        wall = datetime.combine(day, time.fromisoformat(clock), zone)
        exists = wall.astimezone(UTC).astimezone(zone).replace(fold=0) == wall
        if exists:
            assert dates[day] == 1
            assert wall.astimezone(UTC) in [moment.astimezone(UTC) for moment in found if moment.date() == day]
    assert all(count == 1 for count in dates.values())


def local(found: list[datetime], zone: str = "Europe/Brussels") -> list[str]:
    return [moment.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M %Z") for moment in found]


def test_spring_forward_skips_no_day() -> None:
    start = datetime(2026, 3, 27, 12, tzinfo=UTC)
    assert local(slots(schedule("day", "02:30"), start, start + 3 * DAY)) == [
        "03-28 02:30 CET",
        "03-29 03:30 CEST",
        "03-30 02:30 CEST",
    ]


def test_fall_back_repeats_no_day() -> None:
    start = datetime(2026, 10, 23, 12, tzinfo=UTC)
    assert local(slots(schedule("day", "02:30"), start, start + 3 * DAY)) == [
        "10-24 02:30 CEST",
        "10-25 02:30 CEST",
        "10-26 02:30 CET",
    ]


def test_six_in_the_morning_stays_six_in_the_morning() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = slots(schedule("day", "06:00"), start, start + 365 * DAY)
    assert len(found) == 365
    assert {moment.astimezone(ZoneInfo("Europe/Brussels")).strftime("%H:%M") for moment in found} == {"06:00"}
    assert {moment.hour for moment in found} == {4, 5}


@pytest.mark.parametrize("start", [datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)])
def test_changing_clocks_neither_skip_nor_repeat_an_hour(start: datetime) -> None:
    found = slots(Schedule((Rule("hour", at=(":15",)),)), start, start + timedelta(hours=6))
    assert found == [start + timedelta(hours=hour, minutes=15) for hour in range(6)]


def test_month_ends() -> None:
    start = datetime(2027, 12, 15, tzinfo=UTC)
    found = slots(schedule("month", "12:00", zone="UTC", day=31), start, start + 200 * DAY)
    assert [f"{moment:%m-%d}" for moment in found] == ["12-31", "01-31", "02-29", "03-31", "04-30", "05-31", "06-30"]
    daily = slots(
        schedule("day", "12:00", zone="UTC"), datetime(2027, 2, 26, 13, tzinfo=UTC), datetime(2027, 3, 2, tzinfo=UTC)
    )
    assert [f"{moment:%m-%d}" for moment in daily] == ["02-27", "02-28", "03-01"]


def test_weekdays_and_counts() -> None:
    start = datetime(2026, 11, 19, tzinfo=UTC)
    week = slots(schedule("week", "07:30", zone="UTC", weekdays=(0, 1, 2, 3, 4)), start, start + 7 * DAY)
    assert [f"{moment:%a}" for moment in week] == ["Thu", "Fri", "Mon", "Tue", "Wed"]
    fortnight = slots(schedule("week", zone="UTC", count=2, weekdays=(0,)), start, start + 40 * DAY)
    assert [f"{moment:%a %d}" for moment in fortnight] == ["Mon 23", "Mon 07", "Mon 21"]
    quarters = slots(schedule("month", zone="UTC", count=3), start, start + 400 * DAY)
    assert [f"{moment:%b %d %H:%M}" for moment in quarters[:3]] == ["Jan 01 00:00", "Apr 01 00:00", "Jul 01 00:00"]
    quarter_hours = slots(Schedule((Rule("minute", 15),)), start, start + timedelta(hours=1))
    assert [moment.minute for moment in quarter_hours] == [15, 30, 45, 0]


def test_a_day_that_a_zone_has_skipped() -> None:
    """There was no 30 December 2011 in Apia: its update and that of the 31st are one."""
    start = datetime(2011, 12, 29, 0, tzinfo=ZoneInfo("Pacific/Apia"))
    found = slots(schedule("day", "06:00", zone="Pacific/Apia"), start, start + 4 * DAY)
    assert local(found, "Pacific/Apia") == ["12-29 06:00 -10", "12-31 06:00 +14", "01-01 06:00 +14"]


def tried(outcome: Outcome, exit_code: int | None, *, failures: int = 1) -> PackageStatus:
    entry = first_status("x", NOON)
    for number in range(failures):
        entry = entry.after(Attempt(NOON, outcome, str(number), exit_code, 90.0))
    return entry


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAILY = Schedule((Rule("day", at=("12:00",)),))


@pytest.mark.parametrize(
    ("outcome", "exit_code", "minutes"),
    [
        ("failed", 4, 6.5),
        ("unknown", 5, 6.5),
        ("timeout", None, 6.5),
        ("crashed", None, 6.5),
        ("failed", 2, 24 * 60),
        ("invalid", 1, 24 * 60),
        ("refused", 6, 24 * 60),
        ("unchanged", 0, 24 * 60),
    ],
)
def test_what_may_pass_is_tried_again_soon(outcome: Outcome, exit_code: int | None, minutes: float) -> None:
    entry = tried(outcome, exit_code)
    due = deadlines(DAILY, entry).next_due
    assert due == NOON + timedelta(minutes=minutes)
    assert is_due(DAILY, entry, due)
    assert not is_due(DAILY, entry, due - timedelta(seconds=1))


def test_pauses_grow_and_never_pass_the_next_moment() -> None:
    pauses = [deadlines(DAILY, tried("failed", 4, failures=count)).next_due for count in range(1, 12)]
    minutes = [((found or NOON) - NOON).total_seconds() / 60 - 1.5 for found in pauses]
    assert minutes[:9] == [5, 10, 20, 40, 80, 160, 320, 360, 360]
    often = Schedule((Rule("minute", 3),))
    assert deadlines(often, tried("failed", 4, failures=5)).next_due == NOON + timedelta(minutes=3)


def test_how_late_is_told_by_the_moments_that_passed() -> None:
    entry = tried("unchanged", 0)
    found = deadlines(DAILY, entry)
    assert (found.due_from, found.overdue_from, found.delinquent_from) == (NOON + DAY, NOON + 2 * DAY, NOON + 3 * DAY)
    often = deadlines(Schedule((Rule("minute"),)), entry)
    assert often.due_from == NOON + timedelta(minutes=1)
    assert often.overdue_from == NOON + timedelta(minutes=11)
    assert often.delinquent_from == NOON + timedelta(minutes=61)


def test_a_failure_does_not_make_it_fresh() -> None:
    entry = tried("unchanged", 0).after(Attempt(NOON + DAY, "invalid", "b", 1))
    found = deadlines(DAILY, entry)
    assert (found.due_from, found.next_due) == (NOON + DAY, NOON + 2 * DAY)


def test_an_attempt_in_the_future_counts_as_none() -> None:
    entry = first_status("x", NOON).after(Attempt(NOON + 3000 * DAY, "unchanged", "a"))
    assert is_due(DAILY, entry, NOON)


def test_nothing_is_expected_without_a_schedule() -> None:
    assert deadlines(None, tried("unchanged", 0)).next_due is None
