"""What people were told, for all replicas. In: a store. Out: `.alerts.json`, replaced only as it was read.

Who writes first that a notice is taken sends it; it stays on the list until it is delivered, and whoever runs next takes it up again. A
process that dies between sending and crossing out sends twice; nothing is lost. Details of notices are not kept: the store may be public.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from publisher import layout
from publisher.alerts.notice import Notice, Told, read_notice
from publisher.canonical import content_hash, readable_json, sha256_bytes
from publisher.errors import NotFound, PreconditionFailed
from publisher.store.base import Store

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice on its way. `taken` is when somebody last set out to deliver it over `channel`, `tries` how often."""

    channel: str
    notice: Notice
    taken: datetime
    tries: int = 1

    @property
    def id(self) -> str:
        return content_hash([self.channel, self.notice.to_dict()])


@dataclass(frozen=True, slots=True)
class Ledger:
    """`etag` is None where nothing was written yet."""

    told: Mapping[str, Told] = field(default_factory=dict)
    pending: tuple[Pending, ...] = ()
    etag: str | None = None


def read_ledger(store: Store) -> Ledger:
    """The ledger; an empty one where it is missing or cannot be read: to tell something twice is better than not at all."""
    try:
        body, stat = store.read(layout.ALERTS)
    except NotFound:
        return Ledger()
    try:
        document = json.loads(body)
        told = {str(name): Told(**item) for name, item in document["told"].items()}
        return Ledger(told, tuple(_pending(item) for item in document["pending"]), stat.etag)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Ledger(etag=stat.etag)


def write_ledger(store: Store, ledger: Ledger) -> bool:
    """Replace the ledger that was read. False where somebody else was faster."""
    document = {
        "format": FORMAT,
        "told": {name: _told(item) for name, item in sorted(ledger.told.items())},
        "pending": [
            {
                "channel": item.channel,
                "notice": item.notice.to_dict(),
                "taken": item.taken.astimezone(UTC).isoformat(timespec="seconds"),
                "tries": item.tries,
            }
            for item in ledger.pending
        ],
    }
    body = readable_json(document)
    headers = layout.headers(layout.ALERTS)
    try:
        store.put(
            layout.ALERTS,
            body,
            sha256=sha256_bytes(body),
            headers=headers,
            if_absent=ledger.etag is None,
            if_match=ledger.etag,
        )
    except PreconditionFailed:
        return False
    return True


def _told(told: Told) -> dict[str, str]:
    return {name: getattr(told, name) for name in Told.__slots__}


def _pending(record: Mapping[str, Any]) -> Pending:
    return Pending(
        str(record["channel"]),
        read_notice(record["notice"]),
        datetime.fromisoformat(record["taken"]),
        int(record["tries"]),
    )
