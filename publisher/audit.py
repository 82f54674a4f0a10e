"""Who did what, and why. In: a store, an action. Out: one immutable object an event, each naming the hash of the one before.

Events are numbered from 1 and created, never replaced: of two publishers that write at once one gets the number and the other takes the
next. Beside them stands the number of a late one, so that writing lists nothing; it is a hint, and where it is wrong it costs requests.
Whoever alters, removes or inserts an event breaks the chain from there on, and reading says where. What the chain alone cannot tell is
that the newest events were cut off; for that, keep the last number and its hash elsewhere (`publisher audit --json`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.errors import Damaged, NotFound, PreconditionFailed, StoreError
from publisher.project.actor import Actor
from publisher.store.base import Store

FORMAT = 1
ACTIONS = ("publish", "rollback", "yank", "refresh", "gc", "redact")
"""What is recorded: everything that changes what readers get, or removes an object."""

_WORKERS = 12
_TRIES = 100
_LATE = 20
"""Numbers that were taken, after which the hint is thought to be wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing done. `previous` is the sha256 of the event before ("" for the first); it, `number` and `sha256` are given when the
    event is recorded."""

    action: str
    actor: Actor
    at: datetime
    package: str = ""
    version: str = ""
    reason: str = ""
    run: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    previous: str = ""
    sha256: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The event as it lies in the store; what is empty is left out."""
        parts = {
            "format": FORMAT,
            "number": self.number,
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds"),
            "action": self.action,
            "package": self.package,
            "version": self.version,
            "reason": self.reason,
            "actor": {name: value for name, value in asdict(self.actor).items() if value},
            "run": self.run,
            "details": dict(self.details),
            "previous": self.previous,
        }
        return {name: value for name, value in parts.items() if value}


def record(store: Store, event: Event) -> Event:
    """Append an event. Returns it with its number and hashes. Raises StoreError where it could not be recorded."""
    assert event.action in ACTIONS, event.action
    number, previous = _last(store)
    for attempt in range(_TRIES):
        if attempt == _LATE:
            number, previous = _listed(store)
        number += 1
        chained = replace(event, number=number, previous=previous)
        key = layout.audit_event(number)
        body = readable_json(chained.to_dict())
        sha256 = sha256_bytes(body)
        try:
            store.put(key, body, sha256=sha256, headers=layout.headers(key), if_absent=True)
        except PreconditionFailed:
            previous = sha256_bytes(store.read(key)[0])
            continue
        _hint(store, number)
        return replace(chained, sha256=sha256)
    raise StoreError(f"{store.url}: {_TRIES} others wrote to the audit log first", "Look at what else writes there.")


def read_events(store: Store) -> tuple[Event, ...]:
    """Every event, oldest first. Raises Damaged where one is missing, altered or not one at all."""
    keys = [stat.key for stat in store.list(layout.AUDIT)]
    with ThreadPoolExecutor(_WORKERS) as pool:
        bodies = pool.map(lambda key: store.read(key)[0], keys)
        events: list[Event] = []
        for key, body in zip(keys, bodies, strict=True):
            events.append(_parse(key, body, len(events) + 1, events[-1].sha256 if events else ""))
    return tuple(events)


def _last(store: Store) -> tuple[int, str]:
    """Number and hash of the newest event, or of one not long before it; 0 and "" where there is none."""
    with suppress(NotFound, ValueError, KeyError, TypeError):
        number = int(json.loads(store.read(layout.audit_hint())[0])["number"])
        return number, sha256_bytes(store.read(layout.audit_event(number))[0])
    return _listed(store)


def _listed(store: Store) -> tuple[int, str]:
    """The same, found by listing."""
    keys = [stat.key for stat in store.list(layout.AUDIT)]
    if not keys:
        return 0, ""
    return layout.audit_number(keys[-1]), sha256_bytes(store.read(keys[-1])[0])


def _hint(store: Store, number: int) -> None:
    """The event is recorded whether or not this succeeds."""
    key, body = layout.audit_hint(), readable_json({"number": number})
    with suppress(StoreError):
        store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))


def _parse(key: str, body: bytes, number: int, previous: str) -> Event:
    try:
        document = json.loads(body)
        event = Event(
            action=document["action"],
            actor=Actor(**document["actor"]),
            at=datetime.fromisoformat(document["at"]),
            **{name: document.get(name, "") for name in ("package", "version", "reason", "run", "previous")},
            details=document.get("details", {}),
            number=document["number"],
            sha256=sha256_bytes(body),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(key, "it is no event") from error
    if layout.audit_number(key) != number or event.number != number:
        raise _broken(key, f"event {number} should stand here")
    if event.previous != previous:
        raise _broken(key, "it was not written after the event before it: one of the two was altered")
    return event


def _broken(key: str, why: str) -> Damaged:
    return Damaged(
        f"the audit log is broken at {key}: {why}",
        "Find out who may write to the store; put the object back from a backup or the bucket's own versions.",
    )
