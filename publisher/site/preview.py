"""A table's rows as HTML, within a weight. In: a table, its rows. Out: Preview: columns, rows, filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup

from publisher.package.metadata import FieldInfo, TableInfo
from publisher.site.cells import NUMERIC, Cells, anchor
from publisher.site.declare import Row, localized

WEIGHT = 175_000
"""Bytes that rows, filters and dictionary of a page may weigh together; a page stays below 200 kB."""
LEAST = 40_000
"""Of these, what is left to the rows whatever the columns need."""
OPTIONS, VALUES = 60, 60
"""Values up to which a column gets a filter of its own, and of a column's values those that the dictionary names."""
FILTERS = 12

_HERE = Markup(' <a class="here" href="#%s" aria-label="%s">#</a>')
_LINK = Markup('<a href="%s">%s</a>')
_CODED = Markup('%s data-v="%s"')
_CELL = Markup("<td%s>%s</td>")
_ROW = Markup('<tr id="%s">%s</tr>\n')
_NUMBER, _LONG, _MIDDLING = Markup(' class="number"'), Markup(' class="long"'), Markup(' class="mid"')
_NONE = Markup("")


@dataclass(frozen=True, slots=True)
class Filter:
    """A column one can filter by: (value, label) of each option."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """`shown` counts the rows in `body`; `columns` are as many as the dictionary tells of, `fields` those that `body` shows."""

    fields: Sequence[FieldInfo]
    body: Markup
    shown: int
    filters: tuple[Filter, ...]
    columns: int


def preview(cells: Cells, table: TableInfo) -> Preview:
    """The first rows of a table, as many as the weight allows."""
    columns, left = _columns(cells, table)
    known = {field.name for field in table.fields[:columns]}
    fields = [field for field in in_reading_order(cells, table) if field.name in known]
    rows = cells.shelf.rows[table.name]
    filters = tuple(_filters(cells, table, fields, rows))
    left -= sum(60 + len(label.encode()) for item in filters for _, label in item.options)
    longest = max(80, LEAST // (3 * max(1, len(fields))))
    parts: list[Markup] = []
    for number, row in enumerate(rows, start=1):
        name = row_id(table, row, number)
        part = _row(cells, table, fields, _shortened(table, fields, row, longest), name)
        left -= len(part.encode())
        if left < 0 and parts:
            break
        parts.append(part)
    if len(parts) < len(rows):
        filters = tuple(_filters(cells, table, fields, rows[: len(parts)]))
    return Preview(fields, Markup("").join(parts), len(parts), filters, columns)


def _shortened(table: TableInfo, fields: Sequence[FieldInfo], row: Row, longest: int) -> Row:
    """A row whose long texts end in an ellipsis; keys and codes stay whole."""
    cut = {
        field.name: f"{value[:longest]}…"
        for field in fields
        if (value := row.get(field.name))
        and len(value) > longest
        and not _is_coded(table, field)
        and field.name not in table.primary_key
    }
    return {**row, **cut} if cut else row


def in_reading_order(cells: Cells, table: TableInfo) -> list[FieldInfo]:
    """The columns of a page: the key, then what says most of a row, then the others as they stand in the files."""
    fields = cells.shown(table)
    caption = localized(table, cells.shelf.site.caption(table.name), cells.words.language, cells.languages)
    return sorted(fields, key=lambda field: 0 if field.name in table.primary_key else 1 if field.name == caption else 2)


def _columns(cells: Cells, table: TableInfo) -> tuple[int, int]:
    """How many columns the page tells of, and the bytes that are left to rows and filters then."""
    left = WEIGHT
    for number, field in enumerate(table.fields):
        labels = (item.label(cells.words.language) for item in field.categories[:VALUES])
        words = len(field.description(cells.words.language).encode()) + 3 * len(
            field.title(cells.words.language).encode()
        )
        left -= 500 + words + sum(80 + len(label.encode()) for label in labels)
        if left < LEAST and number:
            return number, LEAST
    return len(table.fields), max(left, LEAST)


def row_id(table: TableInfo, row: Row, number: int) -> str:
    """The fragment that names a row: its key, or its place where it has none."""
    return anchor([row.get(name) or "" for name in table.primary_key]) if table.primary_key else f"row-{number}"


def _row(cells: Cells, table: TableInfo, fields: Sequence[FieldInfo], row: Row, name: str) -> Markup:
    key = table.primary_key[0] if table.primary_key else fields[0].name if fields else ""
    inner = [_cell(cells, table, field, row, name, field.name == key) for field in fields]
    return _ROW % (name, Markup("").join(inner))


def _cell(cells: Cells, table: TableInfo, field: FieldInfo, row: Row, name: str, is_key: bool) -> Markup:
    value = row.get(field.name)
    if is_key and value is not None and len(table.primary_key) == 1:
        href = cells.record_address(table.name, [value]) if cells.shelf.has_pages(table.name) else f"#{name}"
        shown = _LINK % (href, cells.plain(field, value))
    else:
        shown = cells.value(table, field, row)
        if is_key and len(table.primary_key) != 1:
            shown += _HERE % (name, cells.words("Link to this row"))
    marks = _NUMBER if field.type in NUMERIC else _width(value, shown) if value is not None else _NONE
    if value is not None and _is_coded(table, field):
        marks = _CODED % (marks, value)
    return _CELL % (marks, shown)


def _width(value: str, shown: Markup) -> Markup:
    if len(value) > 60:
        return _LONG
    # What is seen is never longer than its markup.
    return _MIDDLING if len(shown) > 18 and len(shown.striptags()) > 18 else _NONE


def _is_coded(table: TableInfo, field: FieldInfo) -> bool:
    """Whether what is shown differs from what is stored, so that filters need the stored value."""
    return (
        bool(field.categories)
        or field.type == "boolean"
        or any(key.fields == (field.name,) for key in table.foreign_keys)
    )


def _filters(cells: Cells, table: TableInfo, fields: Sequence[FieldInfo], rows: Sequence[Row]) -> Iterator[Filter]:
    """Columns with few values, those first that tell most of a row."""
    declared = cells.shelf.site.record(table.name)
    first = declared.facts if declared else ()
    ordered = sorted(fields, key=lambda field: first.index(field.name) if field.name in first else len(first))
    found = (item for field in ordered if (item := _filter(cells, table, field, rows)))
    return islice(found, FILTERS)


def _filter(cells: Cells, table: TableInfo, field: FieldInfo, rows: Sequence[Row]) -> Filter | None:
    if not _is_coded(table, field) or (field.name in table.primary_key and len(table.primary_key) == 1):
        return None
    present = {value for row in rows if (value := row.get(field.name)) is not None}
    if not 1 < len(present) <= OPTIONS:
        return None
    values = sorted(present, key=lambda value: (cells.place_of(table, field.name, value), value))
    options = tuple((value, _label(cells, table, field, value)) for value in values)
    return Filter(field.name, field.title(cells.words.language), options)


def _label(cells: Cells, table: TableInfo, field: FieldInfo, value: str) -> str:
    for key in table.foreign_keys:
        if key.fields == (field.name,) and (row := cells.shelf.row(key.table, (value,))) is not None:
            return (cells.title(key.table, row) or value) + cells.note_mark(key.table, row).striptags()
    return cells.plain(field, value).striptags()
