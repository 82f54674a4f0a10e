"""A table as CSV for Excel. In: a table in DuckDB, its metadata, a language. Out: `<table>.<language>.excel.csv`.

What a double click needs and a program must not: a byte order mark, CRLF, headings and labels in the reader's language, and text that
Excel would take for a formula led by an apostrophe (OWASP, CSV injection). Numbers, dates and true or false are never touched.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from publisher.canonical import sha256_file
from publisher.engine import Engine, quote
from publisher.layout import excel_file
from publisher.model import File, Table
from publisher.package.metadata import FieldInfo, TableInfo
from publisher.package.values import CLEAN

_GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_excel_csv(engine: Engine, table: Table, info: TableInfo, language: str, folder: Path) -> File:
    """Write a table for Excel in a language into `folder`."""
    path = folder / excel_file(info.name, language)
    cells = [_cell(field, language) for field in info.fields]
    columns = ", ".join(quote(field.name) for field in info.fields)
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target, lineterminator="\r\n")
        writer.writerow([_guard(field.title(language)) for field in info.fields])
        for row in engine.stream(f"SELECT {columns} FROM {table.relation} ORDER BY rowid"):
            writer.writerow([cell(value) for cell, value in zip(cells, row, strict=True)])
    return File(path.name, path.stat().st_size, sha256_file(path), path)


def _cell(field: FieldInfo, language: str) -> Callable[[str | None], str]:
    """How a value of a column is written."""
    labels = {item.value: _guard(item.label(language)) for item in field.categories if item.label}
    if field.type in CLEAN and not labels:
        return lambda value: value or ""
    return lambda value: "" if value is None else labels.get(value) or _guard(value)


def _guard(text: str) -> str:
    return f"'{text}" if text.startswith(_GUARDED) else text
