"""The pointer `<package>/versions.json`. In: a store and a package's name. Out: Head: what is published, and the ETag to replace it.

The pointer is a JSON object (docs/protocol.md shows one whole):

    format     1
    package    the package's name
    latest     the version that readers should take, or null where nothing (or nothing but withdrawn releases) is published
    updated    when the pointer was last replaced
    history    what happened, newest first, at most the retention setting's number of entries, each of a `kind`:
        release   version, path, created, published, parent, content, inputs, read_at, bump, rule, rows, changes, run,
                  files, bytes, sha256 (of datapackage.json), checksums (sha256 of SHA256SUMS), signature (that of its
                  signature, where it is signed), status,
                  and, after a yank, yanked: {reason, at}; of a redacted release, redacted: {reason, at}
        rollback  version (latest from then on), from, reason, at, release (that release's entry, whole)
        yank      version, reason, at, and, where it was the latest, release (the entry of the one that is latest from then on)
        redaction version (latest from then on), replaced (old to new versions), tables, reason, at; see redact.py
    earlier    {path, sha256, entries} of the page that holds the entries before these, or absent; pages link on in the same way

Order is the order of commits, never of clocks. Paths are relative to the pointer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.errors import Damaged, NotFound
from publisher.store.base import Stat, Store
from publisher.version import plain

FORMAT = 1
_TEXTS = ("version", "path", "created", "published", "content", "inputs", "read_at", "bump", "rule", "sha256")


@dataclass(frozen=True, slots=True)
class Entry:
    """One release as the pointer tells it. `rows` counts rows a table; `record` is the whole JSON object."""

    version: str
    path: str
    created: str
    published: str
    parent: str | None
    content: str
    inputs: str
    read_at: str
    bump: str
    rule: str
    rows: Mapping[str, int]
    sha256: str
    status: str
    record: Mapping[str, Any] = field(repr=False)

    @property
    def yanked(self) -> str | None:
        """The reason for which the release was withdrawn."""
        mark = self.record.get("yanked")
        return str(mark["reason"]) if mark else None


@dataclass(frozen=True, slots=True)
class Head:
    """The state of a package that a commit builds on. `etag` is None where nothing was ever published."""

    package: str
    etag: str | None = None
    current: str | None = None
    history: tuple[Mapping[str, Any], ...] = ()
    earlier: Mapping[str, Any] | None = None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Releases in the window, newest first."""
        return tuple(read_entry(self.package, item) for item in self.history if item["kind"] == "release")

    @property
    def latest(self) -> Entry | None:
        """The release that readers should take."""
        if self.current is None:
            return None
        item = self.history[self.carrier()]
        return read_entry(self.package, item.get("release", item))

    @property
    def numbers(self) -> frozenset[str]:
        """Versions released, as far as the window reaches; redacted ones also as they were called before."""
        names = [str(item["version"]) for item in self.history if item["kind"] == "release"]
        return frozenset((*names, *map(plain, names)))

    def carrier(self) -> int:
        """Where in the history the entry of the latest release stands: by itself, or in the rollback or yank that made it so."""
        for index, item in enumerate(self.history):
            found = item if item["kind"] == "release" else item.get("release", {})
            if found.get("version") == self.current:
                return index
        raise _damaged(self.package, f"it has no entry of its latest release {self.current}")

    @property
    def taken_back(self) -> Mapping[str, Any] | None:
        """The rollback or yank by which an older release became the latest one, or none did; None where no later one was taken back."""
        if self.current is None:
            return next((item for item in self.history if item["kind"] == "yank"), None)
        item = self.history[self.carrier()]
        if item["kind"] == "release":
            return None
        later = [entry.version for entry in self.entries]
        del later[later.index(self.current) if self.current in later else len(later) :]
        return item if item.get("from", item["version"]) in later else None

    def withdrawn(self, content: str) -> Entry | None:
        """The release with this content that was yanked or rolled back. Publishing it again would undo what a person decided."""
        reached = False
        for entry in self.entries:
            if entry.version == self.current:
                reached = True
            elif entry.content == content and (entry.yanked is not None or not reached):
                return entry
        return None


def read_head(store: Store, package: str) -> Head:
    """The package's head; an empty one where nothing was published. Raises Damaged for a pointer that cannot be read, StoreError."""
    try:
        body, stat = store.read(layout.pointer(package))
    except NotFound:
        return Head(package)
    return parse_head(package, body, stat)


def parse_head(package: str, body: bytes, stat: Stat) -> Head:
    """Raises Damaged."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise _damaged(package, f"it is not JSON ({error})") from error
    if not isinstance(document, dict) or not isinstance(document.get("history"), list):
        raise _damaged(package, "it has no history")
    if document.get("format") != FORMAT:
        raise Damaged(
            f"{layout.pointer(package)} has format {document.get('format')!r}, this version knows {FORMAT}",
            "Use the version of publisher that wrote it, or a newer one.",
        )
    head = Head(package, stat.etag, document.get("latest"), tuple(document["history"]), document.get("earlier"))
    for item in head.history:
        if not isinstance(item, dict) or "kind" not in item or not isinstance(item.get("version"), str):
            raise _damaged(package, "its history holds something that is no entry")
    _ = head.entries, head.latest
    return head


def read_entry(package: str, record: Mapping[str, Any]) -> Entry:
    """An entry of kind `release`. Raises Damaged where one of its parts is missing."""
    for name in _TEXTS:
        if not isinstance(record.get(name), str):
            raise _damaged(package, f"the entry of {record.get('version')} has no {name}")
    texts = {name: cast("str", record[name]) for name in _TEXTS}
    try:
        datetime.fromisoformat(texts["read_at"])
    except ValueError:
        raise _damaged(package, f"the entry of {record['version']} was read at no time: {texts['read_at']}") from None
    return Entry(
        **texts,
        parent=record.get("parent"),
        rows=dict(record.get("rows", {})),
        status=str(record.get("status", "published")),
        record=record,
    )


def write_head(store: Store, head: Head, *, updated: str) -> Head:
    """Replace the pointer that `head.etag` names, or create the first. This one request publishes. Returns the head with its new ETag.

    Raises PreconditionFailed where the pointer has moved, Unavailable where the outcome is open."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "package": head.package,
        "latest": head.current,
        "updated": updated,
        "history": list(head.history),
    }
    if head.earlier:
        document["earlier"] = head.earlier
    body = readable_json(document)
    key = layout.pointer(head.package)
    stat = store.put(
        key,
        body,
        sha256=sha256_bytes(body),
        headers=layout.headers(key),
        if_absent=head.etag is None,
        if_match=head.etag,
    )
    return Head(head.package, stat.etag, head.current, head.history, head.earlier)


def _damaged(package: str, why: str) -> Damaged:
    return Damaged(
        f"{layout.pointer(package)} cannot be used: {why}",
        "Put back an earlier copy of that object (the releases beside it are untouched), then run `verify`.",
    )
