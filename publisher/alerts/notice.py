"""Which changes are worth a word. In: what people were told last, a Change. Out: what they know then, and notices.

A package fails, recovers, is late, or has a new release; each is said once, when it becomes so. Failing in another way is said again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from publisher.status import Change, PackageStatus

_LATE = ("", "overdue", "delinquent")


@dataclass(frozen=True, slots=True)
class Told:
    """What people know of a package: how it fails ("" where it does not), how late it is, its newest release."""

    failing: str = ""
    late: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to say. `kind` is one of project.alerting.KINDS; `outcome`, `message`, `run` are those of the last attempt, `since`
    when the last success began. `detail` names cells and servers: it is said at once or never, and kept nowhere."""

    kind: str
    package: str
    at: datetime
    outcome: str = ""
    message: str = ""
    run: str = ""
    state: str = ""
    version: str = ""
    failures: int = 0
    schedule: str = ""
    since: datetime | None = None
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The notice without its detail; what is empty is left out. Moments are RFC 3339 in UTC."""
        parts = {item.name: _plain(getattr(self, item.name)) for item in fields(self) if item.name != "detail"}
        return {name: value for name, value in parts.items() if value}


def read_notice(record: Mapping[str, Any]) -> Notice:
    """What `to_dict` wrote. Raises KeyError, TypeError, ValueError."""
    moments = {name: datetime.fromisoformat(record[name]) for name in ("at", "since") if name in record}
    return Notice(**{**record, **moments})


def decide(told: Told, change: Change) -> tuple[Told, tuple[Notice, ...]]:
    """What people know after `change`, and what they have to be told for that."""
    after = change.after
    attempt = after.last_attempt
    failing = attempt.outcome if attempt is not None and not attempt.succeeded else ""
    late = after.state if after.state in _LATE else ""
    known = Told(failing, late, after.version or told.version)
    return known, tuple(_notice(kind, change) for kind in _kinds(told, known, change))


def _kinds(told: Told, known: Told, change: Change) -> Iterator[str]:
    if known.failing and known.failing != told.failing:
        yield "failure"
    if not known.failing and (told.failing or (told.late and not known.late)):
        yield "recovery"
    if _LATE.index(known.late) > _LATE.index(told.late):
        yield "stale"
    published = change.attempt is not None and change.attempt.outcome == "published"
    if published and known.version != told.version:
        yield "publication"


def _notice(kind: str, change: Change) -> Notice:
    after = change.after
    attempt = after.last_attempt
    return Notice(
        kind,
        after.name,
        attempt.at if attempt is not None and kind != "stale" else after.since,
        attempt.outcome if attempt else "",
        attempt.message if attempt else "",
        attempt.run if attempt else "",
        after.state,
        after.version or "",
        _failures(change, kind),
        after.schedule,
        after.last_success,
        change.attempt.detail if change.attempt is not None and kind == "failure" else "",
    )


def _failures(change: Change, kind: str) -> int:
    """How often it failed: before the success, where this tells of a recovery."""
    known: PackageStatus | None = change.before if kind == "recovery" else change.after
    return known.failures if known else 0


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
