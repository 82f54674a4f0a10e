"""A table as CSV for Excel. In: a table in DuckDB, its metadata, a language. Out: `<table>.<language>.excel.csv`.

What a double click needs and a program must not: a byte order mark, CRLF, headings and labels in the reader's language, and text that
Excel would take for a formula led by an apostrophe (OWASP, CSV injection). Numbers, dates and true or false are never touched.
"""

from __future__ import annotations

from pathlib import Path

from publisher.canonical import sha256_file
from publisher.engine import Engine, literal, quote
from publisher.layout import excel_file
from publisher.model import File, Table
from publisher.package.metadata import FieldInfo, TableInfo
from publisher.package.values import CLEAN, csv_text

_COMMA = ", ',', "
_GUARDED = "[=+\\-@\\t\\r]"


def write_excel_csv(engine: Engine, table: Table, info: TableInfo, language: str, folder: Path) -> File:
    """Write a table for Excel in a language into `folder`."""
    path = folder / excel_file(info.name, language)
    heads = ",".join(csv_text(_guard(field.title(language))) for field in info.fields)
    cells = [_cell(field, language) for field in info.fields]
    line = f"concat({_COMMA.join(cells)}, chr(13), chr(10))"
    with path.open("wb") as target:
        target.write(f"\ufeff{heads}\r\n".encode())
        for (text,) in engine.stream(f"SELECT {line} FROM {table.relation} ORDER BY rowid"):
            target.write(text.encode())
    return File(path.name, path.stat().st_size, sha256_file(path), path)


def _cell(field: FieldInfo, language: str) -> str:
    """SQL of a cell, never NULL."""
    column = quote(field.name)
    labels = [item for item in field.categories if item.label]
    if labels:
        cases = " ".join(f"WHEN {literal(item.value)} THEN {literal(item.label(language))}" for item in labels)
        column = f"CASE {column} {cases} ELSE {column} END"
    elif field.type in CLEAN:
        return f"coalesce({column}, '')"
    guarded = f"CASE WHEN regexp_matches({column}, '^{_GUARDED}') THEN '''' || {column} ELSE {column} END"
    special = " OR ".join(f"contains({guarded}, {sign})" for sign in ("','", "'\"'", "chr(10)", "chr(13)"))
    quoted = f"""'"' || replace({guarded}, '"', '""') || '"'"""
    return f"coalesce(CASE WHEN {special} THEN {quoted} ELSE {guarded} END, '')"


def _guard(text: str) -> str:
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
