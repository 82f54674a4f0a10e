"""One table, from its source to what keys.py can compare. In: a Source. Out: a Scan with the findings on header, records and cells.

Source ─▶ head ─▶ header ─▶ records, read quickly or carefully (structure.py) ─▶ the two lanes (lanes.py) ─▶ Scan
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from frictionless.exception import FrictionlessException
from frictionless.table.header import Header

from publisher.engine import Engine, quote
from publisher.findings import Collector, Finding
from publisher.schema import Dialect
from publisher.validate import structure
from publisher.validate.lanes import read_records
from publisher.validate.scan import Records, Scan, Source

PACKED = (".gz", ".zip")


def scan_table(engine: Engine, source: Source, limit: int | None) -> Scan:
    """Read a table once and judge header, structure and cells."""
    found = Collector(source.name, source.path, limit)
    if source.plain is None:
        scan = Scan(source, tuple(source.schema.fields), tuple(item.name for item in source.schema.fields), found)
        read_records(engine, scan, _relation(source))
        return scan
    head = structure.read_head(source.plain, source.dialect, source.suffix)
    if head.fatal:
        return _stop(Scan(source, tuple(source.schema.fields), (), found), head.fatal)
    try:
        header = Header(
            list(head.labels),
            fields=source.schema.fields,
            row_numbers=list(source.dialect.header_rows),
            ignore_case=not source.dialect.header_case,
            fields_match=source.schema.fields_match,
        )
        fields = tuple(header.get_expected_fields())
    except FrictionlessException as refusal:
        return _stop(Scan(source, (), head.labels, found), Finding(refusal.error.type, note=refusal.error.note))
    scan = Scan(source, fields, head.labels, found)
    if head.empty:
        found.add(Finding("source-error", note="the source is empty"))
    for error in header.errors:
        found.add(_header_finding(error, source, head.labels))
    records = _quick_records(engine, source, len(fields))
    if records is None or not read_records(engine, scan, records):
        read_records(engine, scan, _careful_records(engine, source, len(fields)))
    return scan


def _stop(scan: Scan, fatal: Finding) -> Scan:
    scan.fatal = fatal
    scan.found.add(fatal)
    return scan


def _header_finding(error: Any, source: Source, labels: Sequence[str]) -> Finding:
    number = getattr(error, "field_number", None)
    row = source.dialect.header_rows[0] if source.dialect.header_rows else None
    name = getattr(error, "field_name", "")
    cell = getattr(error, "label", None)
    return Finding(
        error.type, note=error.note, line=row, field=number, name=name, cell=cell, labels=tuple(labels), expected=name
    )


def _relation(source: Source) -> Records:
    columns = ", ".join(
        f"CAST({quote(item.name)} AS VARCHAR) AS c{number}" for number, item in enumerate(source.schema.fields, 1)
    )
    numbered = f"(SELECT row_number() OVER () + 1 AS row, NULL AS line, '' AS raw, {columns} FROM ({source.sql}))"
    return Records(numbered, len(source.schema.fields), counted=True, first_row=2)


def _quick_records(engine: Engine, source: Source, width: int) -> Records | None:
    """DuckDB's own reading of the file, with the sum that proves it; None where Python must read it from the start."""
    dialect, plain = source.dialect, source.plain
    assert plain is not None
    if not width or not _is_plain_dialect(dialect) or (source.suffix != "csv" and dialect.quote):
        return None
    if plain.encoding not in ("utf-8", "utf-8-sig"):
        plain = structure.transcode(plain, engine.folder / f"utf8-{source.number}")
        if plain is None:
            return None
    head = structure.head_bytes(plain, dialect, dialect.first_row - 1)
    if head is None:
        return None
    columns = [f"'c{number}': 'VARCHAR'" for number in range(1, width + 1)]
    sql = structure.read_csv(
        plain.path, columns, skip=dialect.first_row - 1, delimiter=dialect.delimiter, quote=dialect.quote, eol=head.eol
    )
    return Records(
        sql, width, False, dialect.first_row, dialect.quote, structure.Conservation(plain.path, dialect.quote, head)
    )


def _is_plain_dialect(dialect: Dialect) -> bool:
    signs = dialect.delimiter + dialect.quote
    return (
        signs.isascii()
        and not set(signs) & set(" \t\r\n\0" if dialect.delimiter != "\t" else " \r\n\0")
        and dialect.delimiter != dialect.quote
        and not (dialect.escape or dialect.skip_initial_space or dialect.comment_char or dialect.comment_rows)
        and not dialect.skip_blank_rows
    )


def _careful_records(engine: Engine, source: Source, width: int) -> Records:
    """Python's reading of the file, written down so that DuckDB cannot misread it."""
    assert source.plain is not None
    target = engine.folder / f"records-{source.number}.csv"
    fatal, longest = structure.rewrite(source.plain, source.dialect, source.suffix, width, target)
    columns = ["'row': 'BIGINT'", "'line': 'BIGINT'", "'raw': 'VARCHAR'"]
    columns += [f"'c{number}': 'VARCHAR'" for number in range(1, width + 1)]
    sql = structure.read_csv(target, columns, longest=longest)
    return Records(sql, width, True, source.dialect.first_row, fatal=fatal)


def read_path(path: Path) -> str:
    """The suffix that decides how frictionless reads a file: that of the file inside an archive."""
    name = path.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return "tsv" if name.endswith(".tsv") else "csv"
