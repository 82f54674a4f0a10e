"""A package's whole past. In: a head. Out: a head within its bound, older entries on pages beside the releases; all entries, in order.

A page lies at `<package>/v/history/<newest version>-<start of its sha256>.json`. Its name depends on its content alone, so publishers
that race write the same page or different ones, never different bytes to one name; a page that no pointer links to is swept by gc.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.commit.pointer import Entry, Head, read_entry
from publisher.errors import Damaged, NotFound, PreconditionFailed
from publisher.store.base import Store


def trim(store: Store, head: Head, window: int) -> Head:
    """Once the history is longer than `window`, its older half goes to a page, which is written before the pointer links to it."""
    if len(head.history) <= window:
        return head
    kept = max(1, window // 2)
    if head.current is not None:
        kept = max(kept, head.carrier() + 1)
    moved = head.history[kept:]
    if not moved:
        return head
    page: dict[str, Any] = {"package": head.package, "history": list(moved)}
    if head.earlier:
        page["earlier"] = head.earlier
    body = readable_json(page)
    digest = sha256_bytes(body)
    key = layout.history_page(head.package, str(moved[0]["version"]), digest)
    try:
        store.put(key, body, sha256=digest, headers=layout.headers(key), if_absent=True)
    except PreconditionFailed:
        _read_page(store, key, digest)
    path = key.removeprefix(f"{head.package}/")
    earlier = {"path": path, "sha256": digest, "entries": len(moved) + int((head.earlier or {}).get("entries", 0))}
    return replace(head, history=head.history[:kept], earlier=earlier)


def walk(store: Store, head: Head) -> Iterator[Mapping[str, Any]]:
    """Every entry ever, newest first, without listing. Raises Damaged for a page that is missing or altered."""
    yield from head.history
    for _, page in pages(store, head):
        yield from page["history"]


def pages(store: Store, head: Head) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Keys and contents of the pages that the pointer leads to, newest first. Raises Damaged."""
    link = head.earlier
    while link:
        key = f"{head.package}/{link['path']}"
        page = _read_page(store, key, str(link["sha256"]))
        yield key, page
        link = page.get("earlier")


def releases(store: Store, head: Head) -> Iterator[Entry]:
    """Every release ever, newest first, with its mark."""
    return (read_entry(head.package, record) for record in walk_marked(store, head) if record["kind"] == "release")


def walk_marked(store: Store, head: Head) -> Iterator[Mapping[str, Any]]:
    """Every entry ever, newest first. Releases on pages, which are never written again, get their marks from the yanks that came later."""
    yanks: dict[str, Mapping[str, Any]] = {}
    for record in walk(store, head):
        if record["kind"] == "yank":
            yanks.setdefault(str(record["version"]), record)
        event = yanks.get(str(record["version"])) if record["kind"] == "release" else None
        yield mark(record, event) if event else record


def mark(record: Mapping[str, Any], event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry of a release after a yank."""
    return {**record, "status": "yanked", "yanked": {"reason": event["reason"], "at": event["at"]}}


def _read_page(store: Store, key: str, digest: str) -> Mapping[str, Any]:
    try:
        body, _ = store.read(key)
    except NotFound as error:
        raise Damaged(
            f"{key} is missing, and versions.json leads to it", "Put back that object from a backup."
        ) from error
    if sha256_bytes(body) != digest:
        raise Damaged(f"{key} was altered", "Put back that object from a backup.")
    page: Mapping[str, Any] = json.loads(body)
    return page
