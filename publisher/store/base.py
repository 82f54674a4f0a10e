"""What a store must do. In: keys relative to the store's root, bytes or files. Out: objects with their sizes and hashes.

A key is a relative path of `/`-separated segments (`global-alliance/v/1.0.0/members.csv`); stores know bytes and keys, never
packages. Every store gives the same guarantees, and one behaviour suite (tests/store/) holds all of them to it:

- a write is whole or absent; a reader never sees part of an object;
- `if_absent` creates or fails with PreconditionFailed, and among any number of racing writers exactly one creates;
- `if_match` replaces or fails with PreconditionFailed (also when the object has vanished), and exactly one racing writer replaces;
- a failure that leaves the outcome open is Unavailable, never anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from publisher.errors import UsageError
from publisher.model import Headers

PROBES = ".probe/"
"""Where probes leave throw-away objects; no package may be named so."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True)
class Stat:
    """An object without its bytes. `etag` is an opaque token for `if_match` alone, never a hash of content; `sha256` is the
    hexadecimal hash recorded with the object when it was written ("" where none is recorded). `proven` says that size and hash
    were taken from the bytes as they lie in the store, not from a record or from what was sent."""

    key: str
    size: int
    etag: str
    sha256: str
    modified: datetime
    headers: Headers = field(default_factory=Headers)
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a probe found. `detail` says in words what was tried and seen, for `doctor`."""

    create_only: bool
    compare_and_swap: bool
    detail: str = ""


class Store(Protocol):
    """See the module's text for the guarantees."""

    @property
    def url(self) -> str:
        """Where this store lies, fit for people: no secret in it."""
        ...

    @property
    def remote(self) -> bool:
        """Whether each request waits for another machine, so that several at a time take less."""
        ...

    def stat(self, key: str) -> Stat | None:
        """The object's record, or None where there is no object."""
        ...

    def read(self, key: str) -> tuple[bytes, Stat]:
        """The whole object. Raises NotFound."""
        ...

    def open(self, key: str, start: int = 0) -> AbstractContextManager[BinaryIO]:
        """The object's bytes from `start` on, as a stream. Raises NotFound."""
        ...

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
        """Write one object, `sha256` (hexadecimal, of `body`) recorded with it. Returns its new record.

        A file that nobody may write to any more (no write permission is set) may be taken as it is, by a second name for it.
        Raises PreconditionFailed, Conflict, AccessDenied, Unavailable, StoreError.
        """
        ...

    def copy(self, source: str, key: str, *, headers: Headers, replace: bool = False) -> bool:
        """Write `key` from the bytes of `source` inside the store, only where `key` is absent unless `replace`. Whether both are one
        file since then, so that reading one proves nothing that is not known of the other.

        The check for absence and the copy are one step only where the store can; S3 servers differ (see store/s3.py).
        Raises NotFound, PreconditionFailed."""
        ...

    def delete(self, key: str) -> None:
        """Remove one object; no error where there is none."""
        ...

    def list(self, prefix: str = "") -> Iterator[Stat]:
        """Objects whose key starts with `prefix`, in the order of their keys' UTF-8 bytes; `etag`, `sha256` and headers may be
        left out."""
        ...

    def batch(self) -> AbstractContextManager[Store]:
        """A handle for many writes that can be made again: they need not outlast a power failure before the context has ended."""
        ...

    def probe(self) -> Capabilities:
        """Whether conditional writes are honoured, tried on throw-away keys below `.probe/` that are removed again.

        The answer is kept as long as this object lives."""
        ...

    def forget(self, prefix: str) -> int:
        """Remove what the store keeps of objects below `prefix` after they were replaced or deleted (older versions of a bucket with
        versioning). Returns how many; 0 where nothing is kept. Raises AccessDenied, StoreError."""
        ...

    def sweep(self, before: datetime, *, remove: bool) -> tuple[str, ...]:
        """What interrupted writes begun before `before` left behind (unfinished multipart uploads, temporary files), in words;
        with `remove`, it is removed. Objects are never touched."""
        ...


class Sharing(Protocol):
    """Somewhere that can let pages of other addresses read (CORS)."""

    def shares(self) -> bool:
        """Whether it lets them. Raises AccessDenied where this key may not know, StoreError."""
        ...

    def share(self) -> None:
        """Let them; other rules stay. Raises AccessDenied, StoreError."""
        ...


def check_key(key: str) -> str:
    """`key` itself. Raises UsageError for one that could leave the store's root or that some store could not hold."""
    parts = key.split("/")
    if _UNFIT.search(key) or any(part in {"", ".", ".."} for part in parts) or len(key.encode()) > 900:
        raise UsageError(
            f"{key!r} cannot be the name of a published object", "Use plain names without . or .. segments."
        )
    return key


def metadata(sha256: str) -> Mapping[str, str]:
    """The object metadata every store records."""
    return {"sha256": sha256}
