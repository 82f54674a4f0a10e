"""A published release as readers find it. In: a store, a package, a version. Out: its documents and rows, every byte checked.

Everything derived (pages, feeds, catalogues) and everything that compares releases reads here, never from sources.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from publisher import layout
from publisher.canonical import sha256_file
from publisher.diff.state import missing_text
from publisher.errors import Damaged, NotFound
from publisher.model import Descriptor
from publisher.package.metadata import FileInfo, PackageInfo, TableInfo, read_metadata
from publisher.store.base import Store


@dataclass(frozen=True, slots=True)
class Published:
    """One release. `descriptor` is its datapackage.json, `info` the model of it; `folder` is scratch space on this machine.
    `root` is where its files lie in the store (a key ending with a slash, or empty)."""

    store: Store
    package: str
    version: str
    descriptor: Descriptor
    info: PackageInfo
    folder: Path
    root: str

    def document(self, name: str) -> Descriptor:
        """A JSON file of the release such as `changes.json`. Raises NotFound, Damaged."""
        return _parse(self.store, self.root + name)

    def csv_paths(self, table: TableInfo) -> list[Path]:
        """A table's canonical CSV, or those of its parts in order, as files of this machine, each sha256 checked.

        Raises NotFound, Damaged."""
        files = table.parts("csv")
        if not files:
            raise NotFound(f"{self.package} {self.version}: table {table.name} has no CSV")
        return [self.csv_path(file) for file in files]

    def csv_path(self, file: FileInfo) -> Path:
        """One CSV of the release as a file of this machine. Raises NotFound, Damaged."""
        path = self.folder / f"{file.sha256}.csv"
        if not path.exists():
            _download(self.store, self.root + file.path, path, file.sha256)
        return path

    def rows(self, table: TableInfo, limit: int | None = None) -> Iterator[dict[str, str | None]]:
        """A table's rows in their published order as canonical text, None where a value is missing; at most `limit`."""
        yield from islice(self._rows(table), limit)

    def _rows(self, table: TableInfo) -> Iterator[dict[str, str | None]]:
        for file in table.parts("csv"):
            with self.csv_path(file).open(encoding="utf-8", newline="") as opened:
                yield from read_rows(opened, table)


def read_rows(file: TextIO, table: TableInfo) -> Iterator[dict[str, str | None]]:
    """The rows of a table's canonical CSV, opened as text with its line ends left alone; a cell may be as long as memory allows."""
    missing = {str(item["name"]): missing_text(item) for item in table.schema.get("fields", ())}
    csv.field_size_limit(sys.maxsize)
    for row in csv.DictReader(file):
        yield {name: None if value == missing[name] else value for name, value in row.items()}


def read_release(store: Store, package: str, version: str, folder: Path) -> Published:
    """A release of a package. Raises NotFound, Damaged."""
    return _read(store, layout.release_folder(package, version), package, version, folder)


def read_folder(store: Store, folder: Path) -> Published:
    """A release that was copied somewhere, its files at the root of `store`. Raises NotFound, Damaged."""
    return _read(store, "", "", "", folder)


def _read(store: Store, root: str, package: str, version: str, folder: Path) -> Published:
    descriptor = _parse(store, root + layout.DESCRIPTOR)
    info = read_metadata(descriptor)
    return Published(store, package or info.name, version or info.version, descriptor, info, folder, root)


def read_document(store: Store, package: str, version: str, name: str) -> Descriptor:
    """A JSON file of any release. Raises NotFound, Damaged."""
    return _parse(store, layout.release_file(package, version, name))


def read_checksums(store: Store, package: str, version: str) -> dict[str, str]:
    """The sha256 of every file of a release by name, from its SHA256SUMS. Raises NotFound."""
    body, _ = store.read(layout.release_file(package, version, layout.CHECKSUMS))
    return {path: digest for digest, _, path in (line.decode().partition("  ") for line in body.splitlines())}


def fetch_file(store: Store, package: str, version: str, name: str, folder: Path) -> Path:
    """A file of any release as a file of this machine, checked against the release's SHA256SUMS. Raises NotFound, Damaged."""
    sums = read_checksums(store, package, version)
    if name not in sums:
        raise NotFound(f"{package} {version}: {layout.CHECKSUMS} does not name {name}")
    path = folder / f"{sums[name]}-{Path(name).name}"
    if not path.exists():
        _download(store, layout.release_file(package, version, name), path, sums[name])
    return path


def _parse(store: Store, key: str) -> Descriptor:
    body, _ = store.read(key)
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Damaged(
            f"{store.url}: {key} is not JSON: {error}", "`publisher verify` shows what else is damaged."
        ) from error
    if not isinstance(document, dict):
        raise Damaged(f"{store.url}: {key} does not hold an object", "`publisher verify` shows what else is damaged.")
    return document


def _download(store: Store, key: str, path: Path, sha256: str) -> None:
    """Into a name of its own first, so that an interrupted download is never taken for the file."""
    part = path.with_suffix(".part")
    with store.open(key) as source, part.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    found = sha256_file(part)
    if found != sha256:
        part.unlink()
        raise Damaged(
            f"{store.url}: {key} has sha256 {found}, its record says {sha256}",
            "`publisher verify` shows what else is damaged.",
        )
    part.rename(path)
