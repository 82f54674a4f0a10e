"""What people open in Excel. In: tables, their metadata, languages. Out: a workbook a language, a CSV for Excel a table and language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from publisher import layout
from publisher.engine import Engine
from publisher.model import File, Table
from publisher.package.excel import write_excel_csv
from publisher.package.metadata import PackageInfo
from publisher.package.workbook import ROW_LIMIT, write_workbook


def write_office(
    engine: Engine, tables: Sequence[Table], info: PackageInfo, languages: Sequence[str], folder: Path
) -> list[File]:
    """Write them into `folder`; tables beyond ROW_LIMIT rows get none. The main language's workbook carries no language in its name."""
    made = []
    for language in languages:
        name = layout.workbook_file(info.name, "" if language == languages[0] else language)
        if book := write_workbook(engine, tables, info, language, folder / name):
            made.append(book)
        made += [
            write_excel_csv(engine, table, info.table(table.resource.name), language, folder)
            for table in tables
            if table.rows <= ROW_LIMIT
        ]
    return made
