"""A copy of a package on this machine. In: its folder. Out: Copy, what was pulled from where; the pointer and releases it was read from.

versions.json          the pointer as it was last read
copy.json              where it came from, which release, tables and formats are wanted
v/<version>/...        releases, as they are published
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from publisher import layout
from publisher.canonical import readable_json
from publisher.client.source import POINTER, Source, read_checked
from publisher.errors import Damaged, NotFound, UsageError
from publisher.model import Descriptor
from publisher.package.metadata import FileInfo, PackageInfo, TableInfo, read_metadata

STATE = "copy.json"
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]*")
"""What a folder may be named after, whoever says so."""
Judge = Callable[[bytes, bytes, datetime], str]
"""What is wrong with a signature of SHA256SUMS made at a moment; "" where nothing is (signing.check)."""


def release_path(version: str) -> str:
    """Where a release lies below its package, with a final slash."""
    return layout.release_folder("", version).lstrip("/")


@dataclass(frozen=True, slots=True)
class Copy:
    """What a folder holds. `etag` is that of the pointer; no `tables` or `formats` means all of them."""

    url: str
    version: str
    etag: str
    tables: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        _write(folder / STATE, readable_json(asdict(self)))


def read_copy(folder: Path) -> Copy | None:
    """None where nothing was pulled into the folder. Raises UsageError where the record of it cannot be read."""
    try:
        found = json.loads((folder / STATE).read_bytes())
        return Copy(found["url"], found["version"], found["etag"], tuple(found["tables"]), tuple(found["formats"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / STATE} cannot be read: {error}", "Pull into a new folder.") from error


@dataclass(frozen=True, slots=True)
class Pointer:
    """versions.json. `history` is newest first and grows into the past as it is asked for (`reach`); `earlier` leads to the page with
    what came before."""

    body: bytes
    etag: str
    latest: str | None
    history: tuple[Mapping[str, Any], ...]
    earlier: Mapping[str, Any] | None = None

    def find(self, version: str) -> Mapping[str, Any] | None:
        """A release's entry, as far as the history reaches."""
        for item in self.history:
            for found in (item, item.get("release", {})):
                if found.get("kind", "release") == "release" and found.get("version") == version:
                    return found
        return None

    def entry(self, version: str) -> Mapping[str, Any]:
        """A release's entry. Raises NotFound."""
        found = self.find(version)
        if found is None:
            raise NotFound(
                f"there is no release {version} among those that {POINTER} lists",
                "Leave the version out for the latest one.",
            )
        return found

    def withdrawn(self, version: str) -> str:
        """Why a release was withdrawn, or removed by law; "" where it was not. Entries on pages are never written again: there, the event
        tells."""
        for item in self.history:
            if item.get("kind") == "redaction" and version in item.get("replaced", {}):
                return str(item.get("reason") or "removed by law")
        events = (item for item in self.history if item.get("version") == version)
        marks = (item if item.get("kind") == "yank" else item.get("yanked") or {} for item in events)
        return next((str(mark.get("reason") or "no reason given") for mark in marks if mark), "")


def reach(source: Source, pointer: Pointer, version: str) -> Pointer:
    """The pointer with its past up to a release, or all of it where there is none. Raises Damaged, NotFound."""
    while pointer.find(version) is None and pointer.earlier:
        page = json.loads(read_checked(source, str(pointer.earlier["path"]), str(pointer.earlier["sha256"])))
        pointer = replace(pointer, history=(*pointer.history, *page["history"]), earlier=page.get("earlier"))
    return pointer


def read_pointer(source: Source, known: Pointer | None = None) -> Pointer:
    """The pointer; `known` is used where it did not change since. Raises Damaged, NotFound, Unavailable."""
    found = source.read(POINTER, known.etag if known else "")
    if found.body is None and known is not None:
        return known
    return parse_pointer(found.body or b"", found.etag, source.url)


