"""The state of a package: what attempts and passing time make of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.status import Attempt, Deadlines, Outcome, Withdrawal, first_status

START = datetime(2026, 3, 28, 6, tzinfo=UTC)
DAY = timedelta(days=1)
DAILY = Deadlines("every day", START + DAY, START + DAY, START + 2 * DAY, START + 3 * DAY)


def attempt(run: str, outcome: Outcome = "published", at: datetime = START) -> Attempt:
    return Attempt(at, outcome, run)


def test_nothing_is_promised_without_a_schedule() -> None:
    entry = first_status("alliance", START)
    assert entry.state == "unscheduled"
    assert entry.state_at(START + 1000 * DAY) == "unscheduled"


@pytest.mark.parametrize(
    ("days", "state"),
    [(0, "fresh"), (0.99, "fresh"), (1, "due"), (1.5, "due"), (2, "overdue"), (3, "delinquent"), (300, "delinquent")],
)
def test_passing_time_makes_it_late(days: float, state: str) -> None:
    entry = first_status("alliance", START).after(attempt("a"), "1.0.0").expect(DAILY, START)
    assert entry.state == "fresh"
    assert entry.state_at(START + days * DAY) == state


def test_since_is_when_the_state_began_and_stays_while_it_lasts() -> None:
    entry = first_status("alliance", START).expect(DAILY, START + 1.5 * DAY)
    assert (entry.state, entry.since) == ("due", START + DAY)
    later = entry.expect(DAILY, START + 1.9 * DAY)
    assert (later.state, later.since) == ("due", START + DAY)
    latest = later.expect(DAILY, START + 5 * DAY)
    assert (latest.state, latest.since) == ("delinquent", START + 3 * DAY)


def test_failures_are_counted_until_a_success() -> None:
    entry = first_status("alliance", START).after(attempt("a"), "1.0.0")
    for run, outcome in [("b", "invalid"), ("c", "timeout"), ("d", "failed")]:
        entry = entry.after(attempt(run, outcome, START + DAY))  # type: ignore[arg-type]
    assert (entry.failures, entry.version, entry.last_success) == (3, "1.0.0", START)
    entry = entry.after(attempt("e", "superseded", START + 2 * DAY))
    assert (entry.failures, entry.version, entry.last_success) == (0, "1.0.0", START + 2 * DAY)


def test_what_was_taken_back_is_not_brought_up_again_by_an_attempt_that_is_told_of_late() -> None:
    entry = first_status("alliance", START).after(attempt("a"), "1.0.0").after(attempt("b"), "1.1.0")
    entry = entry.moved("1.0.0", Withdrawal("1.1.0", "rollback", START + DAY))
    late = entry.after(attempt("c", "unchanged", START + DAY), "1.1.0")
    assert (late.version, late.withdrawn) == ("1.0.0", entry.withdrawn)
    same = late.after(attempt("d", "unchanged", START + DAY), "1.0.0")
    assert (same.version, same.withdrawn) == ("1.0.0", entry.withdrawn)
    after = same.after(attempt("e", at=START + 2 * DAY), "1.1.1")
    assert (after.version, after.withdrawn) == ("1.1.1", None)


@given(
    st.lists(
        st.sampled_from(["published", "unchanged", "superseded", "invalid", "refused", "failed", "unknown"]), max_size=8
    )
)
def test_an_attempt_counts_once_however_often_it_is_told(outcomes: list[Outcome]) -> None:
    once = twice = first_status("alliance", START)
    for number, outcome in enumerate(outcomes):
        one = attempt(str(number), outcome)
        once = once.after(one, "1.0.0")
        twice = twice.after(one, "1.0.0").after(replace(one, seconds=9), "1.0.0")
    assert once == twice
