"""What a package declares of its pages. In: `site` of a published descriptor. Out: Site: numbers, record pages, charts, sources, notes.

Every package has generic pages; this adds to them (docs/site.md, Declarations). It is part of the published descriptor, since pages
are made from published releases alone. What is declared of tables or columns that a release does not have is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from publisher import layout
from publisher.model import Descriptor
from publisher.package.metadata import PackageInfo, TableInfo, Text, text

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Count:
    """Rows of a table whose columns have the given values, or the distinct values of a column among them. One with a label is shown
    among the figures of the package; all may stand in titles by their names."""

    name: str
    table: str
    where: Mapping[str, str | None]
    distinct: str
    label: Text


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of another table shown on a record's page: those that refer to it, or those that `where` names."""

    table: str
    where: Mapping[str, str | None]
    text: str
    group: str
    facts: tuple[str, ...]
    when: str
    title: Text
    refers: bool


@dataclass(frozen=True, slots=True)
class Records:
    """A table whose rows have pages. `title`, `note` and `text` are columns, or their stems where each language has its own;
    `moment` is what `when` is the date of; `order` is the column that rows go by, without it they go by their titles."""

    table: str
    title: str
    order: str
    note: str
    text: str
    facts: tuple[str, ...]
    when: str
    moment: Text
    coverage: str
    lists: tuple[Listing, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """The table of sources. Rows name theirs by a foreign key; a table with `rowLinks` ties further ones to rows of any table."""

    table: str
    title: str
    publisher: str
    url: str
    when: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of a table. `name` is a part of its address; `options` are those of its kind: map, matrix, bars, timeline."""

    name: str
    kind: str
    table: str
    title: Text
    note: Text
    options: Descriptor


@dataclass(frozen=True, slots=True)
class Site:
    """All declarations of one package."""

    counts: tuple[Count, ...] = ()
    records: tuple[Records, ...] = ()
    sources: Sources | None = None
    charts: tuple[Chart, ...] = ()
    notes: tuple[Text, ...] = ()

    def record(self, table: str) -> Records | None:
        return next((item for item in self.records if item.table == table), None)

    def caption(self, table: str) -> str:
        """The column, or the stem of columns, that tells best what a row of a table says; "" where nothing declares one."""
        if (own := self.record(table)) and own.title:
            return own.title
        if self.sources and self.sources.table == table:
            return self.sources.title
        lists = (item.text for record in self.records for item in record.lists if item.table == table)
        return next((text for text in lists if text), "")


def read_site(descriptor: Descriptor, info: PackageInfo) -> Site:
    """The declarations of a release, those that fit it."""
    written = descriptor.get("site")
    if not isinstance(written, Mapping):
        return Site()
    tables = {table.name: table for table in info.tables}
    sources = written.get("sources")
    return Site(
        counts=tuple(_count(item) for item in _items(written, "numbers") if item.get("table") in tables),
        records=tuple(_records(item, tables) for item in _items(written, "records") if _has_key(item, tables)),
        sources=_sources(sources) if isinstance(sources, Mapping) and _has_key(sources, tables) else None,
        charts=tuple({item.name: item for item in _charts(written, tables)}.values()),
        notes=tuple(text(item, "text") for item in _items(written, "notes")),
    )


def localized(table: TableInfo, stem: str, language: str, languages: Sequence[str]) -> str:
    """The column of a stem in a language: `name` gives `name_ar` where there is one, else the main language's, else itself."""
    names = {field.name for field in table.fields}
    for wanted in (f"{stem}_{language}", stem, f"{stem}_{languages[0]}"):
        if stem and wanted in names:
            return wanted
    return ""


def language_of(name: str, languages: Sequence[str]) -> str:
    """The language that a column's name ends in, or ""."""
    stem, _, end = name.rpartition("_")
    return end if stem and end in languages else ""


def matches(row: Row, where: Mapping[str, str | None]) -> bool:
    return all(row.get(name) == value for name, value in where.items())


def _items(written: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = written.get(key)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _has_key(item: Mapping[str, Any], tables: Mapping[str, TableInfo]) -> bool:
    table = tables.get(str(item.get("table")))
    return table is not None and len(table.primary_key) == 1


def _fits(item: Mapping[str, Any], tables: Mapping[str, TableInfo]) -> bool:
    table = tables.get(str(item.get("table")))
    return table is not None and not unfit(item, table)


def unfit(chart: Mapping[str, Any], table: TableInfo) -> list[str]:
    """Options of a chart that its kind needs and the table does not have; `kind` itself where nobody draws it."""
    kind = str(chart.get("kind"))
    if kind not in KINDS:
        return ["kind"]
    types = {field.name: field.type for field in table.fields}
    needed = {name: str(chart.get(name)) for name in KINDS[kind] if name != "when"}
    wrong = [
        name
        for name, column in needed.items()
        if column not in types or (name == "value" and types[column] != "integer")
    ]
    if "when" in KINDS[kind] and f"{chart.get('when')}_earliest" not in types:
        wrong.append("when")
    return wrong


KINDS: Mapping[str, tuple[str, ...]] = {
    "map": ("country", "group"),
    "matrix": ("rows", "columns", "value", "status"),
    "bars": ("bar", "part", "value"),
    "timeline": ("when",),
}
"""Kinds of charts with the options that each needs: columns, `value` a whole number, `when` a stem of dates."""


def read_where(item: Mapping[str, Any], name: str = "where") -> dict[str, str | None]:
    """Values as canonical text: `true` written as YAML's truth is the text `true`."""
    written = item.get(name)
    plain = {True: "true", False: "false", None: None}
    return {
        str(name): plain[value] if value is None or isinstance(value, bool) else str(value)
        for name, value in (written.items() if isinstance(written, Mapping) else ())
    }


def _count(item: Mapping[str, Any]) -> Count:
    return Count(
        str(item.get("name", "")),
        str(item["table"]),
        read_where(item),
        str(item.get("distinct", "")),
        text(item, "label"),
    )


def _names(item: Mapping[str, Any], key: str) -> tuple[str, ...]:
    written = item.get(key)
    return tuple(str(name) for name in written) if isinstance(written, list) else ()


def _records(item: Mapping[str, Any], tables: Mapping[str, TableInfo]) -> Records:
    return Records(
        str(item["table"]),
        str(item.get("title", "")),
        str(item.get("order", "")),
        str(item.get("note", "")),
        str(item.get("text", "")),
        _names(item, "facts"),
        str(item.get("when", "")),
        text(item, "moment"),
        str(item.get("coverage", "")) if item.get("coverage") in tables else "",
        tuple(_listing(entry) for entry in _items(item, "lists") if entry.get("table") in tables),
    )


def _listing(item: Mapping[str, Any]) -> Listing:
    return Listing(
        str(item["table"]),
        read_where(item),
        str(item.get("text", "")),
        str(item.get("group", "")),
        _names(item, "facts"),
        str(item.get("when", "")),
        text(item, "title"),
        bool(item.get("refers", True)),
    )


def _sources(item: Mapping[str, Any]) -> Sources:
    return Sources(
        str(item["table"]),
        str(item.get("title", "title")),
        str(item.get("publisher", "")),
        str(item.get("url", "")),
        str(item.get("when", "")),
        _names(item, "facts"),
    )


def _charts(written: Mapping[str, Any], tables: Mapping[str, TableInfo]) -> list[Chart]:
    return [_chart(item) for item in _items(written, "charts") if _fits(item, tables)]


def _chart(item: Mapping[str, Any]) -> Chart:
    return Chart(
        layout.segment(str(item.get("name") or item.get("kind"))),
        str(item.get("kind", "")),
        str(item["table"]),
        text(item, "title"),
        text(item, "note"),
        item,
    )