def parse_pointer(body: bytes, etag: str, where: str) -> Pointer:
    """Raises Damaged."""
    try:
        document = json.loads(body)
        history = tuple(item for item in document["history"] if isinstance(item, dict))
        return Pointer(body, etag, document["latest"], history, document.get("earlier"))
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"{where}{POINTER} cannot be read: {error!r}", "Check that this is the address of a package."
        ) from error


@dataclass(frozen=True, slots=True)
class Remote:
    """A release at its place: its documents and the sha256 of each of its files. `path` ends with a slash."""

    source: Source
    version: str
    path: str
    descriptor: Descriptor
    info: PackageInfo
    sums: Mapping[str, str]

    def fetch(self, name: str, folder: Path) -> Path:
        """A file of the release, below `folder`. Raises NotFound, Damaged."""
        if name not in self.sums:
            raise NotFound(f"{self.source.url}{self.path}: {layout.CHECKSUMS} does not name {name}")
        target = folder / name
        self.source.fetch(self.path + name, target, self.sums[name])
        return target

    def wanted(self, tables: Sequence[str], formats: Sequence[str]) -> Iterator[tuple[TableInfo, FileInfo]]:
        """The files of the wanted tables in the wanted formats. Raises UsageError for a name that is none."""
        names = [table.name for table in self.info.tables]
        kinds = {file.format for table in self.info.tables for file in table.files}
        for asked, known, what in ((tables, names, "table"), (formats, sorted(kinds), "format")):
            if unknown := sorted({*asked} - {*known}):
                raise UsageError(
                    f"{self.info.name} {self.version} has no {what} {', '.join(unknown)}",
                    f"Known are: {', '.join(known)}.",
                )
        for table in self.info.tables:
            if not tables or table.name in tables:
                yield from ((table, file) for file in table.files if not formats or file.format in formats)


def read_remote(source: Source, pointer: Pointer, version: str) -> Remote:
    """A release that the pointer lists, its documents checked against it. Raises NotFound, Damaged."""
    if not _VERSION.fullmatch(version):
        raise Damaged(f"{source.url}{POINTER} lists {version!r}, which is no version")
    entry = pointer.entry(version)
    path = str(entry["path"])
    sums = dict(_sums(read_checked(source, path + layout.CHECKSUMS, str(entry["checksums"]))))
    descriptor = json.loads(read_checked(source, path + layout.DESCRIPTOR, str(entry["sha256"])))
    return Remote(source, version, path, descriptor, read_metadata(descriptor), sums)


def require_signature(source: Source, pointer: Pointer, version: str, judge: Judge) -> None:
    """Raises Damaged where a release is not signed by one of those whom `judge` knows."""
    entry = pointer.entry(version)
    path, wrong = str(entry["path"]), "it is not signed"
    if "signature" in entry:
        signature = read_checked(source, path + layout.SIGNATURE, str(entry["signature"]))
        sums = read_checked(source, path + layout.CHECKSUMS, str(entry["checksums"]))
        wrong = judge(signature, sums, datetime.fromisoformat(str(entry["created"])))
    if wrong:
        raise Damaged(
            f"{source.url}{path}{layout.SIGNATURE}: {wrong}",
            "Ask the publisher which key is right; do not use what was published here until then.",
        )


def _sums(body: bytes) -> Iterator[tuple[str, str]]:
    """Names and hashes. A name that leads out of the release's folder is refused, whoever signed for it."""
    for line in body.splitlines():
        digest, _, name = line.decode().partition("  ")
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or name.startswith("/") or "\\" in name:
            raise Damaged(f"{layout.CHECKSUMS} names {name!r}, which is no file of a release")
        yield name, digest


def keep_pointer(folder: Path, pointer: Pointer) -> None:
    _write(folder / POINTER, pointer.body)


def kept_pointer(folder: Path, etag: str) -> Pointer | None:
    """The pointer as it was last read into the folder."""
    try:
        return parse_pointer((folder / POINTER).read_bytes(), etag, str(folder))
    except (FileNotFoundError, Damaged):
        return None


def _write(path: Path, body: bytes) -> None:
    """In one step, so that a copy is never half told."""
    part = path.with_name(f"{path.name}.new")
    part.write_bytes(body)
    part.replace(path)
