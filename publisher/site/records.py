"""The page of one row: a country, a target. In: a declared table, a row. Out: Record: its facts, what refers to it, its sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from publisher import layout
from publisher.package.metadata import TableInfo
from publisher.site.cells import Cells
from publisher.site.declare import Listing, Records, Row, localized, matches
from publisher.site.prose import plain
from publisher.site.words import Words

WEIGHT = 90_000
"""Bytes that the lists of a record's page may weigh; a page stays below 200 kB."""
SOURCES = 60
"""Sources named below them."""
WHOLE = 20_000
"""Letters of the record's own text."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of another table in a list."""

    key: str
    href: str
    text: Markup
    facts: tuple[Markup, ...]
    sources: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that share a value of the grouping column; `name` is "" where there is none."""

    name: Markup
    rows: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """A list on a record's page; `more` leads to the table where not all fit."""

    title: str
    note: str
    count: str
    groups: tuple[Section, ...]
    more: str

    @property
    def rows(self) -> bool:
        return bool(self.groups)


@dataclass(frozen=True, slots=True)
class Step:
    """One of the things that a record covers or not."""

    mark: str
    name: str
    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of each thing was found for a record."""

    title: str
    items: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A source as a bibliography has it: `title` a paragraph, `origin` who published it and when."""

    key: str
    href: str
    title: Markup
    origin: Markup


@dataclass(frozen=True, slots=True)
class Record:
    """All of a record's page."""

    key: str
    id: str
    title: str
    note: Markup
    text: Markup
    summary: str
    facts: tuple[tuple[str, Markup], ...]
    coverage: Coverage | None
    lists: tuple[Lists, ...]
    remark: Markup
    sources: tuple[Markup, ...]
    sources_full: tuple[Origin, ...]
    previous: tuple[str, Markup] | None
    next: tuple[str, Markup] | None


def record(cells: Cells, table: TableInfo, row: Row, neighbours: tuple[Row | None, Row | None]) -> Record:
    """`table` is one whose rows have pages; `neighbours` are the rows before and after."""
    declared = cells.shelf.site.record(table.name)
    assert declared is not None
    key = row.get(table.primary_key[0]) or ""
    title = cells.title(table.name, row) or key
    room = WEIGHT // max(1, len(declared.lists))
    lists = tuple(_list(cells, item, table, key, room) for item in declared.lists)
    told = [f"{item.title}: {item.count}" for item in lists]
    used = list(dict.fromkeys([*cells.shelf.sources(table, row), *_list_sources(cells, declared, table, key)]))
    previous, following = (_turn(cells, table, other) for other in neighbours)
    text = cells.localized(table.name, declared.text, row, WHOLE) if declared.text else Markup("")
    return Record(
        key,
        layout.record_name([key]),
        title,
        cells.localized(table.name, declared.note, row) if declared.note else Markup(""),
        text,
        f"{title}. " + (text.striptags() or "; ".join(told)),
        tuple(_facts(cells, declared, table, row)),
        _coverage(cells, declared, table, key),
        lists,
        _remark(cells, table, row),
        tuple(cells.source(item) for item in cells.shelf.sources(table, row)),
        tuple(origin(cells, item) for item in used[:SOURCES]),
        previous,
        following,
    )


def in_order(cells: Cells, table: TableInfo) -> list[Row]:
    """The rows of a table as people look for them."""
    return sorted(cells.shelf.rows[table.name], key=lambda row: cells.place(table.name, row))


def origin(cells: Cells, key: str) -> Origin:
    """A source by its key."""
    declared = cells.shelf.site.sources
    row = cells.shelf.row(declared.table, (key,)) if declared else None
    href = cells.source_address(key)
    if declared is None or row is None:
        return Origin(key, href, Markup("<p><bdi>{}</bdi></p>").format(key), Markup(""))
    table = cells.shelf.info.table(declared.table)
    title = cells.paragraph(declared.table, declared.title, row, row.get(declared.url) or "")
    parts = []
    if publisher := row.get(declared.publisher):
        parts.append(Markup("<bdi>{}</bdi>").format(cells.text(table.column(declared.publisher), publisher)))
    if declared.when and row.get(f"{declared.when}_earliest"):
        parts.append(escape(cells.when(declared.when, row)))
    return Origin(key, href, title, escape(cells.words(", ")).join(parts))


def _turn(cells: Cells, table: TableInfo, row: Row | None) -> tuple[str, Markup] | None:
    if row is None:
        return None
    key = row.get(table.primary_key[0]) or ""
    return cells.record_address(table.name, [key]), escape(cells.title(table.name, row) or key) + cells.note_mark(
        table.name, row
    )


