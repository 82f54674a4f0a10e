"""The two lanes over the records of a table. In: a text relation. Out: findings on its cells, and its keys in DuckDB.

The accept lane reads the records once and keeps a narrow table of them: the cells of those that were not accepted whole (else
NULL), and the keys that are compared later. The exact lane reads the cells that were left, and only those.

`rowid` of the narrow table follows the order of the file, because its plan is a scan and a projection: DuckDB keeps insertion
order through these. A join would not, so accept.py writes none (tests/validate/test_accept.py reads the plans).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import frictionless

from publisher.engine import Engine, SqlError, literal
from publisher.findings import Collector, Finding
from publisher.load import Plain
from publisher.schema import Dialect
from publisher.validate import structure
from publisher.validate.accept import Column
from publisher.validate.exact import NAN, Reader, Verdict

FETCHED = 2048
"""Records fetched from DuckDB at a time."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table about to be validated.

    `number` tells its relations apart in the engine; `keyed` are the fields whose keys are needed, in lower case (its own and
    those that other tables refer to); `sql` is a relation of text columns that takes the place of a file.
    """

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

    def needs_key(self, name: str) -> bool:
        """Whether the keys of a field are compared. Case is ignored, as a dialect may ask; a key too many does no harm."""
        return name.lower() in self.keyed


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

    @property
    def row(self) -> str:
        """SQL for the number of a record of the narrow table, named `row`."""
        return "row" if self.counted else f"rowid + {self.first_row} AS row"


@dataclass(slots=True)
class Scan:
    """What is known of a table after its cells were read. `keys` is a relation with `row` and one column for each keyed field,
    `rewritten` a table of texts that only the exact lane could make canonical, `narrow` that of the accept lane."""

    source: Source
    fields: tuple[Any, ...]
    labels: tuple[str, ...]
    found: Collector
    records: Records | None = None
    rows: int = 0
    keys: str = ""
    rewritten: str = ""
    narrow: str = ""
    fatal: Finding | None = None

    def key_column(self, name: str) -> str | None:
        """The column of `keys` that holds a field's keys; None where the data has no such field."""
        names = [item.name for item in self.fields]
        return f"k{names.index(name) + 1}" if name in names else None


def read_records(engine: Engine, scan: Scan, records: Records) -> bool:
    """The accept lane, then the exact lane for what it left. False where DuckDB's reading of the file proved wrong."""
    source = scan.source
    narrow = f"narrow{source.number}"
    keyed = [number for number, item in enumerate(scan.fields, start=1) if source.needs_key(item.name)]
    try:
        with records.law or nullcontext():
            engine.run(f"CREATE OR REPLACE TEMP TABLE {narrow} AS {narrow_sql(scan, records, keyed)}")
    except SqlError:
        if records.counted:
            raise
        return False
    size = "0" if records.counted else "sum(size)"
    rows, total, bad = engine.rows(f"SELECT count(*), coalesce({size}, 0), count(cells) FROM {narrow}")[0]
    if records.law and not records.law.holds(rows, records.width, total):
        engine.run(f"DROP TABLE {narrow}")
        return False
    scan.records, scan.rows, scan.fatal, scan.narrow = records, rows, records.fatal, narrow
    names = ", ".join([records.row, *(f"k{number}" for number in keyed)])
    scan.keys = f"(SELECT {names} FROM {narrow})"
    if bad:
        patched = _judge(engine, scan, keyed)
        scan.keys = f"(SELECT {names} FROM {narrow} WHERE cells IS NULL UNION ALL SELECT * FROM {patched})"
    if records.fatal:
        scan.found.add(records.fatal)
    return True


def _columns(scan: Scan, text: str) -> list[Column]:
    """The fields as SQL over their texts; `text` names the text of a field by its number from 1."""
    source = scan.source
    return [
        Column(
            item,
            text.format(number),
            source.dialect,
            source.own.get(item.name, {}),
            keyed=source.needs_key(item.name),
            nullable=source.plain is None,
        )
        for number, item in enumerate(scan.fields, start=1)
    ]


def narrow_sql(scan: Scan, records: Records, keyed: Sequence[int]) -> str:
    """SQL of the narrow table (see the module's first lines)."""
    texts = [f"c{number}" for number in range(1, records.width + 1)]
    columns = _columns(scan, "c{}")
    tests = [column.accepted for column in columns if column.accepted != "TRUE"]
    if all(column.missable and not column.required for column in columns):
        tests.append(f"({' OR '.join(f'{column.value} IS NOT NULL' for column in columns) or 'FALSE'})")
    if records.counted:
        tests.append("raw = ''")
        own = ["row", "line", "raw"]
    else:
        own = [f"{_size(texts, columns, records)} AS size", f"{_breaks(texts, columns, records.quote)} AS breaks"]
    bad = f"({' AND '.join(tests)}) IS NOT TRUE" if tests else "FALSE"
    keys = [f"CASE WHEN NOT bad THEN {columns[number - 1].key} END AS k{number}" for number in keyed]
    selected = ", ".join([*own, f"CASE WHEN bad THEN [{', '.join(texts)}] END AS cells", *keys])
    return f"SELECT {selected} FROM (SELECT *, {bad} AS bad FROM {records.sql})"


def _size(texts: Sequence[str], columns: Sequence[Column], records: Records) -> str:
    """SQL: bytes of a record's cells, quotes apart (those are counted in the file); see Conservation.holds."""
    total = " + ".join(f"strlen({text})" for text in texts)
    if records.quote:
        total += f" - ({_occurrences(texts, columns, literal(records.quote))})"
    if records.law and records.law.crlf:
        total += f" + {structure.FORBIDDEN} * ({_occurrences(texts, columns, 'chr(13)')})"
    return total


