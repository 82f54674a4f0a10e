"""What the public is told of every package's last runs. In: how attempts ended, deadlines, a store. Out: status.json, kept current.

Nothing in it comes from a cell, a path or a server's answer: messages are sentences of `judge`, the rest codes and counts. `state` was
true when the document was written; who reads it later asks `state_at`, which needs nothing but the document, so that a publisher that
died cannot go on calling its data fresh.
"""

from publisher.status.document import (
    attempt_from,
    attempt_json,
    entry_json,
    forget_package,
    parse_status,
    read_status,
    update_status,
)
from publisher.status.entry import (
    SUCCESSES,
    Attempt,
    Change,
    Count,
    Deadlines,
    Outcome,
    PackageStatus,
    State,
    Status,
    Tell,
    Withdrawal,
    first_status,
)
from publisher.status.judge import cut_short, judge
from publisher.status.verdict import LEVELS, Level, Verdict, give_verdict, worst

__all__ = [
    "LEVELS",
    "SUCCESSES",
    "Attempt",
    "Change",
    "Count",
    "Deadlines",
    "Level",
    "Outcome",
    "PackageStatus",
    "State",
    "Status",
    "Tell",
    "Verdict",
    "Withdrawal",
    "attempt_from",
    "attempt_json",
    "cut_short",
    "entry_json",
    "first_status",
    "forget_package",
    "give_verdict",
    "judge",
    "parse_status",
    "read_status",
    "update_status",
    "worst",
]
