"""What was read from origins before. In: an origin's name, bytes that came. Out: files named by their sha256, with what the server said.

One folder an origin: `origin.json` says which file beside it is the latest. A file never changes under its name; one that was replaced
stays for a day after it was last asked for, since another run may be reading it. A lost cache costs one download and nothing else.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.canonical import content_hash, readable_json, sha256_file
from publisher.errors import UsageError

GRACE = timedelta(days=1)
FORGOTTEN = timedelta(days=30)
"""A folder that nobody asked for so long belongs to no table any more."""
_RECORD = "origin.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes of an origin. `name` is their file's; `read_at` is RFC 3339 UTC, when they were first seen; `etag` and `modified` as the server
    gave them at last."""

    name: str
    bytes: int
    sha256: str
    read_at: str
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """The folder of one origin."""

    folder: Path
    now: datetime

    def kept(self) -> Kept | None:
        """What is there, its bytes compared with its hash; None where there is nothing whole."""
        try:
            found = Kept(**json.loads((self.folder / _RECORD).read_text(encoding="utf-8")))
            whole = sha256_file(self.path(found)) == found.sha256
            self._touch(found.name, _RECORD)
        except (OSError, ValueError, TypeError):
            return None
        return found if whole else None

    def path(self, kept: Kept) -> Path:
        return self.folder / kept.name

    @contextmanager
    def part(self) -> Iterator[Path]:
        """A file to download to, which is gone afterwards."""
        part = self.folder / f"{secrets.token_hex(8)}.part"
        try:
            yield part
        finally:
            for item in (part, part.with_name(f"{part.name}.etag")):
                item.unlink(missing_ok=True)

    def keep(self, part: Path, suffix: str, etag: str = "", modified: str = "") -> Kept:
        """Take what was downloaded. Bytes that are there already keep the time at which they were first read."""
        digest, before = sha256_file(part), self.kept()
        name = f"{digest}{suffix}"
        read_at = self.now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        if before is not None and before.name == name:
            read_at = before.read_at
        kept = Kept(name, part.stat().st_size, digest, read_at, etag, modified)
        part.replace(self.path(kept))
        self.record(kept)
        return kept

    def record(self, kept: Kept) -> None:
        """Say that `kept` is the latest, and drop what others cannot be reading any more."""
        temporary = self.folder / f"{secrets.token_hex(8)}.part"
        temporary.write_bytes(readable_json(asdict(kept)))
        temporary.replace(self.folder / _RECORD)
        self._touch(kept.name, _RECORD)
        for item in self.folder.iterdir():
            if item.name not in {_RECORD, kept.name}:
                _drop(item, self.now - GRACE)

    def _touch(self, *names: str) -> None:
        """Asked for now: what `record` and `forget` go by."""
        for name in names:
            os.utime(self.folder / name, (self.now.timestamp(),) * 2)


def open_slot(cache: Path, name: object, now: datetime) -> Slot:
    """The folder of an origin in the cache, made where there is none. `name` is any plain JSON value. Raises UsageError."""
    folder = cache / content_hash(name).removeprefix("sha256:")[:20]
    try:
        # what comes from sources may hold columns that are not published
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{error.filename or cache}: the cache cannot be written: {error.strerror}",
            "Set `cache` to a folder that can.",
        ) from error
    return Slot(folder, now)


def forget(cache: Path, now: datetime) -> None:
    """Drop the folders of origins that nobody reads any more."""
    for folder in cache.iterdir() if cache.is_dir() else ():
        with suppress(OSError):
            if datetime.fromtimestamp((folder / _RECORD).stat().st_mtime, UTC) < now - FORGOTTEN:
                for item in folder.iterdir():
                    item.unlink()
                folder.rmdir()


def _drop(path: Path, before: datetime) -> None:
    with suppress(OSError):
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
            path.unlink()
