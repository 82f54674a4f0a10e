"""One package as readers find it. In: its latest release, what is known of its past. Out: Shelf: all that pages are made from.

Rows are read once for all pages, and only of tables that a page asks for. Of a table beyond HELD rows only the first are read, straight
from the store: it gets a sample.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from publisher import layout
from publisher.package.metadata import FieldInfo, Link, PackageInfo, TableInfo, Text
from publisher.package.published import Published, read_rows
from publisher.site.declare import Count, Row, Site, localized, matches, read_site
from publisher.site.memory import Memory
from publisher.site.prose import without_tags
from publisher.site.stones import Stone, read_stones

HELD = 20_000
"""Rows up to which a table is read whole."""
SAMPLE = 200
"""Rows read of a larger one."""


class Rows(Mapping[str, tuple[Row, ...]]):
    """Rows by table, read when first asked for."""

    def __init__(self, release: Published, info: PackageInfo) -> None:
        self._release, self._tables = release, {table.name: table for table in info.tables}
        self._read: dict[str, tuple[Row, ...]] = {}

    def __getitem__(self, name: str) -> tuple[Row, ...]:
        if name not in self._read:
            self._read[name] = _read_rows(self._release, self._tables[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


class Shelf:
    """`versions` are the releases on the line to the latest one, oldest first, `memory` is what is known of them, `back` the event by
    which an older release became the latest one, if one did; `rows` are those of the latest release, by table; `site` is what it
    declares; `framed` keeps what pages have in common."""

    def __init__(
        self,
        release: Published,
        versions: Sequence[str] = (),
        memory: Memory | None = None,
        back: Mapping[str, Any] | None = None,
    ) -> None:
        self.package, self.release = release.package, release
        self.versions, self.memory, self.back = versions, memory or Memory(), back or {}
        self.info = for_pages(release.info)
        self.site: Site = read_site(release.descriptor, self.info)
        self.rows = Rows(release, self.info)
        self._keys: dict[str, dict[tuple[str, ...], Row]] = {}
        self._by: dict[tuple[str, str], dict[str | None, list[Row]]] = {}
        self.framed: dict[tuple[str, ...], str] = {}

    @cached_property
    def files(self) -> Mapping[str, int]:
        """Sizes of the latest release's files, by name."""
        prefix = layout.release_folder(self.package, self.release.version)
        sizes = {stat.key.removeprefix(prefix): stat.size for stat in self.release.store.list(prefix)}
        return {name: size for name, size in sizes.items() if not name.endswith(".html")}

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The declared numbers, counted."""
        return {item.name: count(item, self.rows) for item in self.site.counts}

    @cached_property
    def links(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """Further sources of rows, by table and key."""
        return _row_links(self.info, self.site, self.rows)

    @cached_property
    def _stones(self) -> list[Stone]:
        return read_stones(self.release, self.info.tables, self.versions, self.memory)

    def removed(self, table: str) -> list[Stone]:
        """Rows of a table that are gone."""
        return [stone for stone in self._stones if stone.table == table]

    def captions(self, languages: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Of each table with a key, the columns that say in these languages what a row is called."""
        stems = {table.name: self.site.caption(table.name) for table in self.info.tables if table.primary_key}
        found = {
            name: {localized(self.info.table(name), stem, item, languages) for item in languages}
            for name, stem in stems.items()
        }
        return {name: tuple(sorted(columns - {""})) for name, columns in found.items()}

    def whole(self, table: TableInfo) -> bool:
        """Whether all rows of a table were read."""
        return table.rows <= HELD

    def row(self, table: str, key: Sequence[str | None]) -> Row | None:
        """A row by its key, or None."""
        if table not in self._keys:
            names = self.info.table(table).primary_key
            found = {tuple(row.get(name) or "" for name in names): row for row in self.rows[table]} if names else {}
            self._keys[table] = found
        return self._keys[table].get(tuple(part or "" for part in key))

    def having(self, table: str, column: str, value: str) -> Sequence[Row]:
        """The rows of a table with a value in a column."""
        if (table, column) not in self._by:
            found: dict[str | None, list[Row]] = {}
            for row in self.rows[table]:
                found.setdefault(row.get(column), []).append(row)
            self._by[table, column] = found
        return self._by[table, column].get(value, ())

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


def count(item: Count, rows: Mapping[str, tuple[Row, ...]]) -> int:
    """What a declared number is."""
    found = [row for row in rows[item.table] if matches(row, item.where)]
    return len({row.get(item.distinct) for row in found} - {None}) if item.distinct else len(found)


def _read_rows(release: Published, table: TableInfo) -> tuple[Row, ...]:
    if table.rows <= HELD:
        return tuple(release.rows(table))
    # of a table in parts, the first one is enough
    file = table.parts("csv")[0]
    with release.store.open(layout.release_file(release.package, release.version, file.path)) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        return tuple(islice(read_rows(text, table), SAMPLE))


def for_pages(info: PackageInfo) -> PackageInfo:
    """Metadata as pages show them: titles without tags, and no address that is no web address, since such a link may run a script."""

    def safe(links: Sequence[Link]) -> tuple[Link, ...]:
        titled = [replace(item, title=_bare(item.title)) for item in links]
        return tuple(
            item if urlsplit(item.path).scheme in {"http", "https"} else replace(item, path="") for item in titled
        )

    return replace(
        info,
        title=_bare(info.title),
        licenses=safe(info.licenses),
        sources=safe(info.sources),
        contributors=safe(info.contributors),
        tables=tuple(
            replace(table, title=_bare(table.title), fields=tuple(map(_bare_field, table.fields)))
            for table in info.tables
        ),
    )


def _bare_field(field: FieldInfo) -> FieldInfo:
    categories = tuple(replace(item, label=_bare(item.label)) for item in field.categories)
    return replace(field, title=_bare(field.title), categories=categories)


def _bare(text: Text) -> Text:
    found = {language: without_tags(item) for language, item in text.translations.items()}
    return Text(without_tags(text.default), found)


def _row_links(
    info: PackageInfo, site: Site, rows: Mapping[str, tuple[Row, ...]]
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
