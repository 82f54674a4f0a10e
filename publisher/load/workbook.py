"""A sheet of a workbook as CSV. In: an XLSX file, a dialect that may name the sheet. Out: a CSV file, one record a row, canonical text.

What a cell shows is not what it holds; taken is the value that Excel calculated last: dates and times in ISO 8601, numbers with their
digits and without their format (25 % is 0.25), true and false as words. Rows and columns are counted as in the sheet. Refused, with the
cell's name, is what would become an empty cell unseen: errors such as #REF!, formulas that were never calculated, merged cells below the
header.

openpyxl reads the values; what it does not tell of a sheet that is streamed is read from the sheet's XML.
"""

from __future__ import annotations

import csv
import datetime
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree
from xml.parsers import expat

import openpyxl

from publisher.canonical import CHUNK
from publisher.load.records import Unreadable

SHOWN = 10
"""Cells that a message names before it counts the rest."""
_WITH_TIME = re.compile(r"[hs]", re.IGNORECASE)
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def write_sheet(path: Path, target: Path, dialect: Mapping[str, Any]) -> None:
    """Write the sheet that `dialect` names (`sheetName`, or `sheetNumber` from 1, else the first) as CSV, UTF-8. Raises Unreadable."""
    try:
        with zipfile.ZipFile(path) as archive:
            sheets = _sheets(archive)
            name = _choose(list(sheets), dialect)
            with archive.open(sheets[name]) as file:
                _refuse_silent_cells(file, name, _header_rows(dialect))
        # a name that ends in .xlsx is asked for; a file is not
        with path.open("rb") as file, target.open("w", encoding="utf-8", newline="") as written:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            try:
                csv.writer(written).writerows(_rows(book[name], _header_rows(dialect)))
            finally:
                book.close()
    except (Unreadable, OSError):
        raise
    except zipfile.BadZipFile as error:
        raise Unreadable("it is not an XLSX workbook, is damaged, or is protected with a password") from error
    except (
        Exception
    ) as error:  # openpyxl has no error of its own: it raises whatever a strange file makes it stumble over
        raise Unreadable(f"it is not a workbook that can be read: {error}") from error


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Names of the sheets with cells, and the parts of the archive that hold them (ECMA-376, part 1, 18.2 and part 2, 9.3)."""
    book = ElementTree.fromstring(_without_entities(archive.read("xl/workbook.xml")))  # noqa: S314 - no entities in it
    relations = ElementTree.fromstring(_without_entities(archive.read("xl/_rels/workbook.xml.rels")))  # noqa: S314 - same
    parts = {
        item.get("Id"): posixpath.join("/xl", item.get("Target", ""))
        for item in relations
        if item.get("Type", "").endswith("/worksheet")
    }
    found = {}
    for sheet in book.iterfind("{*}sheets/{*}sheet"):
        relation = next((value for key, value in sheet.items() if key.endswith("}id")), "")
        if relation in parts:
            found[sheet.get("name", "")] = posixpath.normpath(parts[relation]).lstrip("/")
    return found


def _without_entities(document: bytes) -> bytes:
    if b"<!" in document.replace(b"<!--", b""):
        raise Unreadable("its XML declares entities, which Excel never does")
    return document


def _choose(names: Sequence[str], dialect: Mapping[str, Any]) -> str:
    wanted = dialect.get("sheetName")
    number = dialect.get("sheetNumber", 1)
    if wanted is None and isinstance(number, int) and 1 <= number <= len(names):
        return names[number - 1]
    if wanted in names:
        return str(wanted)
    asked = f"sheet {wanted!r}" if wanted is not None else f"sheet number {number}"
    raise Unreadable(f"there is no {asked}; it has {', '.join(map(repr, names)) or 'none'}")


def _header_rows(dialect: Mapping[str, Any]) -> int:
    if dialect.get("header") is False:
        return 0
    return max((int(row) for row in dialect.get("headerRows") or [1]), default=0)


def _refuse_silent_cells(file: IO[bytes], name: str, header_rows: int) -> None:
    """Raise Unreadable where cells of the sheet would be empty that are not."""
    seen = _Silent()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = seen.start
    parser.EndElementHandler = seen.end
    parser.CharacterDataHandler = seen.text
    parser.StartDoctypeDeclHandler = seen.doctype
    while block := file.read(CHUNK):
        parser.Parse(block)
    parser.Parse(b"", True)
    merged = [place for place in seen.merged if int(re.sub(r"\D", "", place.rpartition(":")[2]) or 0) > header_rows]
    problems = [
        *(f"{place} holds the error {text}" for place, text in seen.errors),
        *(f"{place} holds a formula that was never calculated" for place in seen.formulas),
        *(f"{place} is merged into one cell" for place in merged),
    ]
    if problems:
        rest = f", and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise Unreadable(f"sheet {name!r}: {', '.join(problems[:SHOWN])}{rest}")


class _Silent:
    """Gathers cells that would be read as empty."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []
        self.formulas: list[str] = []
        self.merged: list[str] = []
        self._place = self._type = self._value = self._inside = ""
        self._formula = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._inside = name = name.rpartition("}")[2]
        if name == "c":
            self._place, self._type = attributes.get("r", "a cell"), attributes.get("t", "n")
            self._value, self._formula = "", False
        elif name == "f":
            self._formula = True
        elif name == "mergeCell":
            self.merged.append(attributes.get("ref", ""))

    def text(self, text: str) -> None:
        if self._inside == "v":
            self._value += text

    def end(self, name: str) -> None:
        self._inside = ""
        if name.rpartition("}")[2] != "c":
            return
        if self._type == "e":
            self.errors.append((self._place, self._value))
        elif self._formula and not self._value and self._type != "str":
            # of type str, an empty value is the result of the formula
            self.formulas.append(self._place)

    def doctype(self, *_declared: object) -> None:
        raise Unreadable("its XML declares entities, which Excel never does")


def _rows(sheet: Any, header_rows: int) -> Iterator[Sequence[str]]:
    """The sheet's rows up to the last one with a value, each at least as wide as the header."""
    # what a sheet says of its own size is wrong where other programs wrote it
    sheet.reset_dimensions()
    width = blank = 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if number <= max(header_rows, 1):
            width = max(width, len(cells))
        if not cells:
            blank += 1
            continue
        yield from ([""] * width for _ in range(blank))
        blank = 0
        yield cells + [""] * (width - len(cells))


def _text(cell: Any) -> str:
    """A cell's value as text."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            # Excel itself shows and compares 15 digits; what follows is left over from binary arithmetic
            return format(Decimal(f"{value:.15g}").normalize(), "f")
        case datetime.datetime():
            midnight = value.time() == datetime.time() and not _WITH_TIME.search(_LITERAL.sub("", cell.number_format))
            return value.date().isoformat() if midnight else value.isoformat()
        case datetime.timedelta():
            return _duration(value)
        case datetime.time():
            return value.isoformat()
    return str(value)


def _duration(value: datetime.timedelta) -> str:
    """ISO 8601, in days and seconds."""
    sign, value = ("-", -value) if value < datetime.timedelta() else ("", value)
    seconds = Decimal(value.seconds) + Decimal(value.microseconds) / 1_000_000
    return f"{sign}P{value.days}DT{format(seconds.normalize(), 'f')}S"
