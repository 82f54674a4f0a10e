"""The package as an Excel workbook. In: tables in DuckDB, the package's metadata, a language. Out: one .xlsx.

A sheet a table with real dates and numbers, a frozen header with filters; then what every column means, the sources, and how the
data may be used and cited. Right to left where the language is. XlsxWriter, because the same input gives the same bytes and it was
the fastest measured (docs/site.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter
from babel import Locale
from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.worksheet import CellBooleanTuple, CellDatetimeTuple, CellNumberTuple, CellStringTuple, Worksheet

from publisher.canonical import sha256_file
from publisher.engine import Engine, quote
from publisher.messages import Messages, read_messages
from publisher.model import File, Table
from publisher.package.citation import cite
from publisher.package.metadata import FieldInfo, PackageInfo, TableInfo

ROW_LIMIT = 100_000
"""Rows beyond which a table gets no sheet; Excel itself ends at 1,048,576."""
CELL_LIMIT = 32_767
"""Characters that Excel keeps in a cell."""
DIGITS = 15
"""Digits that Excel keeps of a number; what has more is written as text."""

_WIDEST = 60
_LINE, _HIGHEST = 15, 409
"""Points of a line of text, and of the highest row that Excel allows."""
_A4 = 9
"""Excel's number of the paper size."""
_PAGE = 220
"""Letters that a line of such a page holds so small that they can just be read; wider sheets go over several pages."""
_LINK_LIMIT = 2_000
"""Letters that Excel keeps of an address behind a cell."""
_UNFIT = re.compile(r"[\[\]:*?/\\']")
_ZONE = re.compile(r"(Z|[+-]\d{2}:\d{2})$")
_EARLIEST = date(1900, 3, 1)
_SPECIAL = re.compile(r'^\s|\s$|[\x00-\x1f"&<>_\ufffe\uffff]')
"""What XlsxWriter may have to write otherwise than it stands."""


class Sheet(Worksheet):  # type: ignore[misc]
    """A sheet whose plain cells are written in one step each: XlsxWriter's several, with the same bytes, took most of a workbook's time."""

    def _write_cell(self, row: int, column: int, cell: Any) -> None:
        start = f'<c r="{xl_rowcol_to_cell_fast(row, column)}" s="{cell.format._get_xf_index()}"' if cell.format else ""
        match cell:
            case CellStringTuple() if start and not _SPECIAL.search(cell.string):
                self.fh.write(f'{start} t="inlineStr"><is><t>{cell.string}</t></is></c>')
            case CellNumberTuple() | CellDatetimeTuple() if start:
                self.fh.write(f"{start}><v>{cell.number:.16G}</v></c>")
            case CellBooleanTuple() if start:
                self.fh.write(f'{start} t="b"><v>{cell.boolean:d}</v></c>')
            case _:
                super()._write_cell(row, column, cell)


@dataclass(frozen=True, slots=True)
class Style:
    """Cell formats of a workbook."""

    head: Any
    name: Any
    text: Any
    plain: Any
    link: Any
    day: Any
    moment: Any
    clock: Any
    title: Any


def write_workbook(
    engine: Engine, tables: Sequence[Table], info: PackageInfo, language: str, path: Path, *, limit: int = ROW_LIMIT
) -> File | None:
    """Write the workbook of a package in a language to `path`; None where every table is beyond `limit` rows."""
    fitting = [table for table in tables if table.rows <= limit]
    if not fitting:
        return None
    words = read_messages("workbook", language)
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "default_date_format": "yyyy-mm-dd"}
    )
    book.set_properties(
        {
            "title": info.title(language),
            "comments": f"{info.name} {info.version}",
            "author": "; ".join(item.title(language) for item in info.contributors),
            "created": _moment(info.created) or datetime(1980, 1, 1),  # noqa: DTZ001 - Excel knows no zones
        }
    )
    mirrored = Locale.parse(language).text_direction == "rtl"
    sheets = Sheets(book, mirrored, _style(book, "right" if mirrored else "left"))
    for table in fitting:
        _write_table(engine, sheets, table, info.table(table.resource.name), language)
    _write_dictionary(sheets, info, words)
    _write_sources(sheets, info, words)
    present = {table.resource.name for table in fitting}
    _write_licence(sheets, info, words, [item for item in info.tables if item.name not in present])
    book.close()
    return File(path.name, path.stat().st_size, sha256_file(path), path)


