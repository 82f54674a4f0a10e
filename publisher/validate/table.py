"""One table, from its source to findings on header, records and cells. In: a Source. Out: a Scan that keys.py can compare.

    Source ─▶ head ─▶ header ─▶ records (structure.py) ─▶ accept lane (accept.py) ─▶ exact lane (exact.py) ─▶ Scan

The accept lane reads the file once and keeps a narrow table of it: for each record whether it was accepted whole, its cells if
not, and the keys that are compared later.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import frictionless
from frictionless.exception import FrictionlessException
from frictionless.table import Header

from publisher.engine import Engine, literal, quote
from publisher.findings import Collector, Finding
from publisher.load import Plain
from publisher.schema import Dialect
from publisher.validate import structure
from publisher.validate.accept import Column
from publisher.validate.exact import NAN, Reader

FETCHED = 2048
"""Records fetched from DuckDB at a time."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table about to be validated. `number` tells its relations apart in the engine; `keyed` are the fields whose keys are
    needed (its own and those that other tables refer to); `sql` is a relation of text columns that takes the place of a file."""

    number: int
    name: str
    path: str
    schema: frictionless.Schema
    dialect: Dialect
    suffix: str = "csv"
    plain: Plain | None = None
    sql: str = ""
    keyed: frozenset[str] = frozenset()
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Records:
    """A text relation, one row a record, with columns c1 ... cn. `row` is SQL for the record number; a `counted` relation has
    columns `row`, `line` and `raw` of its own; of one that is not, `law` proves that DuckDB read the file as Python would."""

    sql: str
    width: int
    counted: bool
    first_row: int
    quote: str = ""
    law: structure.Conservation | None = None
    fatal: Finding | None = None


@dataclass(slots=True)
class Scan:
    """What is known of a table after its cells were read. `keys` is a relation with `row` and one column for each keyed field."""

    source: Source
    fields: tuple[Any, ...]
    labels: tuple[str, ...]
    found: Collector
    records: Records | None = None
    rows: int = 0
    keys: str = ""
    rewritten: str = ""
    fatal: Finding | None = None

    def key_column(self, name: str) -> str | None:
        """The column of `keys` that holds a field's keys; None where the data has no such field."""
        names = [item.name for item in self.fields]
        return f"k{names.index(name) + 1}" if name in names else None


def scan_table(engine: Engine, source: Source, limit: int | None) -> Scan:
    """Read a table once and judge header, structure and cells."""
    found = Collector(source.name, source.path, limit)
    if source.plain is None:
        scan = Scan(source, tuple(source.schema.fields), tuple(item.name for item in source.schema.fields), found)
        _read_records(engine, scan, _relation(source))
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
    except FrictionlessException as error:
        return _stop(Scan(source, (), head.labels, found), Finding(error.error.type, note=error.error.note))
    scan = Scan(source, fields, head.labels, found)
    if head.empty:
        found.add(Finding("source-error", note="the source is empty"))
    for error in header.errors:
        found.add(_header_finding(error, source, head.labels))
    records = _quick_records(engine, source, len(fields))
    if records is None or not _read_records(engine, scan, records):
        _read_records(engine, scan, _careful_records(engine, source, len(fields)))
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
    return Finding(error.type, note=error.note, line=row, field=number, name=name, cell=cell, labels=tuple(labels), expected=name)


def _relation(source: Source) -> Records:
    columns = ", ".join(f"CAST({quote(item.name)} AS VARCHAR) AS c{number}" for number, item in enumerate(source.schema.fields, 1))
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
    return Records(sql, width, False, dialect.first_row, dialect.quote, structure.Conservation(plain.path, dialect.quote, head))


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


