"""Hashes of files that were hashed before. In: a folder to remember them in, paths. Out: size and sha256; an untouched file is not read.

A file counts as untouched while size, inode and times of content and status are those of then. What was touched within moments of being
hashed is not remembered, since another write might leave the same times. A lost memory costs one reading.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from publisher.canonical import content_hash, readable_json

MOMENTS = timedelta(seconds=5)
"""More than the coarsest clock of a file system (2 s of FAT)."""
THREADS = 4

Digest = tuple[int, str]
"""Size in bytes, lower-case hexadecimal sha256."""


@dataclass(slots=True)
class Digests:
    """`known` holds what a file was and its digest by path, `asked` those that were asked for."""

    file: Path
    now: datetime
    known: dict[str, list[object]]
    asked: dict[str, list[object]] = field(default_factory=dict)

    def of(self, path: Path) -> Digest:
        """Raises OSError."""
        name, found = str(path.absolute()), _seen(path.stat())
        if (its := self.known.get(name)) is not None and its[:-1] == found:
            self.asked[name] = its
            return int(str(its[0])), str(its[-1])
        with path.open("rb") as file:
            digest, status = hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno())
            size = file.tell()
        touched = max(status.st_mtime, status.st_ctime)
        if _seen(status) == found and touched < (self.now - MOMENTS).timestamp():
            self.asked[name] = [*found, digest]
        return size, digest

    def all(self, paths: tuple[Path, ...]) -> list[Digest]:
        """Several at a time, in order. Raises OSError."""
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(self.of, paths))

    def save(self) -> None:
        """Remember those that were asked for; that this cannot be written is no loss."""
        if self.asked == self.known:
            return
        with suppress(OSError):
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            waiting = self.file.with_suffix(f".{secrets.token_hex(4)}")
            waiting.write_bytes(readable_json(self.asked))
            waiting.replace(self.file)


def open_digests(cache: Path, name: object, now: datetime) -> Digests:
    """What is remembered under `name`, any plain JSON value."""
    file = cache / "digests" / f"{content_hash(name).removeprefix('sha256:')[:20]}.json"
    try:
        known = json.loads(file.read_bytes())
    except (OSError, ValueError):
        known = {}
    return Digests(file, now, known if isinstance(known, dict) else {})


def _seen(status: os.stat_result) -> list[object]:
    return [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
