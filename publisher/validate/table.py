"""One table, from its source to what keys.py can compare. In: a Source. Out: a Scan with the findings on header, records and cells.

Source ─▶ head ─▶ header ─▶ records (structure.py, mend.py, reading.py) ─▶ the two lanes (lanes.py, judge.py) ─▶ Scan
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from frictionless.exception import FrictionlessException
from frictionless.table.header import Header

from publisher.engine import Engine, quote
from publisher.findings import Collector, Finding
from publisher.schema import known_types
from publisher.validate.lanes import read_records
from publisher.validate.mend import mended_records
from publisher.validate.reading import careful_records, read_head
from publisher.validate.scan import Records, Scan, Source
from publisher.validate.structure import direct_records, find_direct

PACKED = (".gz", ".zip")


def scan_table(engine: Engine, source: Source, limit: int | None) -> Scan:
    """Read a table once and judge header, structure and cells."""
    found = Collector(source.name, source.path, limit)
    if source.plain is None:
        scan = Scan(source, tuple(source.schema.fields), tuple(item.name for item in source.schema.fields), found)
        read_records(engine, scan, _relation(source))
        return scan
    head = read_head(source.plain, source.dialect, source.suffix)
    if head.fatal:
        return _stop(Scan(source, tuple(source.schema.fields), (), found), head.fatal)
    try:
        fields, errors = _compare_header(source, head.labels)
    except FrictionlessException as refusal:
        return _stop(Scan(source, (), head.labels, found), Finding(refusal.error.type, note=refusal.error.note))
    scan = Scan(source, fields, head.labels, found)
    if head.empty:
        found.add(Finding("source-error", note="the source is empty"))
    for error in errors:
        found.add(_header_finding(error, source, head.labels))
    _read_file(engine, scan)
    return scan


def _compare_header(source: Source, labels: tuple[str, ...]) -> tuple[tuple[Any, ...], Sequence[Any]]:
    """The fields of the columns, and what frictionless says against the labels. Raises FrictionlessException where it refuses them."""
    schema, dialect = source.schema, source.dialect
    names = tuple(field.name for field in schema.fields)
    if labels and labels == names and all(names) and dialect.header_case:
        # nothing can be said against them, and frictionless copies each field to look
        return tuple(schema.fields), ()
    with known_types():
        header = Header(
            list(labels),
            fields=schema.fields,
            row_numbers=list(dialect.header_rows),
            ignore_case=not dialect.header_case,
            fields_match=schema.fields_match,
        )
        return tuple(header.get_expected_fields()), header.errors


def _read_file(engine: Engine, scan: Scan) -> None:
    """The records of a file: as DuckDB reads it, as it reads the file mended, or as Python reads it from end to end."""
    source, width = scan.source, len(scan.fields)
    direct = find_direct(engine, source, width)
    if direct:
        if read_records(engine, scan, direct_records(direct, source.dialect, width)):
            return
        mended = mended_records(engine, source, direct, width)
        if mended and read_records(engine, scan, mended):
            return
    read_records(engine, scan, careful_records(engine, source, width))


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


def read_path(path: Path) -> str:
    """The suffix that decides how frictionless reads a file: that of the file inside an archive."""
    name = path.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return "tsv" if name.endswith(".tsv") else "csv"
