"""How an attempt ended, in words that may be public. In: a receipt or an error. Out: Attempt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from publisher.errors import (
    AccessDenied,
    Damaged,
    GateRefused,
    InvalidData,
    OutcomeUnknown,
    PublisherError,
    SourceError,
    StoreError,
    Superseded,
    Unavailable,
    UsageError,
)
from publisher.findings import Report
from publisher.messages import read_messages
from publisher.model import Receipt
from publisher.report import explain
from publisher.status.entry import Attempt, Count, Outcome

FINDINGS = 20
"""How many counts an attempt carries at most, so that its size is bounded."""

TOLD = 5
"""How many findings the detail of an attempt shows."""


def judge(ended: Receipt | PublisherError, *, run: str, at: datetime, seconds: float) -> Attempt:
    """The attempt that ended with this receipt or error."""
    at = at.astimezone(UTC).replace(microsecond=0)
    if isinstance(ended, Receipt):
        outcome: Outcome = "unchanged" if ended.outcome == "unchanged" else "published"
        return Attempt(at, outcome, run, 0, round(seconds, 1), detail=ended.stale)
    found = ended.report if isinstance(ended, InvalidData) and isinstance(ended.report, Report) else Report()
    counts = [Count(task.name, code, count) for task in found.tasks for code, count in task.counts.items()]
    counts.sort(key=lambda item: (-item.count, item.table, item.type))
    return Attempt(
        at,
        next((outcome for kind, outcome in _OUTCOMES.items() if isinstance(ended, kind)), "failed"),
        run,
        ended.exit_code,
        round(seconds, 1),
        type(ended).__name__,
        _explain(ended, found),
        tuple(counts[:FINDINGS]),
        found.errors,
        _detail(ended, found),
    )


def cut_short(
    outcome: Literal["timeout", "crashed"], *, run: str, at: datetime, seconds: float, detail: str
) -> Attempt:
    """An attempt whose process was stopped, or ended by itself without telling how."""
    message = (
        f"it was stopped after {seconds:.0f} seconds" if outcome == "timeout" else "the program ended unexpectedly"
    )
    at = at.astimezone(UTC).replace(microsecond=0)
    return Attempt(at, outcome, run, None, round(seconds, 1), message=message, detail=detail)


_OUTCOMES: Mapping[type[PublisherError], Outcome] = {
    InvalidData: "invalid",
    GateRefused: "refused",
    Superseded: "superseded",
    OutcomeUnknown: "unknown",
}

_SENTENCES: Mapping[type[PublisherError], str] = {
    GateRefused: "a release gate refused the release",
    Superseded: "another publisher had read newer sources",
    OutcomeUnknown: "whether the release became visible is not known yet",
    AccessDenied: "the store refused access",
    Unavailable: "the store did not answer",
    SourceError: "a source could not be read",
    Damaged: "the store holds other bytes than were written",
    StoreError: "the store failed",
    UsageError: "the project or its settings cannot be used",
}
"""From the particular to the general; nothing else of an error is published."""


def _detail(error: PublisherError, found: Report) -> str:
    """The whole error, with the first findings: where, what, how to mend it."""
    messages = read_messages("findings", "en")
    first = [f"{item.resource}, {explain(item, messages)}" for item in found.findings[:TOLD]]
    more = [f"and {found.errors - len(first)} more"] if found.errors > len(first) else []
    return "\n".join([str(error), *first, *(more if first else [])])


def _explain(error: PublisherError, found: Report) -> str:
    if found.errors:
        return found.counted
    return next((text for kind, text in _SENTENCES.items() if isinstance(error, kind)), "the attempt failed")
