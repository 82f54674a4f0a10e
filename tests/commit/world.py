"""A small publisher to test commits with, and a reader who trusts nobody.

In: a store, tables as bytes. Out: releases, and what a reader sees of them.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import content_hash, readable_json, sha256_bytes
from publisher.commit import CONTEST, WINDOW, Claim, Head, Lost, admit, claim, commit, read_head, settle
from publisher.commit.area import Area, Refreshed, derived
from publisher.commit.derive import Plan, build_latest, refresh
from publisher.commit.history import releases
from publisher.commit.manifest import Cards
from publisher.model import File, Receipt, Release
from publisher.store.base import Store
from publisher.store.retry import NEVER, Retry
from publisher.version import Bump, next_version

PACKAGE = "pets"


def now() -> datetime:
    """The time, where nobody asks for a certain one."""
    return datetime.now(UTC)


Tables = Mapping[str, bytes]


@dataclass(frozen=True)
class Publisher:
    """One publisher. Everything that varies is given: where, when, who, and which sources were read when."""

    store: Store
    tables: Tables
    read_at: str = "2026-01-01T00:00:00+00:00"
    run: str = "run-1"
    package: str = PACKAGE
    now: Callable[[], datetime] = field(default=now)
    retry: Retry = CONTEST
    window: int = WINDOW
    workers: int = 4
    single_writer: bool = False

    def publish(self) -> Receipt:
        with tempfile.TemporaryDirectory() as folder:
            head = read_head(self.store, self.package)
            if head.latest and head.latest.content == self.content:
                return Receipt(self.package, "unchanged", head.latest.version)
            store = admit(self.store, single_writer=self.single_writer, retry=NEVER)
            return settle(head, lambda head: self.attempt(store, head, Path(folder)), self.retry)

    @property
    def content(self) -> str:
        return content_hash({name: sha256_bytes(body) for name, body in self.tables.items()})

    def refresh(self, *, check: bool = False) -> Refreshed:
        return refresh(self.store, [self.package], PLAN, run=self.run, now=self.now, retry=CONTEST, check=check)

    def attempt(self, store: Store, head: Head, folder: Path) -> Receipt | Lost:
        latest = head.latest
        version = next_version(latest.version if latest else None, Bump("minor", "rows_added", ""))
        claimed = claim(
            store,
            head,
            version=version,
            level="minor",
            content=self.content,
            inputs=self.content,
            run=self.run,
            now=self.now(),
        )
        release = self.build(claimed, head, folder)
        return commit(store, release, head, claimed, now=self.now, window=self.window, workers=self.workers)

    def build(self, claimed: Claim, head: Head, folder: Path) -> Release:
        """Files that depend on the claim and the sources alone. Tables that the parent has are copied from it."""
        latest = head.latest
        parent = latest.version if latest else None
        before = dict(latest.record["tables"]) if latest else {}
        files, hashes = [], {name: sha256_bytes(body) for name, body in self.tables.items()}
        for name, body in self.tables.items():
            if before.get(name) == hashes[name] and parent is not None:
                source = layout.release_file(self.package, parent, name)
                files.append(File(name, len(body), hashes[name], copy_of=source))
            else:
                files.append(self._file(folder / claimed.version, name, body))
        descriptor = {
            "name": self.package,
            "version": claimed.version,
            "created": claimed.created,
            "resources": [{"name": name, "path": name, "bytes": len(body)} for name, body in self.tables.items()],
        }
        sums = "".join(f"{digest}  {name}\n" for name, digest in hashes.items()).encode()
        files.append(self._file(folder / claimed.version, layout.CHECKSUMS, sums))
        files.append(self._file(folder / claimed.version, layout.DESCRIPTOR, readable_json(descriptor)))
        entry = {
            "read_at": self.read_at,
            "bump": "minor",
            "rule": "rows_added",
            "rows": {name: body.count(b"\n") for name, body in self.tables.items()},
            "tables": hashes,
        }
        return Release(
            self.package, claimed.version, parent, claimed.created, self.content, self.content, tuple(files), entry
        )

    def _file(self, folder: Path, name: str, body: bytes) -> File:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(body)
        return File(name, len(body), sha256_bytes(body), path=path)


def own(store: Store, head: Head) -> Area:
    """Copies of a package's current release."""
    return Area(head.package, str(head.etag), (layout.latest_file(head.package),), partial(build_latest, store, head))


def card(store: Store, head: Head, count: int) -> dict[str, Any]:
    """Of many packages, no card tells of the file that a package leads with."""
    assert head.latest is not None
    table = min(head.latest.record["tables"])
    return {"source": str(head.etag), "version": head.current, **({"table": table} if count <= FEW else {})}


def index(cards: Cards) -> Area | None:
    """An index of all."""
    if any(("table" in item) != (len(cards) <= FEW) for item in cards.values()):
        return None
    packages = [{"name": name, **item, "source": None} for name, item in cards.items()]
    return Area("", "maker", (), lambda: [derived(layout.INDEX, readable_json({"packages": packages}))], cards)


FEW = 3
PLAN = Plan("maker", own, card, index)


def seen(store: Store, package: str = PACKAGE) -> dict[str, Tables]:
    """What a reader finds who follows every link and checks every hash: tables by version, newest first.

    Fails where anything listed is missing or altered, where a version stands twice, or where the lineage is not one line."""
    found: dict[str, Tables] = {}
    head = read_head(store, package)
    entries = list(releases(store, head))
    for entry, older in zip_longest(entries, entries[1:]):
        assert entry.version not in found, f"{entry.version} is listed twice"
        assert entry.parent == (older.version if older else None), f"{entry.version} has parent {entry.parent}"
        folder = layout.release_folder(package, entry.version)
        body, _ = store.read(folder + layout.DESCRIPTOR)
        assert sha256_bytes(body) == entry.sha256
        sums, _ = store.read(folder + layout.CHECKSUMS)
        assert sha256_bytes(sums) == entry.record["checksums"]
        tables = {}
        for line in sums.decode().splitlines():
            digest, name = line.split("  ")
            tables[name] = store.read(folder + name)[0]
            assert hashlib.sha256(tables[name]).hexdigest() == digest, f"{folder}{name} is altered"
        for resource in json.loads(body)["resources"]:
            assert resource["bytes"] == len(tables[resource["path"]])
        claimed = json.loads(store.read(folder + layout.CLAIM)[0])
        assert (claimed["version"], claimed["content"]) == (entry.version, entry.content)
        found[entry.version] = tables
    if entries:
        assert head.latest is not None
        assert head.latest.version == entries[0].version
    return found


def cats(number: int) -> Tables:
    """Two tables: one that changes with `number`, one that never does."""
    return {"cats.csv": b"name,age\nMinka,%d\n" % number, "dogs.csv": b"name\nRex\n"}
