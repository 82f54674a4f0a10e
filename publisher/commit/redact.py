"""Taking releases out of a store for good. In: releases to take the place of others. Out: the pointer lists them; the others are gone.

The one exception to "a release is never changed" (docs/protocol.md). Even here no object is: a redacted release is a further release
with a name of its own (`1.4.0+redacted.1`), written whole before it is listed, so that no cache can mix the two.

    1  send      every redacted release, in a folder of its own        readers see the old ones
    2  replace   versions.json, in one conditional request             readers see the new ones
    3  erase     the folders of the old ones, old pages of history, what dead runs left; a tombstone stays in each folder

Dying before 2 leaves the old releases and some objects that nothing lists; after 2 `erase` knows from the pointer alone what must go, so
running it again completes. What follows from releases is rebuilt after that (run/redaction.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.commit.commit import PROOFS, send_files
from publisher.commit.history import mark, pages, releases, trim, walk
from publisher.commit.pointer import Head, write_head
from publisher.errors import NotFound, OutcomeUnknown, Unavailable
from publisher.model import Release
from publisher.store.base import Store
from publisher.version import redacted

KIND = "redaction"


@dataclass(frozen=True, slots=True)
class Replacement:
    """A release and the entry of the one whose place it takes."""

    release: Release
    former: Mapping[str, Any]


def next_number(store: Store, package: str) -> int:
    """A number of a redaction that no folder of the package carries yet, so that nothing is ever written to a folder of another run."""
    names = {_folder_of(package, stat.key) for stat in store.list(f"{package}/v/")}
    number = 1
    while any(name.endswith(redacted("", number)) for name in names):
        number += 1
    return number


def send(store: Store, head: Head, replacements: Sequence[Replacement], *, run: str, now: datetime) -> int:
    """Step 1, in the order given, so that copies find what they copy. Returns how many objects there are. Raises PreconditionFailed where
    another redaction took the same number, StoreError."""
    sent = 0
    for item in replacements:
        release = item.release
        claim = {
            "package": release.package,
            "version": release.version,
            "parent": release.parent,
            "content": release.content,
            "inputs": release.inputs,
            "started": now.isoformat(timespec="microseconds"),
            "run": run,
            "head": head.etag,
        }
        _put(store, layout.release_file(release.package, release.version, layout.CLAIM), claim, if_absent=True)
        sent += 1 + send_files(store, release).objects
    return sent


def replace_releases(
    store: Store, head: Head, replacements: Sequence[Replacement], event: Mapping[str, Any], *, window: int
) -> Head:
    """Step 2. `event` gives tables, reason and at. Raises PreconditionFailed where somebody else published meanwhile, OutcomeUnknown."""
    names = {str(item.former["version"]): item.release.version for item in replacements}
    entries = {str(item.former["version"]): _entry(item, event) for item in replacements}
    current = names.get(head.current or "", head.current)
    newest = next(iter(reversed(names.values())))
    told = {"kind": KIND, "version": current or newest, "replaced": names, **event}
    history = tuple(_renamed(record, names, entries) for record in walk(store, head))
    wanted = replace(head, current=current, history=(told, *history), earlier=None)
    try:
        return write_head(store, trim(store, wanted, window), updated=str(event["at"]))
    except Unavailable as error:
        raise OutcomeUnknown(
            f"whether the redaction of {head.package} took effect cannot be told: {error.message}",
            "Run this again: it finds out, and finishes what is unfinished.",
        ) from error


def _entry(item: Replacement, event: Mapping[str, Any]) -> dict[str, Any]:
    release, hashes = item.release, {file.name: file.sha256 for file in item.release.files}
    return {
        **{name: value for name, value in item.former.items() if name not in PROOFS},
        "version": release.version,
        "path": layout.release_folder(release.package, release.version).removeprefix(f"{release.package}/"),
        "parent": release.parent,
        "content": release.content,
        "inputs": release.inputs,
        **release.entry,
        "files": len(release.files),
        "bytes": sum(file.bytes for file in release.files),
        "sha256": hashes[layout.DESCRIPTOR],
        **{name: hashes[file] for name, file in PROOFS.items() if file in hashes},
        "redacted": {"reason": event["reason"], "at": event["at"]},
    }


def _renamed(
    record: Mapping[str, Any], names: Mapping[str, str], entries: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """A record of the history under the new names of releases. Entries of releases that are gone carry hashes of what was removed."""
    version = str(record["version"])
    if record["kind"] == "release":
        if version not in entries:
            return record
        yanked = record.get("yanked")
        return mark(entries[version], yanked) if yanked else entries[version]
    changed = {**record, "version": names.get(version, version)}
    if "from" in record:
        changed["from"] = names.get(str(record["from"]), record["from"])
    if "release" in record:
        changed["release"] = _renamed({"kind": "release", **record["release"]}, names, entries)
    if "replaced" in record:
        changed["replaced"] = {old: names.get(new, new) for old, new in record["replaced"].items()}
    return changed


def erase(store: Store, head: Head) -> tuple[str, ...]:
    """Step 3, whole or what is left of it: versions whose folders were emptied. Nothing that the pointer lists is touched."""
    package = head.package
    listed = {entry.version for entry in releases(store, head)}
    linked = {key for key, _ in pages(store, head)}
    gone = dict(_replaced(store, head))
    if not gone:
        return ()
    folders: dict[str, list[str]] = {}
    for stat in list(store.list(f"{package}/v/")):
        name = _folder_of(package, stat.key)
        if name == "history":
            if stat.key not in linked:
                store.delete(stat.key)
        elif name not in listed:
            folders.setdefault(name, []).append(stat.key)
    emptied = []
    for version, keys in folders.items():
        event = gone.get(version)
        if (event is not None or not _is_under_way(store, head, version, gone)) and _empty(
            store, package, version, keys, event
        ):
            emptied.append(version)
    return tuple(emptied)


def _replaced(store: Store, head: Head) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every version that a redaction ever replaced, with what is told in its place."""
    for record in walk(store, head):
        if record["kind"] == KIND:
            for old, new in record["replaced"].items():
                yield str(old), {"at": record["at"], "reason": record["reason"], "replaced_by": new}


