"""Objects in memory, for tests and dry runs. In: keys and bytes. Out: the guarantees of store/base.py, within one process."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace as changed
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from publisher.canonical import sha256_bytes
from publisher.errors import Damaged, NotFound, PreconditionFailed
from publisher.model import Headers
from publisher.store.base import Capabilities, Stat, Store, check_key
from publisher.store.probe import probe_store


class MemoryStore:
    """A dictionary behind a lock; an ETag is the number of the write that made the object."""

    remote = False

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._objects: dict[str, tuple[bytes, Stat]] = {}
        self._writes = 0
        self._lock = threading.Lock()
        self._capabilities: Capabilities | None = None

    @property
    def url(self) -> str:
        return f"memory:{self._name}"

    def stat(self, key: str) -> Stat | None:
        with self._lock:
            found = self._objects.get(check_key(key))
        return found[1] if found else None

    def read(self, key: str) -> tuple[bytes, Stat]:
        with self._lock:
            found = self._objects.get(check_key(key))
        if found is None:
            raise NotFound(f"{self.url}: no object {key}")
        return found

    def open(self, key: str, start: int = 0) -> AbstractContextManager[BinaryIO]:
        return nullcontext(io.BytesIO(self.read(key)[0][start:]))

    def put(
        self,
        key: str,
        body: bytes | Path,
        *,
        sha256: str,
        headers: Headers,
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> Stat:
        data = body.read_bytes() if isinstance(body, Path) else body
        if sha256_bytes(data) != sha256:
            raise Damaged(f"{key}: the bytes to write do not have the promised sha256", "Build the release again.")
        with self._lock:
            found = self._objects.get(check_key(key))
            if if_absent and found:
                raise PreconditionFailed(f"{self.url}: {key} exists already")
            if if_match is not None and (found is None or found[1].etag != if_match):
                raise PreconditionFailed(f"{self.url}: {key} has changed since it was read")
            self._writes += 1
            stat = Stat(key, len(data), str(self._writes), sha256, datetime.now(UTC), headers)
            self._objects[key] = (data, stat)
            return stat

    def copy(self, source: str, key: str, *, headers: Headers, replace: bool = False) -> bool:
        data, stat = self.read(source)
        self.put(key, data, sha256=stat.sha256, headers=headers, if_absent=not replace)
        return False

    def delete(self, key: str) -> None:
        with self._lock:
            self._objects.pop(check_key(key), None)

    def list(self, prefix: str = "") -> Iterator[Stat]:
        with self._lock:
            found = [stat for key, (_, stat) in self._objects.items() if key.startswith(prefix)]
        yield from sorted(found, key=lambda stat: stat.key.encode())

    def batch(self) -> AbstractContextManager[Store]:
        return nullcontext(self)

    def probe(self) -> Capabilities:
        if self._capabilities is None:
            self._capabilities = probe_store(self)
        return self._capabilities

    def forget(self, prefix: str) -> int:  # noqa: ARG002
        return 0

    def sweep(self, before: datetime, *, remove: bool) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def age(self, key: str, modified: datetime) -> None:
        """Set an object's time, so that tests need not wait."""
        with self._lock:
            data, stat = self._objects[key]
            self._objects[key] = (data, changed(stat, modified=modified))
