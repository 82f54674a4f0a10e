"""Objects as plain files below a folder. In: keys, bytes or files. Out: the guarantees of store/base.py, also across power loss.

The folder holds the published files under their own names and nothing else, so that a release copied out of it is complete; what
the store needs for itself lies in the hidden folder `.publisher/`. Sizes and hashes are never recorded but computed from the bytes,
so an ETag is the content's sha256, and headers are those that `headers` gives for a key, whoever serves the folder.

A write goes to a temporary file, which is flushed to the disk before it takes its name: by a hard link where the name must be free
(the file system refuses a second one), by a rename under a lock (flock, released by the system when a process dies) where the
present object must be the one that was read. The folders above it are flushed too. What the file system does not keep after that,
nobody can. Within a batch nothing is flushed until the batch ends, and then everything at once.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from publisher.canonical import CHUNK, sha256_file
from publisher.errors import (
    AccessDenied,
    Damaged,
    NotFound,
    PreconditionFailed,
    PublisherError,
    StoreError,
    Unavailable,
)
from publisher.model import Headers
from publisher.store.base import Capabilities, Stat, check_key
from publisher.store.probe import probe_store

OWN = ".publisher"
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


class FileStore:
    """`root` need not exist before the first write. `headers` says how the object at a key is to be served; what is not `lasting` may
    be lost when the power fails."""

    remote = False

    def __init__(self, root: Path, headers: Callable[[str], Headers], *, lasting: bool = True) -> None:
        self.root = root
        self._own = root / OWN
        self._headers = headers
        self._lasting = lasting
        self._begun = False
        self._capabilities: Capabilities | None = None

    @property
    def url(self) -> str:
        return str(self.root)

    def stat(self, key: str) -> Stat | None:
        try:
            with self._reading(key), self._path(key).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                return self._stat(key, os.fstat(file.fileno()), digest)
        except NotFound:
            return None

    def read(self, key: str) -> tuple[bytes, Stat]:
        with self._reading(key), self._path(key).open("rb") as file:
            body = file.read()
            return body, self._stat(key, os.fstat(file.fileno()), hashlib.sha256(body).hexdigest())

    @contextmanager
    def open(self, key: str, start: int = 0) -> Iterator[BinaryIO]:
        with self._reading(key):
            file = self._path(key).open("rb")
        with file:
            file.seek(start)
            yield file

    def put(
        self,
        key: str,
        body: bytes | Path,
        *,
        sha256: str,
        headers: Headers,  # noqa: ARG002
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> Stat:
        path = self._path(key)
        with self._writing(key), self._temporary() as temporary:
            taken = isinstance(body, Path) and _take(temporary, body, lasting=self._lasting)
            if (sha256_file(temporary) if taken else _write(temporary, body, lasting=self._lasting)) != sha256:
                raise Damaged(f"{key}: the bytes to write do not have the promised sha256", "Build the release again.")
            status = self._place(key, temporary, path, if_absent=if_absent, if_match=if_match)
            return self._stat(key, status, sha256, proven=taken)

    def copy(self, source: str, key: str, *, headers: Headers, replace: bool = False) -> bool:  # noqa: ARG002
        path, origin = self._path(key), self._path(source)
        if not origin.is_file():
            raise NotFound(f"{self.url}: no object {source}")
        with self._writing(key), self._temporary() as temporary:
            linked = _link(temporary, origin)
            if not linked:
                _write(temporary, origin, lasting=self._lasting)
            self._place(key, temporary, path, if_absent=not replace, if_match=None)
            return linked

    def delete(self, key: str) -> None:
        path = self._path(key)
        with self._writing(key):
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == self.root:
                    break
                try:
                    folder.rmdir()
                except OSError:
                    break

    def list(self, prefix: str = "") -> Iterator[Stat]:
        folder = self.root.joinpath(*prefix.split("/")[:-1])
        with self._reading(prefix):
            yield from self._walk(folder, prefix)

    @contextmanager
    def batch(self) -> Iterator[FileStore]:
        """Flushing a hundred thousand files one by one takes minutes, all of them at once a second."""
        quick = FileStore(self.root, self._headers, lasting=False)
        yield quick
        if quick._begun:
            os.sync()

    def probe(self) -> Capabilities:
        if self._capabilities is None:
            self._capabilities = probe_store(self)
        return self._capabilities

    def forget(self, prefix: str) -> int:  # noqa: ARG002
        return 0

    def sweep(self, before: datetime, *, remove: bool) -> tuple[str, ...]:
        found = []
        for path in sorted(self._own.glob("*.tmp")):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before.timestamp():
                    found.append(f"temporary file {path.relative_to(self.root)}")
                    if remove:
                        path.unlink()
        return tuple(found)

    def _path(self, key: str) -> Path:
        if check_key(key).split("/", 1)[0] == OWN:
            raise StoreError(f"{key}: {OWN}/ is the store's own folder", "Name the package otherwise.")
        return self.root / key

    def _stat(self, key: str, status: os.stat_result, digest: str, *, proven: bool = True) -> Stat:
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        return Stat(key, status.st_size, digest, digest, modified, self._headers(key), proven)

    def _walk(self, folder: Path, prefix: str) -> Iterator[Stat]:
        try:
            entries = sorted(os.scandir(folder), key=_listed_name)
        except FileNotFoundError:
            return
        for entry in entries:
            key = entry.path[len(str(self.root)) :].lstrip("/")
            if key == OWN:
                continue
            if entry.is_dir():
                if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from self._walk(Path(entry.path), prefix)
            elif key.startswith(prefix):
                with suppress(FileNotFoundError):
                    status = entry.stat()
                    modified = datetime.fromtimestamp(status.st_mtime, UTC)
                    yield Stat(key, status.st_size, "", "", modified, self._headers(key))

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        if not self._begun:
            self._own.mkdir(parents=True, exist_ok=True)
            _flush(self.root)
            _flush(self.root.parent)
            self._begun = True
        path = self._own / f"{os.getpid()}-{secrets.token_hex(8)}.tmp"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _place(self, key: str, temporary: Path, path: Path, *, if_absent: bool, if_match: str | None) -> os.stat_result:
        status = temporary.stat()
        if if_absent:
            self._create(key, temporary, path)
        elif if_match is not None:
            with self._lock():
                if not path.is_file() or sha256_file(path) != if_match:
                    raise PreconditionFailed(f"{self.url}: {key} has changed since it was read")
                temporary.replace(path)
        else:
            _in_folder(path, lambda: temporary.replace(path))
        self._flush_folders(key, path)
        return status

    def _create(self, key: str, temporary: Path, path: Path) -> None:
        """A hard link, since no file system gives a name twice; where there are none, a look and a rename under the lock."""
        try:
            _in_folder(path, lambda: path.hardlink_to(temporary))
        except FileExistsError:
            raise PreconditionFailed(f"{self.url}: {key} exists already") from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            with self._lock():
                if os.path.lexists(path):
                    raise PreconditionFailed(f"{self.url}: {key} exists already") from None
                _in_folder(path, lambda: temporary.replace(path))

    def _flush_folders(self, key: str, path: Path) -> None:
        """The names are on the disk only once their folders are. A failure here leaves the outcome open."""
        if not self._lasting:
            return
        try:
            for folder in path.parents:
                _flush(folder)
                if folder == self.root:
                    break
        except OSError as error:
            raise Unavailable(f"{self.url}: {key} was written but its folder not flushed: {error.strerror}") from error

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One writer at a time, over threads and processes. Closing the file, or dying, gives it back."""
        with (self._own / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _ABSENT:
                raise NotFound(f"{self.url}: no object {key}") from None
            raise _explain(error, f"{self.url}: cannot read {key}") from error

    @contextmanager
    def _writing(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _explain(error, f"{self.url}: cannot write {key}") from error


def _write(temporary: Path, body: bytes | Path, *, lasting: bool) -> str:
    """Write, and flush what is to last. Returns the sha256 of what was written, so that a file that changed meanwhile is noticed."""
    digest = hashlib.sha256()
    # made as it is to stay: nobody may write to it, but who has made it
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    with os.fdopen(handle, "wb", 0) as target:
        for chunk in _chunks(body):
            digest.update(chunk)
            left = memoryview(chunk)
            while left:
                left = left[target.write(left) :]
        if lasting:
            os.fsync(handle)
    return digest.hexdigest()


def _chunks(body: bytes | Path) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    with body.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _take(temporary: Path, finished: Path, *, lasting: bool) -> bool:
    """A second name for a file that nobody may write to any more, flushed where it is `lasting`. False where it needs a copy."""
    if finished.lstat().st_mode & 0o222 or not _link(temporary, finished):
        return False
    if lasting:
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
    return True


def _link(temporary: Path, origin: Path) -> bool:
    """A second name for the same bytes, which takes no room. False where there can be none: on another file system, or on one that
    has no hard links."""
    try:
        temporary.hardlink_to(origin)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return False
    return True


def _in_folder(path: Path, action: Callable[[], object]) -> None:
    """`action` needs the folder of `path`, which a deletion may remove again between the two steps."""
    for _ in range(100):
        try:
            action()
            return
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
    raise StoreError(f"{path.parent} is removed again and again", "Stop whatever deletes there, then run this again.")


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _listed_name(entry: os.DirEntry[str]) -> bytes:
    """Sorting a folder by its key's bytes needs the slash that follows it."""
    return os.fsencode(entry.name + "/" if entry.is_dir() else entry.name)


def _explain(error: OSError, what: str) -> PublisherError:
    why = error.strerror or str(error)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError(f"{what}: {why}", "Free some space there and run this again; nothing became visible.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return AccessDenied(f"{what}: {why}", "Give this user the right to write there, or choose another target.")
    if error.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}:
        return StoreError(
            f"{what}: {error.filename or why} is in the way: {why}", "Move it elsewhere; nobody here made it."
        )
    return StoreError(f"{what}: {why}", "Check the disk and the folder, then run this again.")
