"""Files that maintainers drop. In: a folder or a bucket's prefix. Out: the file that a table is to be read from, and what becomes of it.

    <inbox>/<package>/<table>.csv                        dropped: read by the next run
    <inbox>/<package>/<table>.csv.report.txt             why it was not published; the file stays and is tried again by each run
    <inbox>/<package>/accepted/<table>.<time>.csv        published; the latest is the table's source until another is dropped

A file has arrived when it has that name, so that uploads under another name and renamed at the end are never read half. Where people copy
straight to the name, a file in a folder must have rested for a minute; in a bucket objects appear whole.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from publisher.canonical import sha256_bytes, sha256_file
from publisher.errors import SourceError, Unavailable
from publisher.model import Headers
from publisher.sources.bucket import read_from
from publisher.sources.cache import Kept, Slot
from publisher.sources.outside import Outside
from publisher.sources.packed import refuse_packed
from publisher.store import open_store
from publisher.store.base import Store

RESTS = 60.0
"""Seconds after which a file that nobody touches counts as written."""
SUFFIXES = (".csv", ".tsv", ".xlsx", ".json", ".ndjson", ".csv.gz", ".tsv.gz", ".json.gz", ".ndjson.gz")
ACCEPTED = "accepted"
_TIME = re.compile(r"\.\d{8}T\d{12}Z")
_PLAIN = Headers("text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the inbox: its key (`package/members.csv`), how its name ends, and whether it was dropped and not yet accepted."""

    key: str
    suffix: str
    pending: bool


class Inbox(Protocol):
    """A place where files are dropped."""

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder that have arrived."""
        ...

    def read(self, found: Found, slot: Slot, outside: Outside) -> Kept:
        """A file's bytes, brought to the cache. Raises SourceError, Unavailable, StoreError."""
        ...

    def accept(self, found: Found, kept: Kept, body: Path, key: str) -> None:
        """Give a file its place among the accepted ones. One that was replaced meanwhile stays; what was read (`body`) is accepted."""
        ...

    def write(self, key: str, text: str) -> None:
        """Leave a text."""
        ...

    def remove(self, key: str) -> None:
        """Remove a text."""
        ...


def open_inbox(outside: Outside) -> Inbox:
    """The inbox of the project. Raises SourceError where none is set."""
    place = outside.settings.inbox
    if not place:
        raise SourceError(
            "there is no inbox", "Set `inbox` in the project's settings to a folder or s3://bucket/prefix."
        )
    if place.startswith("s3://"):
        return Bucket(open_store(place, env=outside.environment, retry=outside.retry))
    return Folder(Path(place).expanduser().absolute(), outside.now().timestamp())


def find(inbox: Inbox, package: str, table: str) -> Found | None:
    """The file that a table is to be read from: one that was dropped, else the latest that was accepted."""
    dropped = [(name, suffix) for name in inbox.names(package) if (suffix := _ending(name, table))]
    if len(dropped) > 1:
        names = ", ".join(name for name, _ in dropped)
        raise SourceError(f"{len(dropped)} files were dropped for it: {names}", "Take all but one away.")
    for name, suffix in dropped:
        return Found(f"{package}/{name}", suffix, pending=True)
    accepted = sorted(name for name in inbox.names(f"{package}/{ACCEPTED}") if _suffix(name, table))
    for name in reversed(accepted):
        return Found(f"{package}/{ACCEPTED}/{name}", _suffix(name, table), pending=False)
    return None


def strays(inbox: Inbox, package: str, tables: Sequence[str]) -> list[str]:
    """Dropped files whose names are those of no table, which nobody would ever read."""
    own = (".report.txt", ".part", ".tmp")
    others = [name for name in inbox.names(package) if not name.startswith((".", "~")) and not name.endswith(own)]
    return [name for name in others if not any(_ending(name, table) for table in tables)]


def accepted_key(found: Found, now: datetime) -> str:
    """Where a dropped file goes when it was published."""
    folder, _, name = found.key.rpartition("/")
    return f"{folder}/{ACCEPTED}/{name[: -len(found.suffix)]}.{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}{found.suffix}"