def _breaks(texts: Sequence[str], columns: Sequence[Column], quote: str) -> str:
    """SQL: line ends inside a record's cells."""
    return _occurrences(texts, columns, "chr(10)") if quote else "0"


def _occurrences(texts: Sequence[str], columns: Sequence[Column], mark: str) -> str:
    """SQL: how often a character occurs in a record. A cell accepted as, say, a date holds none, and is not searched."""
    counts = [
        f"(CASE WHEN contains({text}, {mark}) THEN length({text}) - length(replace({text}, {mark}, '')) ELSE 0 END)"
        for text in texts
    ]
    free = [count for count, column in zip(counts, columns, strict=True) if column.free]
    strict = [count for count, column in zip(counts, columns, strict=True) if not column.free]
    parts = [*free, *([f"(CASE WHEN bad THEN {' + '.join(strict)} ELSE 0 END)"] if strict else [])]
    return " + ".join(parts) or "0"


def _judge(engine: Engine, scan: Scan, keyed: Sequence[int]) -> str:
    """The exact lane over all records that were not accepted. Returns the relation of their keys."""
    assert scan.records is not None
    number = scan.source.number
    keys, texts = (engine.folder / f"{name}-{number}.csv" for name in ("keys", "texts"))
    given = "line, raw" if scan.records.counted else "NULL, ''"
    accepted = ", ".join(column.accepted for column in _columns(scan, "cells[{}]"))
    rows = stream(
        engine, f"SELECT {scan.records.row}, {given}, cells, [{accepted}] FROM {scan.narrow} WHERE cells IS NOT NULL"
    )
    with (
        keys.open("w", encoding="utf-8", newline="") as key_file,
        texts.open("w", encoding="utf-8", newline="") as text_file,
    ):
        key_writer, text_writer = (structure.writer(file) for file in (key_file, text_file))
        for record, verdicts, readers in _read_cells(scan, rows):
            if keyed:
                key_writer.writerow([record, *(_key_text(verdicts[item - 1].key, record) for item in keyed)])
            for index, reader in enumerate(readers, start=1):
                if reader.rewritten:
                    text_writer.writerows((index, *pair) for pair in reader.rewritten)
                    reader.rewritten.clear()
    if texts.stat().st_size:
        scan.rewritten = f"rewritten{number}"
        columns = ["'field': 'INTEGER'", "'text': 'VARCHAR'", "'canonical': 'VARCHAR'"]
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {scan.rewritten} AS SELECT DISTINCT * FROM {structure.read_csv(texts, columns)}"
        )
    patched = f"patched{number}"
    selected, origin = f"{scan.records.row}", f"{scan.narrow} WHERE cells IS NOT NULL"
    if keyed:
        columns = ["'row': 'BIGINT'", *(f"'k{item}': 'VARCHAR'" for item in keyed)]
        selected = ", ".join(["row", *(f"nullif(k{item}, {literal(structure.NO_KEY)}) AS k{item}" for item in keyed)])
        origin = structure.read_csv(keys, columns)
    engine.run(f"CREATE OR REPLACE TEMP TABLE {patched} AS SELECT {selected} FROM {origin}")
    return patched


def _read_cells(
    scan: Scan, rows: Iterator[tuple[Any, ...]]
) -> Iterator[tuple[int, Sequence[Verdict], Sequence[Reader]]]:
    """The verdicts on each record, its findings added to the scan."""
    source = scan.source
    readers = [Reader(item, source.dialect, source.own.get(item.name, {})) for item in scan.fields]
    wanted = [source.needs_key(item.name) for item in scan.fields]
    for record, line, shape, cells, accepted in rows:
        if shape:
            cells = json.loads(shape)
            padded = [*cells, *[None] * len(readers)]
            verdicts = [reader.verdict(cell) for reader, cell in zip(readers, padded, strict=False)]
        else:
            verdicts = [
                reader.accepted(cell) if fine and not key else reader.verdict(cell)
                for reader, cell, fine, key in zip(readers, cells, accepted, wanted, strict=True)
            ]
        _report_record(scan, record, line, cells, verdicts)
        yield record, verdicts, readers


def _key_text(key: str | None, record: int) -> str:
    if key is None:
        return structure.NO_KEY
    return f"{NAN}#{record}" if key == NAN else key


def stream(engine: Engine, sql: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a statement as they come. Nothing else may run on the connection meanwhile."""
    result = engine.connection.execute(sql)
    while rows := result.fetchmany(FETCHED):
        yield from rows


def _report_record(
    scan: Scan, record: int, line: int | None, cells: Sequence[str], verdicts: Sequence[Verdict]
) -> None:
    """The findings of one record, as frictionless' Row gives them."""
    found = scan.found
    texts = tuple(text or "" for text in cells)

    def add(code: str, number: int | None = None, note: str = "", rule: str = "") -> None:
        if not found.wants(code):
            return
        name = scan.fields[number - 1].name if number and number <= len(scan.fields) else ""
        cell = texts[number - 1] if number and number <= len(texts) else ""
        found.keep(
            Finding(
                code,
                note,
                resource=found.resource,
                path=found.path,
                row=record,
                line=line,
                field=number,
                name=name,
                cell=cell,
                cells=texts,
                rule=rule,
            )
        )

    if all(verdict.blank for verdict in verdicts):
        add("blank-row")
        return
    for number, verdict in enumerate(verdicts, start=1):
        for rule, note in verdict.problems:
            if rule == "type":
                add("type-error", number, note, f"{scan.fields[number - 1].type}/{scan.fields[number - 1].format}")
            else:
                add("constraint-error", number, note, rule)
    for number in range(len(texts) + 1, len(verdicts) + 1):
        add("missing-cell", number)
    for number in range(len(verdicts) + 1, len(texts) + 1):
        add("extra-cell", number)
