"""A table's rows as HTML, within a weight. In: a table, its rows. Out: Preview: columns, rows, filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from publisher import layout
from publisher.package.metadata import FieldInfo, TableInfo
from publisher.site.cells import NUMERIC, Cells
from publisher.site.declare import Row

WEIGHT = 112_000
"""Bytes that the rows of a page may weigh; a page stays below 200 kB."""
OPTIONS = 60
"""Values up to which a column gets a filter of its own."""

_HERE = Markup(' <a class="here" href="#{}" aria-label="{}">#</a>')
_CELL = Markup("<td{}>{}</td>")
_ROW = Markup('<tr id="{}">{}</tr>\n')


@dataclass(frozen=True, slots=True)
class Filter:
    """A column one can filter by: (value, label) of each option."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """`shown` counts the rows in `body`."""

    fields: Sequence[FieldInfo]
    body: Markup
    shown: int
    filters: tuple[Filter, ...]


def preview(cells: Cells, table: TableInfo) -> Preview:
    """The first rows of a table, as many as the weight allows."""
    fields = cells.shown(table)
    parts: list[Markup] = []
    weight = 0
    for number, row in enumerate(cells.shelf.rows[table.name], start=1):
        part = _row(cells, table, fields, row, number)
        weight += len(part.encode())
        if weight > WEIGHT and parts:
            break
        parts.append(part)
    declared = cells.shelf.site.record(table.name)
    first = declared.facts if declared else ()
    ordered = sorted(fields, key=lambda field: first.index(field.name) if field.name in first else len(first))
    filters = tuple(item for field in ordered if (item := _filter(cells, table, field, len(parts))))
    return Preview(fields, Markup("").join(parts), len(parts), filters)


def row_id(table: TableInfo, row: Row, number: int) -> str:
    """The fragment that names a row: its key, or its place where it has none."""
    return (
        layout.record_name([row.get(name) or "" for name in table.primary_key])
        if table.primary_key
        else f"row-{number}"
    )


def _row(cells: Cells, table: TableInfo, fields: Sequence[FieldInfo], row: Row, number: int) -> Markup:
    name = row_id(table, row, number)
    key = table.primary_key[0] if table.primary_key else fields[0].name if fields else ""
    return _ROW.format(
        name, Markup("").join(_cell(cells, table, field, row, name, field.name == key) for field in fields)
    )


def _cell(cells: Cells, table: TableInfo, field: FieldInfo, row: Row, name: str, is_key: bool) -> Markup:
    value = row.get(field.name)
    shown = cells.value(table, field, row)
    if is_key and len(table.primary_key) != 1:
        shown += _HERE.format(name, cells.words("Link to this row"))
    elif is_key and value is not None:
        own = [row.get(part) or "" for part in table.primary_key]
        href = cells.record_address(table.name, own) if cells.shelf.has_pages(table.name) else f"#{name}"
        shown = Markup('<a href="{}">{}</a>').format(href, cells.plain(field, value))
    marks = Markup("")
    if field.type in NUMERIC:
        marks += Markup(' class="number"')
    elif value is not None and len(value) > 60:
        marks += Markup(' class="long"')
    elif value is not None and len(shown.striptags()) > 18:
        marks += Markup(' class="mid"')
    if value is not None and _is_coded(table, field):
        marks += Markup(' data-v="{}"').format(value)
    return _CELL.format(marks, shown)


def _is_coded(table: TableInfo, field: FieldInfo) -> bool:
    """Whether what is shown differs from what is stored, so that filters need the stored value."""
    return (
        bool(field.categories)
        or field.type == "boolean"
        or any(key.fields == (field.name,) for key in table.foreign_keys)
    )


def _filter(cells: Cells, table: TableInfo, field: FieldInfo, shown: int) -> Filter | None:
    if not _is_coded(table, field) or (field.name in table.primary_key and len(table.primary_key) == 1):
        return None
    present = {row.get(field.name) for row in cells.shelf.rows[table.name][:shown]} - {None}
    if not 1 < len(present) <= OPTIONS:
        return None
    known = [item.value for item in field.categories]
    values = [value for value in known if value in present] if known else sorted(str(value) for value in present)
    options = [(value, _label(cells, table, field, value)) for value in values]
    if not known and field.type != "boolean":
        options.sort(key=lambda option: option[1])
    return Filter(field.name, field.title(cells.words.language), tuple(options))


def _label(cells: Cells, table: TableInfo, field: FieldInfo, value: str) -> str:
    for key in table.foreign_keys:
        if key.fields == (field.name,) and (row := cells.shelf.row(key.table, (value,))) is not None:
            return (cells.title(key.table, row) or value) + cells.note_mark(key.table, row).striptags()
    return cells.plain(field, value).striptags()
