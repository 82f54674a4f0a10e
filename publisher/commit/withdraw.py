"""Taking a release back, without touching it. In: a package, a version, a reason. Out: the new head; bytes and numbers stay.

A rollback names an older release as the latest one. A yank marks a release as not to be used; where it was the latest, the newest release
below it that is not withdrawn takes its place. Both only replace the pointer, and repeat their decision when somebody else was faster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from publisher.commit.commit import WINDOW
from publisher.commit.history import mark, releases, trim
from publisher.commit.pointer import Entry, Head, read_head, write_head
from publisher.errors import OutcomeUnknown, PreconditionFailed, StoreError, Unavailable, UsageError
from publisher.store.base import Store
from publisher.store.retry import Retry

Change = Callable[[Head], Head | None]
"""From the head as it is to the head wanted, or None where it is so already."""


def rollback(
    store: Store,
    package: str,
    version: str,
    reason: str,
    *,
    now: Callable[[], datetime],
    retry: Retry,
    window: int = WINDOW,
) -> Head:
    """Make `version` the latest release again. Raises UsageError for a version that was never released or was yanked, StoreError."""

    def change(head: Head) -> Head | None:
        if head.current == version:
            return None
        entry = _find(store, head, version)
        if entry.yanked is not None:
            raise UsageError(
                f"{package} {version} was yanked: {entry.yanked}", "Roll back to a release that is not withdrawn."
            )
        event = {
            "kind": "rollback",
            "version": version,
            "from": head.current,
            "reason": _said(reason, "rollback"),
            "at": _text(now()),
            "release": dict(entry.record),
        }
        return replace(head, current=version, history=(event, *head.history))

    return _apply(store, package, change, now=now, retry=retry, window=window)


def yank(
    store: Store,
    package: str,
    version: str,
    reason: str,
    *,
    now: Callable[[], datetime],
    retry: Retry,
    window: int = WINDOW,
) -> Head:
    """Mark `version` as withdrawn, with the reason that readers are told. Raises UsageError, StoreError."""

    def change(head: Head) -> Head | None:
        if _find(store, head, version).yanked is not None:
            return None
        event: dict[str, Any] = {
            "kind": "yank",
            "version": version,
            "reason": _said(reason, "yank"),
            "at": _text(now()),
        }
        marked = [
            mark(item, event) if (item["kind"], item["version"]) == ("release", version) else item
            for item in head.history
        ]
        current = head.current
        if current == version:
            successor = _successor(store, head, version)
            current = successor.version if successor else None
            event |= {"release": dict(successor.record)} if successor else {}
        return replace(head, current=current, history=(event, *marked))

    return _apply(store, package, change, now=now, retry=retry, window=window)


def _apply(
    store: Store, package: str, change: Change, *, now: Callable[[], datetime], retry: Retry, window: int
) -> Head:
    for _ in retry.attempts():
        head = read_head(store, package)
        wanted = change(head)
        if wanted is None:
            return head
        try:
            return write_head(store, trim(store, wanted, window), updated=_text(now()))
        except PreconditionFailed:
            continue
        except Unavailable as error:
            raise OutcomeUnknown(
                f"whether the change to {package} took effect cannot be told: {error.message}",
                "Run this again: where it did take effect, nothing is changed.",
            ) from error
    raise StoreError(f"{package}: other publishers were faster {retry.tries} times", "Run this again.")


def _find(store: Store, head: Head, version: str) -> Entry:
    for entry in releases(store, head):
        if entry.version == version:
            return entry
    raise UsageError(f"{head.package} has no release {version}", f"`versions {head.package}` lists them.")


def _successor(store: Store, head: Head, version: str) -> Entry | None:
    """The newest release before `version` that is not withdrawn."""
    below = False
    for entry in releases(store, head):
        if below and entry.yanked is None:
            return entry
        below = below or entry.version == version
    return None


def _said(reason: str, what: str) -> str:
    if not reason.strip():
        raise UsageError(f"a {what} needs a reason", "Readers will see it: --reason TEXT.")
    return reason.strip()


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
