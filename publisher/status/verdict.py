"""Whether somebody must look. In: a package's status, the moment. Out: Verdict, in the three degrees of monitoring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from publisher.status.entry import PackageStatus, State

Level = Literal["ok", "warning", "critical"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "critical")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` at the moment that was asked for, and why it is not well ("" where it is)."""

    level: Level
    state: State
    why: str = ""


def give_verdict(entry: PackageStatus, moment: datetime) -> Verdict:
    """Critical once nobody seems to look; a warning while it is late or its last attempt failed."""
    state, last = entry.state_at(moment), entry.last_attempt
    failed = ""
    if entry.failures and last is not None:
        times = "" if entry.failures == 1 else f", {entry.failures} times in a row"
        failed = f"the last attempt ended as {last.outcome}{times}" + (f": {last.message}" if last.message else "")
    if state == "delinquent":
        return Verdict("critical", state, failed or "nothing was tried for long")
    if state == "overdue" or failed:
        return Verdict("warning", state, failed or "nothing was tried when it was due")
    return Verdict("ok", state)


def worst(levels: Iterable[Level]) -> Level:
    """The highest degree; ok where there is none."""
    return max(levels, key=LEVELS.index, default="ok")