def _is_under_way(store: Store, head: Head, version: str, gone: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether an unlisted folder belongs to a run that saw the pointer as it is now. What began before cannot be published any more:
    its pointer has moved."""
    try:
        claim = json.loads(store.read(layout.release_file(head.package, version, layout.CLAIM))[0])
        started = datetime.fromisoformat(str(claim["started"]))
    except (NotFound, ValueError, KeyError, TypeError):
        return False
    if "head" in claim:
        return bool(claim["head"] == head.etag)
    last = max(datetime.fromisoformat(str(event["at"])) for event in gone.values())
    return claim.get("parent") == head.current and started >= last


def _empty(store: Store, package: str, version: str, keys: Sequence[str], event: Mapping[str, Any] | None) -> bool:
    """Leave a tombstone in a folder and nothing else; whether there was anything else. Its claim goes too, since it tells a hash of what
    was removed; the tombstone keeps the number taken in its place."""
    claim = layout.release_file(package, version, layout.CLAIM)
    descriptor = layout.release_file(package, version, layout.DESCRIPTOR)
    tombstone = {"package": package, "version": version, "status": "removed", **(event or {})}
    stat = store.stat(claim)
    others = sorted({*keys} - {claim}, key=lambda key: (key != descriptor, key))
    if stat is not None and stat.sha256 == sha256_bytes(readable_json(tombstone)) and not others:
        return False
    for key in others:
        store.delete(key)
    _put(store, claim, tombstone)
    return True


def _put(store: Store, key: str, document: Mapping[str, Any], *, if_absent: bool = False) -> None:
    body = readable_json(document)
    store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key), if_absent=if_absent)


def _folder_of(package: str, key: str) -> str:
    return PurePosixPath(key.removeprefix(f"{package}/v/")).parts[0]
