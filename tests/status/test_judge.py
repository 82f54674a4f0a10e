"""How an attempt ended, in words that may be public."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from publisher import errors
from publisher.findings import Report, Task
from publisher.model import Receipt
from publisher.status import Count, Outcome, attempt_from, attempt_json, cut_short, judge

AT = datetime(2026, 3, 28, 6, 0, 0, 250_000, tzinfo=UTC)
SECRET = "somebody@example.org"
EVERY = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, errors.PublisherError)]


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        (Receipt("alliance", "published", "1.0.0"), "published"),
        (Receipt("alliance", "unchanged", "1.0.0"), "unchanged"),
        (errors.InvalidData("x", Report()), "invalid"),
        (errors.GateRefused("x"), "refused"),
        (errors.Superseded("x"), "superseded"),
        (errors.OutcomeUnknown("x"), "unknown"),
        (errors.Unavailable("x"), "failed"),
        (errors.ProjectError("x"), "failed"),
    ],
)
def test_outcomes(ended: Receipt | errors.PublisherError, outcome: Outcome) -> None:
    found = judge(ended, run="a", at=AT, seconds=1.234)
    assert (found.outcome, found.seconds, found.at) == (outcome, 1.2, AT.replace(microsecond=0))
    assert found.exit == (0 if isinstance(ended, Receipt) else ended.exit_code)
    assert found.succeeded == (outcome in {"published", "unchanged", "superseded"})


@pytest.mark.parametrize("kind", EVERY)
def test_what_an_error_says_is_not_published(kind: type[errors.PublisherError]) -> None:
    ended = kind(SECRET, Report(), SECRET) if kind is errors.InvalidData else kind(SECRET, SECRET)
    found = judge(ended, run="a", at=AT, seconds=1)
    assert SECRET in found.detail
    assert SECRET not in json.dumps(attempt_json(found))
    assert found.message
    assert found.error == kind.__name__


def test_findings_are_counted_exactly_and_listed_to_a_bound() -> None:
    tasks = tuple(Task(f"t{number:02}", "", counts={"type-error": number, "enum": 1}) for number in range(1, 41))
    found = judge(errors.InvalidData("x", Report(tasks)), run="a", at=AT, seconds=1)
    assert found.findings_total == sum(range(1, 41)) + 40
    assert found.findings[:2] == (Count("t40", "type-error", 40), Count("t39", "type-error", 39))
    assert len(found.findings) == 20
    assert found.message == "860 findings in 40 tables"
    assert attempt_from(json.loads(json.dumps(attempt_json(found)))) == replace(found, detail="")


def test_an_attempt_that_was_cut_short_has_no_exit_code() -> None:
    found = cut_short("timeout", run="a", at=AT, seconds=3600, detail="…")
    assert (found.outcome, found.exit, found.message) == ("timeout", None, "it was stopped after 3600 seconds")