class Sheets:
    """The sheets of one workbook, each under a name that Excel allows and no other has."""

    def __init__(self, book: Any, mirrored: bool, style: Style) -> None:
        self.book, self.mirrored, self.style = book, mirrored, style
        self._names: set[str] = set()

    def add(self, title: str, widths: Sequence[int]) -> Any:
        sheet = self.book.add_worksheet(self._name(title), Sheet)
        if self.mirrored:
            sheet.right_to_left()
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        if sum(widths) <= _PAGE:
            sheet.fit_to_pages(1, 0)
        else:
            sheet.repeat_columns(0)
        return sheet

    def add_grid(self, title: str, heads: Sequence[str], widths: Sequence[int], rows: int) -> Any:
        """A sheet with a frozen header and filters over `rows` rows that the caller writes."""
        sheet = self.add(title, widths)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        if heads:
            sheet.autofilter(0, 0, rows, len(heads) - 1)
        _set_height(sheet, 0, heads, widths)
        for column, text in enumerate(heads):
            sheet.write_string(0, column, text[:CELL_LIMIT], self.style.head)
        return sheet

    def _name(self, title: str) -> str:
        base = _UNFIT.sub(" ", title).strip() or "Sheet"
        name, number = base[:31].strip(), 2
        while name.casefold() in self._names | {"history"}:
            end = f" {number}"
            name, number = base[: 31 - len(end)].strip() + end, number + 1
        self._names.add(name.casefold())
        return name


def _set_height(sheet: Any, row: int, texts: Iterable[str | None], widths: Sequence[int]) -> None:
    """High enough for the longest text of a row: Excel sees to that itself, LibreOffice shows one line. Called before its cells."""
    lines = max((_lines(text, width) for text, width in zip(texts, widths, strict=True) if text), default=1)
    if lines > 1:
        sheet.set_row(row, min(_LINE * lines, _HIGHEST))


