"""Sending a release's files. In: files on this machine and in the parent's folder. Out: Sent, after each was written and read back.

Every object is created, never replaced. One that is there already is ours if it has the same bytes (a run that died, or one with the same
claim, put it there), else it is a foreign object in the way. Read back: small objects byte by byte; of large ones, whose bytes the
server compared with their signed sha256 on arrival, size and recorded hash. What the store has read itself (Stat.proven)
is not read again, nor is a large copy that is a second name of the parent's file: appending to a table of many parts must not cost
reading all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

from publisher import layout
from publisher.canonical import CHUNK, sha256_bytes
from publisher.errors import Damaged, NotFound, PreconditionFailed, StoreError
from publisher.model import File
from publisher.store.base import Store

READ_BACK = 8 * CHUNK
WORKERS = 12

Progress = Callable[[str, int], None]
"""Told each object's name and size once it is safe."""


def silent(name: str, size: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What an upload did: all objects counted, bytes sent from here, objects copied inside the store, objects found in place."""

    objects: int = 0
    bytes: int = 0
    copied: int = 0
    found: int = 0

    def __add__(self, other: Sent) -> Sent:
        return Sent(
            self.objects + other.objects,
            self.bytes + other.bytes,
            self.copied + other.copied,
            self.found + other.found,
        )


def upload(
    store: Store,
    package: str,
    version: str,
    files: Iterable[File],
    *,
    workers: int = WORKERS,
    progress: Progress = silent,
) -> Sent:
    """Put `files` into the release's folder and read them back. The first failure stops what has not begun.

    Raises Damaged, StoreError."""
    wanted = list(files)
    folder = layout.release_folder(package, version)
    present = {stat.key for stat in store.list(folder)}

    def send(file: File) -> Sent:
        key = folder + file.name
        sent = _keep(store, key, file) if key in present else _send(store, key, file)
        progress(file.name, file.bytes)
        return sent

    with ThreadPoolExecutor(workers) as pool:
        # The largest first, so that no long upload begins when all others have ended.
        tasks = [pool.submit(send, file) for file in sorted(wanted, key=lambda file: -file.bytes)]
        done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
        for task in tasks:
            task.cancel()
    # Failures first: where one stopped the others, their cancellation is not what went wrong.
    for task in done:
        task.result()
    results = [task.result() for task in tasks]
    assert len(results) == len(wanted)
    return sum(results, Sent())


def _send(store: Store, key: str, file: File) -> Sent:
    headers = layout.headers(key)
    try:
        if file.copy_of is not None:
            one_file, sent = store.copy(file.copy_of, key, headers=headers), Sent(1, copied=1)
            if one_file and file.bytes > CHUNK:
                return sent
        else:
            assert file.path is not None
            stat = store.put(key, file.path, sha256=file.sha256, headers=headers, if_absent=True)
            if stat.proven and stat.size == file.bytes:
                return Sent(1, file.bytes)
            sent = Sent(1, file.bytes)
    except PreconditionFailed:
        return _keep(store, key, file)
    except NotFound as error:
        raise Damaged(
            f"{file.copy_of} is missing, and {key} was to be its copy", "Run `verify`: the parent release is damaged."
        ) from error
    _read_back(store, key, file)
    return sent


def _keep(store: Store, key: str, file: File) -> Sent:
    """An object that is there already: ours if it is equal."""
    size, sha256 = _look(store, key, file)
    if (size, sha256) != (file.bytes, file.sha256):
        raise StoreError(
            f"{store.url}: {key} is in the way: {size} bytes, sha256 {sha256[:12]}, where {file.bytes} bytes, sha256 "
            f"{file.sha256[:12]} belong",
            f"Nothing was published and nothing overwritten. Remove it if nobody needs it, or wait: {_WAIT}",
        )
    return Sent(1, found=1)


_WAIT = "a claim that is 12 hours old is given up, and the next number taken."


def _read_back(store: Store, key: str, file: File) -> None:
    size, sha256 = _look(store, key, file)
    if (size, sha256) != (file.bytes, file.sha256):
        raise Damaged(
            f"{store.url}: {key} was written and does not read back: {size} bytes, sha256 {sha256[:12]}, where "
            f"{file.bytes} bytes, sha256 {file.sha256[:12]} were sent",
            "Nothing was published. The store, or something before it, alters what it is given; run `doctor`.",
        )


def _look(store: Store, key: str, file: File) -> tuple[int, str]:
    """Size and sha256 of what the store holds; -1 and nothing where it holds nothing."""
    if file.bytes <= READ_BACK:
        try:
            body, _ = store.read(key)
        except NotFound:
            return -1, ""
        return len(body), sha256_bytes(body)
    stat = store.stat(key)
    if stat is None:
        return -1, ""
    return stat.size, stat.sha256