def report_key(found: Found) -> str:
    """Where it is said why a dropped file was not published."""
    return f"{found.key}.report.txt"


def _ending(name: str, table: str) -> str:
    """How a dropped file of `table` ends, in small letters; "" for any other file."""
    ending = name.removeprefix(table).lower() if name.startswith(table) else ""
    return ending if ending in SUFFIXES else ""


def _suffix(name: str, table: str) -> str:
    """How an accepted file of `table` ends; "" for any other file."""
    match = _TIME.match(name.removeprefix(table)) if name.startswith(table) else None
    return _ending(name, table + match[0]) if match else ""


@dataclass(frozen=True, slots=True)
class Folder:
    """An inbox on this machine. `now` is seconds since 1970. Links are not followed."""

    root: Path
    now: float

    def names(self, folder: str) -> list[str]:
        return sorted(self._arrived(self.root / folder))

    def _arrived(self, folder: Path) -> Iterator[str]:
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    if folder.name == ACCEPTED or self.now - max(status.st_mtime, status.st_ctime) >= RESTS:
                        yield entry.name

    def read(self, found: Found, slot: Slot, outside: Outside) -> Kept:
        with slot.part() as part:
            handle = os.open(self.root / found.key, os.O_RDONLY | os.O_NOFOLLOW)
            with open(handle, "rb") as source, part.open("wb") as target:  # noqa: PTH123 - a handle, not a path
                before = os.fstat(handle)
                if before.st_size > outside.limit:
                    raise SourceError(
                        f"{found.key}: more than {outside.limit / 1e6:g} MB",
                        "Raise `source_megabytes` if that is right.",
                    )
                shutil.copyfileobj(source, target)
                after = os.fstat(handle)
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise Unavailable(f"{found.key}: changed while it was read", "The next run takes it.")
            with suppress(Unavailable):
                # damage is found again when the file is read as a table, and then told with the other findings
                refuse_packed(part, found.suffix, outside.limit, found.key)
            modified = datetime.fromtimestamp(before.st_mtime, UTC).isoformat(timespec="seconds")
            return slot.keep(part, found.suffix, modified=modified)

    def accept(self, found: Found, kept: Kept, body: Path, key: str) -> None:
        target, dropped = self.root / key, self.root / found.key
        target.parent.mkdir(exist_ok=True, parents=True)
        taken = target.parent / f".{secrets.token_hex(8)}"
        try:
            # taken away before it is compared: whatever is put there from now on is another file
            dropped.rename(taken)
        except FileNotFoundError:
            shutil.copyfile(body, taken)
        if sha256_file(taken) != kept.sha256:
            with suppress(FileExistsError):
                dropped.hardlink_to(taken)
            taken.unlink()
            shutil.copyfile(body, taken)
        taken.rename(target)

    def write(self, key: str, text: str) -> None:
        target = self.root / key
        # a link of that name is replaced, not followed
        temporary = target.parent / f".{secrets.token_hex(8)}"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)

    def remove(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Bucket:
    """An inbox in a bucket. Between the last look at a dropped object and its removal another one could take its place unseen; S3 has no
    conditional removal that all servers know."""

    store: Store

    def names(self, folder: str) -> list[str]:
        found = (item.key.removeprefix(f"{folder}/") for item in self.store.list(f"{folder}/"))
        return [name for name in found if "/" not in name]

    def read(self, found: Found, slot: Slot, outside: Outside) -> Kept:
        return read_from(self.store, found.key, found.suffix, slot, outside)

    def accept(self, found: Found, kept: Kept, body: Path, key: str) -> None:
        self.store.put(key, body, sha256=kept.sha256, headers=Headers())
        now = self.store.stat(found.key)
        if now is not None and now.etag == kept.etag:
            self.store.delete(found.key)

    def write(self, key: str, text: str) -> None:
        body = text.encode()
        self.store.put(key, body, sha256=sha256_bytes(body), headers=_PLAIN)

    def remove(self, key: str) -> None:
        self.store.delete(key)