def _lines(text: str, width: int) -> int:
    return (
        sum(max(1, -(-len(part) // max(1, width - 1))) for part in text.split("\n"))
        if len(text) >= width or "\n" in text
        else 1
    )


def _style(book: Any, start: str) -> Style:
    """`start` is the side on which text begins, whatever script it is in: else columns of two scripts run into each other."""
    top = {"valign": "top"}
    words = {**top, "align": start, "text_wrap": True}
    return Style(
        head=book.add_format({**words, "bold": True, "bottom": 1}),
        name=book.add_format({**words, "bold": True}),
        text=book.add_format(words),
        plain=book.add_format(top),
        link=book.add_format({**words, "underline": 1, "font_color": "#0B4A82"}),
        day=book.add_format({**top, "num_format": "yyyy-mm-dd"}),
        moment=book.add_format({**top, "num_format": "yyyy-mm-dd hh:mm:ss"}),
        clock=book.add_format({**top, "num_format": "hh:mm:ss"}),
        title=book.add_format({**words, "bold": True, "font_size": 14}),
    )


def _write_table(engine: Engine, sheets: Sheets, table: Table, info: TableInfo, language: str) -> None:
    heads = [field.title(language) for field in info.fields]
    widths = _widths(engine, table, heads)
    sheet = sheets.add_grid(info.title(language), heads, widths, table.rows)
    writers = [_writer(field) for field in info.fields]
    for number, row in enumerate(_rows(engine, table), start=1):
        _set_height(sheet, number, row, widths)
        for column, value in enumerate(row):
            if value is not None:
                writers[column](sheet, number, column, value, sheets.style)


def _rows(engine: Engine, table: Table) -> Iterator[tuple[str | None, ...]]:
    columns = ", ".join(quote(name) for name in table.resource.fields)
    return engine.stream(f"SELECT {columns} FROM {table.relation} ORDER BY rowid")


def _widths(engine: Engine, table: Table, heads: Sequence[str]) -> list[int]:
    """As wide as the longest value, within bounds: not every program makes rows high enough for a second line."""
    if not heads:
        return []
    longest = ", ".join(f"coalesce(max(length({quote(name)})), 0)" for name in table.resource.fields)
    found = engine.rows(f"SELECT {longest} FROM {table.relation}")[0]
    return [min(_WIDEST, max(int(size) + 2, min(len(head) + 4, 24))) for size, head in zip(found, heads, strict=True)]


def _writer(field: FieldInfo) -> Any:
    return {
        "integer": _number,
        "number": _number,
        "year": _number,
        "boolean": _boolean,
        "date": _date,
        "datetime": _datetime,
        "time": _time,
    }.get(field.type, _text)


def _text(sheet: Any, row: int, column: int, value: str, style: Style) -> None:
    text = value if len(value) <= CELL_LIMIT else value[: CELL_LIMIT - 1] + "…"
    sheet.write_string(row, column, text, style.text)


def _number(sheet: Any, row: int, column: int, value: str, style: Style) -> None:
    digits = re.sub(r"[eE].*$|[^0-9]", "", value).strip("0")
    try:
        number = float(value)
    except ValueError:
        return _text(sheet, row, column, value, style)
    if len(digits) > DIGITS or number - number != 0:
        return _text(sheet, row, column, value, style)
    sheet.write_number(row, column, int(value) if value.lstrip("-").isdigit() else number, style.plain)
    return None


def _boolean(sheet: Any, row: int, column: int, value: str, style: Style) -> None:
    sheet.write_boolean(row, column, value == "true", style.plain)


def _date(sheet: Any, row: int, column: int, value: str, style: Style) -> None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return _text(sheet, row, column, value, style)
    if day < _EARLIEST:
        return _text(sheet, row, column, value, style)
    sheet.write_datetime(row, column, day, style.day)
    return None


def _datetime(sheet: Any, row: int, column: int, value: str, style: Style) -> None:
    moment = _moment(value)
    zone = _ZONE.search(value)
    if moment is None or moment.date() < _EARLIEST or (zone and zone.group() != "Z"):
        return _text(sheet, row, column, value, style)
    sheet.write_datetime(row, column, moment, style.moment)
    return None


def _time(sheet: Any, row: int, column: int, value: str, style: Style) -> None:
    try:
        clock = time.fromisoformat(value)
    except ValueError:
        return _text(sheet, row, column, value, style)
    if clock.tzinfo is not None:
        return _text(sheet, row, column, value, style)
    sheet.write_datetime(row, column, clock, style.clock)
    return None


def _moment(value: str) -> datetime | None:
    """A datetime without its zone, in UTC where it had one; None where it is none."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _write_dictionary(sheets: Sheets, info: PackageInfo, words: Messages) -> None:
    language = words.language
    heads = [words(text) for text in ("Table", "Column", "Name in files", "Type", "Meaning", "Value", "Label")]
    rows = []
    for table in info.tables:
        for field in table.fields:
            base = (table.title(language), field.title(language), field.name, field.type, field.description(language))
            rows.append((*base, "", ""))
            rows += [(*base[:4], "", item.value, item.label(language)) for item in field.categories]
    _fill(sheets, words("Dictionary"), heads, (24, 28, 22, 10, 60, 22, 32), rows)


def _write_sources(sheets: Sheets, info: PackageInfo, words: Messages) -> None:
    heads = [words("Source"), words("Date or version"), words("Address")]
    rows = [(item.title(words.language), str(item.more.get("version", "")), item.path) for item in info.sources]
    _fill(sheets, words("Sources of the package"), heads, (60, 16, 60), rows)


def _fill(
    sheets: Sheets, title: str, heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]]
) -> None:
    sheet = sheets.add_grid(title, heads, widths, len(rows))
    for number, row in enumerate(rows, start=1):
        _set_height(sheet, number, row, widths)
        for column, text in enumerate(row):
            if text.startswith(("https://", "http://")) and len(text) <= _LINK_LIMIT:
                sheet.write_url(number, column, text, sheets.style.link, text)
            elif text:
                sheet.write_string(number, column, text[:CELL_LIMIT], sheets.style.text)


def _write_licence(sheets: Sheets, info: PackageInfo, words: Messages, left_out: Sequence[TableInfo]) -> None:
    language = words.language
    widths = (28, 100)
    sheet = sheets.add(words("Licence and citation"), widths)
    rows = [
        (words("Package"), info.title(language)),
        (words("Version"), f"{info.version} ({info.created[:10]})"),
        *((words("Licence"), f"{item.title(language)} {item.path}".strip()) for item in info.licenses),
        (words("Cite as"), cite(info, language)),
        (words("About"), info.description(language)),
        *((words("Not in this workbook"), f"{item.title(language)}: {item.rows} {words('rows')}") for item in left_out),
    ]
    for number, (name, text) in enumerate(rows):
        _set_height(sheet, number, (name, text), widths)
        sheet.write_string(number, 0, name, sheets.style.name)
        sheet.write_string(number, 1, text[:CELL_LIMIT], sheets.style.title if number == 0 else sheets.style.text)