def _read_records(engine: Engine, scan: Scan, records: Records) -> bool:
    """The accept lane, then the exact lane for what it left. False where DuckDB's reading of the file proved wrong."""
    source = scan.source
    columns = [
        Column(item, f"c{number}", source.dialect, source.own.get(item.name, {}), keyed=item.name in source.keyed, nullable=not source.plain)
        for number, item in enumerate(scan.fields, start=1)
    ]
    narrow = f"narrow{source.number}"
    keyed = [number for number, item in enumerate(scan.fields, start=1) if item.name in source.keyed]
    select = _narrow_sql(records, columns, keyed)
    if not records.counted and " JOIN" in _plan(engine, select).upper():
        raise AssertionError("the accept lane must keep the order of the file, and a join may not")
    try:
        with records.law or nullcontext():
            engine.run(f"CREATE OR REPLACE TEMP TABLE {narrow} AS {select}")
    except duckdb.Error:
        if records.counted:
            raise
        return False
    size = "0" if records.counted else "sum(size)"
    rows, total, bad = engine.rows(f"SELECT count(*), coalesce({size}, 0), count(*) FILTER (bad) FROM {narrow}")[0]
    if records.law and not records.law.holds(rows, records.width, total):
        engine.run(f"DROP TABLE {narrow}")
        return False
    scan.records, scan.rows, scan.fatal = records, rows, records.fatal
    row = "row" if records.counted else f"rowid + {records.first_row} AS row"
    names = ", ".join([row, *(f"k{number}" for number in keyed)])
    scan.keys = f"(SELECT {names} FROM {narrow})"
    if bad:
        patched = _judge(engine, scan, narrow, row, keyed)
        scan.keys = f"(SELECT {names} FROM {narrow} WHERE NOT bad UNION ALL SELECT * FROM {patched})"
    if records.fatal:
        scan.found.add(records.fatal)
    return True


def _plan(engine: Engine, sql: str) -> str:
    return str(engine.rows(f"EXPLAIN {sql}")[0][1])


def _narrow_sql(records: Records, columns: Sequence[Column], keyed: Sequence[int]) -> str:
    """SQL of the narrow table (see the module's first lines)."""
    texts = [f"c{number}" for number in range(1, records.width + 1)]
    accepted = [column.accepted for column in columns]
    tests = [test for test in accepted if test != "TRUE"]
    bad = f"NOT ({' AND '.join(tests)})" if tests else "FALSE"
    if all(column.missable and not column.required for column in columns):
        bad += " OR (" + " AND ".join(f"{column.value} IS NULL" for column in columns) + ")"
    if records.counted:
        bad = f"coalesce(raw <> '' OR {bad}, TRUE)" if columns else "TRUE"
        own = ["row", "line", "raw"]
    else:
        own = [f"{_size(texts, columns, records.quote)} AS size"]
    left = [f"CASE WHEN bad THEN [{', '.join(items)}] END AS {name}" for name, items in (("cells", texts), ("accepted", accepted))]
    keys = [f"CASE WHEN NOT bad THEN {columns[number - 1].key} END AS k{number}" for number in keyed]
    selected = ", ".join([*own, "bad", *left, *keys])
    return f"SELECT {selected} FROM (SELECT *, {bad} AS bad FROM {records.sql})"


def _size(texts: Sequence[str], columns: Sequence[Column], quote: str) -> str:
    """SQL: bytes of a record's cells, quotes apart (those are counted in the file). A cell that was accepted as, say, a number
    holds none, and is not searched."""
    total = " + ".join(f"strlen({text})" for text in texts)
    if not quote:
        return total
    mark = literal(quote)
    counts = [f"(CASE WHEN contains({text}, {mark}) THEN length({text}) - length(replace({text}, {mark}, '')) ELSE 0 END)" for text in texts]
    free = [count for count, column in zip(counts, columns, strict=True) if column.free]
    strict = [count for count, column in zip(counts, columns, strict=True) if not column.free]
    return " - ".join([total, *free, *([f"(CASE WHEN bad THEN {' + '.join(strict)} ELSE 0 END)"] if strict else [])])


