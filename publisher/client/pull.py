"""A release as files. In: the address of a package, a folder. Out: verified files of a release below that folder.

Files that are there already, or in a release that was pulled before, are not fetched again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from publisher import layout
from publisher.canonical import sha256_file
from publisher.client.copy import (
    Copy,
    Judge,
    Pointer,
    Remote,
    keep_pointer,
    kept_pointer,
    reach,
    read_copy,
    read_pointer,
    read_remote,
    release_path,
    require_signature,
)
from publisher.client.source import SECONDS, open_source
from publisher.errors import Damaged, NotFound, UsageError
from publisher.store.retry import Retry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pulled:
    """`files` lie in `folder`; `fetched` of them came over the line, the others were there. `withdrawn` is the reason for which the
    release was withdrawn, "" where it was not."""

    version: str
    folder: Path
    files: tuple[Path, ...]
    fetched: int
    withdrawn: str


def pull(
    url: str,
    folder: Path,
    *,
    version: str = "",
    tables: Sequence[str] = (),
    formats: Sequence[str] = (),
    judge: Judge | None = None,
    retry: Retry | None = None,
    seconds: float = SECONDS,
) -> Pulled:
    """Fetch a release, the latest one unless `version` says otherwise, into `folder`/v/<version>/.

    `tables` and `formats` narrow it down; datapackage.json and SHA256SUMS always come along. `judge` says whose
    signature is accepted; without it none is asked for. A pull that was interrupted goes on where it
    ended. Raises UsageError, NotFound, AccessDenied, Unavailable, Damaged.
    """
    source = open_source(url, retry or Retry(), seconds)
    past = read_copy(folder)
    known = kept_pointer(folder, past.etag) if past and past.url == source.url else None

    def attempt(known: Pointer | None) -> Pulled:
        pointer = read_pointer(source, known)
        chosen = version or pointer.latest
        if not chosen:
            raise UsageError(f"{source.url}: nothing is published there, or all of it was withdrawn")
        pointer = reach(source, pointer, chosen)
        if judge:
            require_signature(source, pointer, chosen, judge)
        files, fetched = fetch_files(read_remote(source, pointer, chosen), folder, tables, formats)
        keep_pointer(folder, pointer)
        Copy(source.url, chosen, pointer.etag, tuple(tables), tuple(formats)).save(folder)
        return Pulled(chosen, folder / release_path(chosen), files, fetched, pointer.withdrawn(chosen))

    return settled(attempt, known)


def settled(attempt: Callable[[Pointer | None], T], known: Pointer | None) -> T:
    """`attempt`, and again with the pointer read anew where something was not what the pointer said: it may have been altered on its
    way, or moved meanwhile. Raises the last failure."""
    for _ in range(2):
        try:
            return attempt(known)
        except (Damaged, NotFound):
            known = None
    return attempt(None)


def fetch_files(
    remote: Remote, folder: Path, tables: Sequence[str], formats: Sequence[str]
) -> tuple[tuple[Path, ...], int]:
    """The wanted files of a release below `folder`/v/<version>/, and how many had to be fetched."""
    names = [file.path for _, file in remote.wanted(tables, formats)]
    if not tables and not formats:
        names = [name for name in remote.sums if name != layout.DESCRIPTOR]
    target = folder / release_path(remote.version)
    target.mkdir(parents=True, exist_ok=True)
    held = dict(_held(target.parent))
    fetched, files = 0, []
    for name in (*names, layout.DESCRIPTOR):
        fetched += _place(remote, name, target, held)
        files.append(target / name)
    sums = "".join(f"{remote.sums[name]}  {name}\n" for name in sorted({*names, layout.DESCRIPTOR}))
    (target / layout.CHECKSUMS).write_text(sums, encoding="utf-8")
    return tuple(files), fetched


def _place(remote: Remote, name: str, target: Path, held: dict[str, Path]) -> int:
    """Put one file at its place; 1 where it had to be fetched."""
    path, digest = target / name, remote.sums[name]
    if path.exists() and sha256_file(path) == digest:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    twin = held.get(digest)
    if twin is not None and twin.exists() and sha256_file(twin) == digest:
        shutil.copyfile(twin, path)
        return 0
    remote.fetch(name, target)
    return 1


def _held(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files of releases that were pulled before, by their sha256 as it was promised then."""
    for sums in sorted(folder.glob(f"*/{layout.CHECKSUMS}")):
        for line in sums.read_bytes().splitlines():
            digest, _, name = line.decode().partition("  ")
            yield digest, sums.parent / name
