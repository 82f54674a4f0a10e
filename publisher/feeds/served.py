"""Which tables the static API serves. In: a release. Out: the release as the API sees it.

A document a record is right for tables that people look things up in. A table of millions of rows would become millions of objects,
while its CSV, NDJSON and Parquet are one each: such a table is read as a file, which `index.json` and datapackage.json name.
"""

from __future__ import annotations

from dataclasses import replace

from publisher.package.metadata import TableInfo
from publisher.package.published import Published

ROWS = 100_000
"""The largest table that is served in pages and records."""


def is_served(table: TableInfo) -> bool:
    """Whether a table is served in pages and records."""
    return table.rows <= ROWS


def served(published: Published) -> Published:
    """The release without the tables beyond ROWS."""
    small = tuple(table for table in published.info.tables if is_served(table))
    if len(small) == len(published.info.tables):
        return published
    return replace(published, info=replace(published.info, tables=small))


def left_to_files(published: Published) -> tuple[TableInfo, ...]:
    """The tables beyond ROWS."""
    return tuple(table for table in published.info.tables if not is_served(table))