def _facts(cells: Cells, declared: Records, table: TableInfo, row: Row) -> Iterator[tuple[str, Markup]]:
    if declared.when:
        yield declared.moment(cells.words.language) or cells.words("When"), escape(cells.when(declared.when, row))
    for name in declared.facts:
        if row.get(name) is not None:
            field = table.column(name)
            yield field.title(cells.words.language), cells.value(table, field, row)


def _remark(cells: Cells, table: TableInfo, row: Row) -> Markup:
    return cells.paragraph(table.name, "note", row)


def _referring(cells: Cells, item: Listing, table: TableInfo, key: str) -> Iterator[Row]:
    info = cells.shelf.info.table(item.table)
    column = next((fk.fields[0] for fk in info.foreign_keys if fk.table == table.name and len(fk.fields) == 1), None)
    rows = cells.shelf.having(item.table, column, key) if column else ()
    return (row for row in (rows if item.refers else cells.shelf.rows[item.table]) if matches(row, item.where))


def _list_sources(cells: Cells, declared: Records, table: TableInfo, key: str) -> Iterator[str]:
    for item in declared.lists:
        if item.refers:
            for row in _referring(cells, item, table, key):
                yield from cells.shelf.sources(cells.shelf.info.table(item.table), row)


def _list(cells: Cells, item: Listing, table: TableInfo, key: str, room: int) -> Lists:
    """As many rows as `room` bytes hold."""
    info = cells.shelf.info.table(item.table)
    rows = list(_referring(cells, item, table, key))
    groups: dict[str, list[Entry]] = {}
    shown = 0
    for row in rows:
        entry = _entry(cells, item, info, row)
        room -= 400 + sum(len(part.encode()) for part in (entry.text, *entry.facts, *entry.sources))
        if room < 0 and shown:
            break
        groups.setdefault(row.get(item.group) or "" if item.group else "", []).append(entry)
        shown += 1
    order = sorted(groups, key=lambda value: (value == "", cells.place_of(info, item.group, value)))
    sections = tuple(Section(_group_name(cells, item, info, value), tuple(groups[value])) for value in order)
    note = "" if item.title else plain(info.description(cells.words.language))
    return Lists(
        item.title(cells.words.language) or info.title(cells.words.language),
        note,
        cells.words.number(len(rows)),
        sections,
        cells.table_address(item.table) if shown < len(rows) else "",
    )


def _group_name(cells: Cells, item: Listing, info: TableInfo, value: str) -> Markup:
    if not item.group:
        return Markup("")
    field = info.column(item.group)
    if not value:
        return escape(_without(cells.words))
    return cells.value(info, field, {item.group: value})


def _without(words: Words) -> str:
    return words("Several, or not told")


def _entry(cells: Cells, item: Listing, info: TableInfo, row: Row) -> Entry:
    key = [row.get(name) or "" for name in info.primary_key]
    text = localized(info, item.text, cells.words.language, cells.languages)
    facts = [cells.value(info, info.column(name), row) for name in item.facts if row.get(name) is not None]
    if item.when:
        facts.append(escape(cells.when(item.when, row)))
    return Entry(
        ", ".join(key),
        cells.record_address(item.table, key),
        cells.text(info.column(text), row.get(text) or "") if text else Markup(""),
        tuple(facts),
        tuple(cells.source(source) for source in cells.shelf.sources(info, row)),
    )


def _coverage(cells: Cells, declared: Records, table: TableInfo, key: str) -> Coverage | None:
    """From a table of pairs that has one foreign key to this table, another one to what is covered, and a category `status`."""
    if not declared.coverage:
        return None
    info = cells.shelf.info.table(declared.coverage)
    own = next((fk for fk in info.foreign_keys if fk.table == table.name), None)
    other = next((fk for fk in info.foreign_keys if fk.table != table.name), None)
    if own is None or other is None:
        return None
    rows = sorted(
        cells.shelf.having(info.name, own.fields[0], key),
        key=lambda row: cells.place_of(info, other.fields[0], row.get(other.fields[0]) or ""),
    )
    number = next((field for field in info.fields if field.type == "integer"), None)
    status = next((field for field in info.fields if field.categories), None)
    items = []
    for row in rows:
        value = row.get(other.fields[0]) or ""
        told = row.get(number.name) if number else None
        label = status.label(row.get(status.name) or "", cells.words.language) if status else ""
        target = cells.shelf.row(other.table, (value,))
        name = (cells.title(other.table, target) if target else "") or value
        found = told not in {None, "0"}
        text = cells.words.count("{n} found", "{n} found", int(told or 0)) if found else label
        nothing = status is not None and row.get(status.name) == status.categories[-1].value
        items.append(
            Step(
                "found" if found else "none" if nothing else "partly",
                name,
                cells.record_address(other.table, [value]),
                text,
            )
        )
    return Coverage(cells.shelf.info.table(other.table).title(cells.words.language), tuple(items))
