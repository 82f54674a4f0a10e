"""A copy kept current. In: a folder that was pulled into. Out: its tables as the latest release has them, rebuilt from row changes where
that works, fetched where it does not; the bytes are the release's in both cases. Withdrawals are noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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
    require_signature,
)
from publisher.client.pull import fetch_files, settled
from publisher.client.rebuild import rebuild
from publisher.client.source import SECONDS, Source, open_source
from publisher.errors import NotFound, UsageError
from publisher.store.retry import Retry


@dataclass(frozen=True, slots=True)
class Followed:
    """`before` and `after` are releases, equal where nothing was new. `rebuilt` names tables made from row changes, `fetched` counts
    files that came over the line whole. `withdrawn` is why the release that was here before must not be used any more, or "";
    `back` says that the way to `after` led back."""

    before: str
    after: str
    rebuilt: tuple[str, ...]
    fetched: int
    withdrawn: str
    back: bool


def follow(
    folder: Path, *, judge: Judge | None = None, retry: Retry | None = None, seconds: float = SECONDS
) -> Followed:
    """Bring a copy up to the latest release, which must be signed as `judge` demands.

    Raises UsageError, NotFound, AccessDenied, Unavailable, Damaged."""
    copy = read_copy(folder)
    if copy is None:
        raise UsageError(f"{folder}: nothing was pulled into this folder", "Begin with `publisher pull ADDRESS`.")
    source = open_source(copy.url, retry or Retry(), seconds)
    return settled(lambda known: _follow(source, copy, known, folder, judge), kept_pointer(folder, copy.etag))


def _follow(source: Source, copy: Copy, known: Pointer | None, folder: Path, judge: Judge | None) -> Followed:
    pointer = read_pointer(source, known)
    withdrawn, latest = pointer.withdrawn(copy.version), pointer.latest
    rebuilt: tuple[str, ...] = ()
    fetched, line = 0, [copy.version]
    if latest is not None and latest != copy.version:
        if judge:
            require_signature(source, pointer, latest, judge)
        line, reached = _line(source, pointer, copy.version, latest)
        remote = read_remote(source, reached, latest)
        rebuilt = _rebuild(source, reached, line, copy, remote, folder) if line else ()
        _, fetched = fetch_files(remote, folder, copy.tables, copy.formats)
    keep_pointer(folder, pointer)
    replace(copy, version=latest or copy.version, etag=pointer.etag).save(folder)
    return Followed(copy.version, latest or copy.version, rebuilt, fetched, withdrawn, back=not line)


def _line(source: Source, pointer: Pointer, start: str, end: str) -> tuple[list[str], Pointer]:
    """Releases after `start` up to `end`, oldest first, and the pointer with as much past as they need; no releases where `end` does not
    come from `start` (a return to an older one)."""
    found: list[str] = []
    version: str | None = end
    while version and version != start:
        found.append(version)
        pointer = reach(source, pointer, version)
        known = pointer.find(version)
        version = known.get("parent") if known else None
    return (found[::-1], reach(source, pointer, start)) if version else ([], pointer)


def _rebuild(
    source: Source, pointer: Pointer, line: Sequence[str], copy: Copy, remote: Remote, folder: Path
) -> tuple[str, ...]:
    """Tables made from row changes; none where a release in between is gone."""
    try:
        before = read_remote(source, pointer, copy.version)
        steps = [read_remote(source, pointer, version) for version in line[:-1]]
    except NotFound:
        return ()
    return rebuild(before, [*steps, remote], copy, folder)