def _judge(engine: Engine, scan: Scan, narrow: str, row: str, keyed: Sequence[int]) -> str:
    """The exact lane over all records that were not accepted. Returns the relation of their keys."""
    source, number = scan.source, scan.source.number
    readers = [Reader(item, source.dialect, source.own.get(item.name, {})) for item in scan.fields]
    keys = engine.folder / f"keys-{number}.csv"
    texts = engine.folder / f"texts-{number}.csv"
    raw = "line, raw" if scan.records and scan.records.counted else "NULL, ''"
    rows = _fetch(engine, f"SELECT {row}, {raw}, cells, accepted FROM {narrow} WHERE bad")
    wanted = [item.name in source.keyed for item in scan.fields]
    with keys.open("w", encoding="utf-8", newline="") as key_file, texts.open("w", encoding="utf-8", newline="") as text_file:
        key_writer, text_writer = (csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL) for file in (key_file, text_file))
        rewritten = 0
        for record, line, shape, cells, accepted in rows:
            if shape:
                cells = json.loads(shape)
                padded = [*cells, *[None] * len(readers)]
                found = [reader.verdict(cell) for reader, cell in zip(readers, padded, strict=False)]
            else:
                found = [
                    reader.accepted(cell) if fine and not key else reader.verdict(cell)
                    for reader, cell, fine, key in zip(readers, cells, accepted, wanted, strict=True)
                ]
            _report_record(scan, record, line, cells, found)
            if keyed:
                key_writer.writerow([record, *(_key_text(found[item - 1].key, record) for item in keyed)])
            for index, reader in enumerate(readers, start=1):
                if reader.rewritten:
                    text_writer.writerows((index, *pair) for pair in reader.rewritten)
                    rewritten += len(reader.rewritten)
                    reader.rewritten.clear()
    if rewritten:
        scan.rewritten = f"rewritten{number}"
        columns = ["'field': 'INTEGER'", "'text': 'VARCHAR'", "'canonical': 'VARCHAR'"]
        engine.run(f"CREATE OR REPLACE TEMP TABLE {scan.rewritten} AS SELECT DISTINCT * FROM {structure.read_csv(texts, columns)}")
    columns = ["'row': 'BIGINT'", *(f"'k{item}': 'VARCHAR'" for item in keyed)]
    patched = f"patched{number}"
    if keyed:
        names = ", ".join(f"nullif(k{item}, {literal(structure.NO_KEY)}) AS k{item}" for item in keyed)
        engine.run(f"CREATE OR REPLACE TEMP TABLE {patched} AS SELECT row, {names} FROM {structure.read_csv(keys, columns)}")
    else:
        engine.run(f"CREATE OR REPLACE TEMP TABLE {patched} AS SELECT {row} FROM {narrow} WHERE bad")
    return patched


def _key_text(key: str | None, record: int) -> str:
    if key is None:
        return structure.NO_KEY
    return f"{NAN}#{record}" if key == NAN else key


def _fetch(engine: Engine, sql: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a statement as they come. Nothing else may run on the connection meanwhile."""
    result = engine.connection.execute(sql)
    while rows := result.fetchmany(FETCHED):
        yield from rows


def _report_record(scan: Scan, record: int, line: int | None, cells: Sequence[str], verdicts: Iterable[Any]) -> None:
    """The findings of one record, as frictionless' Row gives them."""
    found = scan.found
    at = {"row": record, "line": line, "cells": tuple(cells)}
    verdicts = list(verdicts)
    if all(verdict.blank for verdict in verdicts):
        found.add(Finding("blank-row", **at))
        return
    for number, (item, verdict) in enumerate(zip(scan.fields, verdicts, strict=True), start=1):
        cell = cells[number - 1] if number <= len(cells) else ""
        for rule, note in verdict.problems:
            code = "type-error" if rule == "type" else "constraint-error"
            if found.wants(code):
                rule = f"{item.type}/{item.format}" if rule == "type" else rule
                found.keep(Finding(code, note=note, field=number, name=item.name, cell=cell, rule=rule, **at))
        if number > len(cells):
            found.add(Finding("missing-cell", field=number, name=item.name, cell="", **at))
    for number in range(len(scan.fields) + 1, len(cells) + 1):
        found.add(Finding("extra-cell", field=number, cell=cells[number - 1], **at))


def read_path(path: Path) -> str:
    """The suffix that decides how frictionless reads a file: that of the file inside an archive."""
    name = path.name.lower()
    for packed in (".gz", ".zip"):
        name = name.removesuffix(packed)
    return "tsv" if name.endswith(".tsv") else "csv"
