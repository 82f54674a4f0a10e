"""One package as readers find it. In: a store, a package, its pointer's history. Out: Shelf: the latest release.

Rows are read once for all pages. Of a table beyond HELD rows only the first are read, straight from the store: it gets a sample.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from publisher import layout
from publisher.canonical import content_hash
from publisher.errors import NotFound
from publisher.model import Descriptor
from publisher.package.metadata import Link, PackageInfo, TableInfo
from publisher.package.published import Published, read_document, read_release
from publisher.site.declare import Count, Row, Site, matches, read_site
from publisher.store.base import Store

HELD = 20_000
"""Rows up to which a table is read whole."""
SAMPLE = 200
"""Rows read of a larger one."""
TOLD = 25
"""Releases whose own notes are read for lists; older ones are told by the pointer's counts."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """`history` is the pointer's, newest first; `files` are sizes of the latest release's files by name; `rows` by table;
    `keys` are rows by table and key, `links` further sources by table and key, `summaries` what the newest releases say they changed,
    by version; `identity` changes with anything that pages are made from."""

    package: str
    release: Published
    info: PackageInfo
    history: tuple[Mapping[str, Any], ...]
    files: Mapping[str, int]
    rows: Mapping[str, tuple[Row, ...]]
    keys: Mapping[str, Mapping[tuple[str, ...], Row]]
    links: Mapping[tuple[str, str], tuple[str, ...]]
    site: Site
    numbers: Mapping[str, int]
    summaries: Mapping[str, Descriptor]
    identity: str

    @property
    def releases(self) -> tuple[Mapping[str, Any], ...]:
        """Entries of releases, newest first."""
        return tuple(item for item in self.history if item["kind"] == "release")

    def whole(self, table: TableInfo) -> bool:
        """Whether all rows of a table were read."""
        return table.rows <= HELD

    def row(self, table: str, key: Sequence[str | None]) -> Row | None:
        """A row by its key, or None."""
        return self.keys.get(table, {}).get(tuple(part or "" for part in key))

    def has_pages(self, table: str) -> bool:
        """Whether each row of a table has a page."""
        return self.site.record(table) is not None and self.whole(self.info.table(table))

    def sources(self, table: TableInfo, row: Row) -> tuple[str, ...]:
        """Keys of the sources that a row rests on, the main one first."""
        declared = self.site.sources
        if declared is None or table.name == declared.table:
            return ()
        main = [
            row.get(key.fields[0]) for key in table.foreign_keys if key.table == declared.table and len(key.fields) == 1
        ]
        further = (
            self.links.get((table.name, row.get(table.primary_key[0]) or ""), ()) if len(table.primary_key) == 1 else ()
        )
        return tuple(dict.fromkeys(item for item in (*main, *further) if item))


def read_shelf(store: Store, package: str, version: str, history: Sequence[Mapping[str, Any]], folder: Path) -> Shelf:
    """Raises NotFound, Damaged."""
    release = read_release(store, package, version, folder)
    info = _with_safe_links(release.info)
    site = read_site(release.descriptor, info)
    rows = {table.name: _read_rows(release, table) for table in info.tables}
    keys = {
        table.name: {tuple(row.get(name) or "" for name in table.primary_key): row for row in rows[table.name]}
        for table in info.tables
        if table.primary_key
    }
    prefix = layout.release_folder(package, version)
    files = {stat.key.removeprefix(prefix): stat.size for stat in store.list(prefix)}
    return Shelf(
        package,
        release,
        info,
        tuple(history),
        {name: size for name, size in files.items() if not name.endswith(".html")},
        rows,
        keys,
        _row_links(info, site, rows),
        site,
        {item.name: count(item, rows) for item in site.counts},
        dict(_summaries(store, package, history)),
        content_hash([release.descriptor, list(history), files]),
    )


def count(item: Count, rows: Mapping[str, Sequence[Row]]) -> int:
    """What a declared number is."""
    found = [row for row in rows[item.table] if matches(row, item.where)]
    return len({row.get(item.distinct) for row in found} - {None}) if item.distinct else len(found)


def _read_rows(release: Published, table: TableInfo) -> tuple[Row, ...]:
    if table.rows <= HELD:
        return tuple(release.rows(table))
    file = table.file("csv")
    assert file is not None
    with release.store.open(layout.release_file(release.package, release.version, file.path)) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        return tuple(
            {name: value or None for name, value in row.items()} for row in islice(csv.DictReader(text), SAMPLE)
        )


def _with_safe_links(info: PackageInfo) -> PackageInfo:
    """Addresses that a descriptor gives, those left out that are no web address: a link may run a script otherwise."""

    def safe(links: Sequence[Link]) -> tuple[Link, ...]:
        return tuple(
            item if urlsplit(item.path).scheme in {"http", "https"} else replace(item, path="") for item in links
        )

    return replace(info, licenses=safe(info.licenses), sources=safe(info.sources), contributors=safe(info.contributors))


def _summaries(store: Store, package: str, history: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Descriptor]]:
    versions = [str(item["version"]) for item in history if item["kind"] == "release"]
    for version in versions[:TOLD]:
        with suppress(NotFound):
            yield version, read_document(store, package, version, layout.CHANGES)


def _row_links(
    info: PackageInfo, site: Site, rows: Mapping[str, Sequence[Row]]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Further sources of rows, by table and key."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for table in info.tables:
        key = next((item for item in table.foreign_keys if site.sources and item.table == site.sources.table), None)
        if not table.row_links or key is None:
            continue
        of, record = table.row_links
        for row in rows[table.name]:
            place = (row.get(of) or "", row.get(record) or "")
            found[place] = (*found.get(place, ()), row.get(key.fields[0]) or "")
    return found
