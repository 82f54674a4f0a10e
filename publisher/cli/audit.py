"""`publisher audit`. In: a store, perhaps a package. Out: who did what and why, newest first; whether the log is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from publisher.audit import Event, read_events
from publisher.cli.output import JsonOption, Output, TargetOption, here
from publisher.commit import read_head
from publisher.commit.derive import find_packages
from publisher.commit.history import walk
from publisher.store import open_store
from publisher.store.base import Store
from publisher.version import plain

_KINDS = {"release": "publish", "rollback": "rollback", "yank": "yank", "redaction": "redact"}


def audit(
    package: Annotated[str, typer.Argument(help="Only what concerns this package.", metavar="PACKAGE")] = "",
    target: TargetOption = None,
    json: JsonOption = False,
) -> None:
    """List the audit log, check its chain of hashes, and name what the pointers tell and the log does not."""
    output = Output(json)
    store = open_store(target or here().settings.target, env=os.environ)
    events = read_events(store)
    shown = [event for event in reversed(events) if package in ("", event.package)]
    missing = list(_unrecorded(store, events, package))
    last = {"number": events[-1].number, "sha256": events[-1].sha256} if events else None
    output.result(
        {"store": store.url, "last": last, "events": [event.to_dict() for event in shown], "unrecorded": missing}
    )
    rows = [
        (
            event.number,
            event.at.isoformat(timespec="seconds"),
            event.action,
            " ".join(filter(None, (event.package, event.version))),
            " via ".join(filter(None, (event.actor.name, event.actor.via))),
            event.reason,
        )
        for event in shown
    ]
    if rows:
        output.table(("number", "at", "action", "what", "who", "why"), rows, right=(0,))
    for line in missing:
        output.warn(f"not in the log: {line}")
    output.say(
        f"events: {len(events)}, the chain is whole; the newest has sha256 {events[-1].sha256}"
        if events
        else f"{store.url} has no audit log yet"
    )


def _unrecorded(store: Store, events: Sequence[Event], only: str) -> Iterator[str]:
    """What the pointers tell of and the log does not: done before there was one, or by a run that died before it wrote."""
    known = {(event.action, event.package, plain(event.version)) for event in events}
    for name in [only] if only else find_packages(store):
        for item in walk(store, read_head(store, name)):
            if (_KINDS[str(item["kind"])], name, plain(str(item["version"]))) not in known:
                at = item.get("published") or item.get("at", "")
                yield f"{item['kind']} of {name} {item['version']}, {at}"
