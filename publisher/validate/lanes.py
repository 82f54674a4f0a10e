"""The accept lane over the records of a table. In: a text relation. Out: a narrow table in DuckDB; then the exact lane for what was left.

The records are read once. The narrow table keeps the cells of those that were not accepted whole (else NULL), the cells that house
checks suspect, and the keys that are compared later. Cells that were left go to the exact lane (judge.py), and only those.

`rowid` of the narrow table follows the order of the file, because its plan is a scan and a projection: DuckDB keeps insertion
order through these. A join would not, so accept.py writes none (tests/validate/test_accept.py reads the plans).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

from publisher.engine import Engine, SqlError
from publisher.validate.accept import Column, full_match
from publisher.validate.house import suspect_cells
from publisher.validate.judge import judge_records
from publisher.validate.scan import Records, Scan
from publisher.validate.structure import cell_bytes, occurrences, whole_record

AT_ONCE = 2_000
"""Letters of patterns that are matched at once; RE2 has bounds of its own, and is slow near them."""


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
    patched = judge_records(engine, scan, keyed) if bad or records.odd else ""
    if patched:
        scan.keys = f"(SELECT * FROM {scan.keys} ANTI JOIN {patched} USING (row) UNION ALL SELECT * FROM {patched})"
    if records.fatal:
        scan.found.add(records.fatal)
    return True


def narrow_sql(scan: Scan, records: Records, keyed: Sequence[int]) -> str:
    """SQL of the narrow table (see the module's first lines). Keys of records that were not accepted may be any text: judge.py knows
    those of cells that were refused."""
    texts = [f"c{number}" for number in range(1, records.width + 1)]
    columns = scan.columns("c{}")
    first = [] if records.counted else _matched_at_once(columns)
    tests, typed = [], ""
    if first:
        patterns = (rf"(?:{columns[number - 1].pattern})\x00" for number in first)
        tests.append(full_match("".join([*patterns, r"\C*"]), "whole").format())
    for number, column in enumerate(columns, start=1):
        value = f"t{number}" if column.typed else ""
        test = column.accepted_by(value, matched=number in first)
        if column.typed:
            typed += f", {column.typed} AS {value}"
        if test != "TRUE":
            tests.append(test)
    if all(column.missable and not column.required for column in columns):
        tests.append(f"({' OR '.join(f'{column.value} IS NOT NULL' for column in columns) or 'FALSE'})")
    if records.counted:
        tests.append("raw = ''")
        own, joined = ["row", "line", "raw"], ""
    else:
        size = cell_bytes("whole", records.quote, records.law is not None and records.law.crlf)
        own = [f"{size} - {len(first)} AS size", f"{occurrences('whole', 'chr(10)') if records.quote else 0} AS breaks"]
        joined = f", {whole_record(records.width, first)} AS whole"
    if scan.source.checks:
        own.append(f"{suspect_cells(scan)} AS suspects")
    # In a condition DuckDB looks at a record until one test has failed, and in an expression at all of them.
    cells = f"CASE WHEN {' AND '.join(tests) or 'TRUE'} THEN NULL ELSE [{', '.join(texts)}] END AS cells"
    keys = [f"{columns[number - 1].key} AS k{number}" for number in keyed]
    return f"SELECT {', '.join([*own, cells, *keys])} FROM (SELECT *{joined}{typed} FROM {records.sql})"


def _matched_at_once(columns: Sequence[Column]) -> list[int]:
    """The numbers of the columns whose patterns are matched in one look at a record, NUL between their cells, which is in none of them:
    half of what a look takes is to begin it."""
    found, letters = [], 0
    for number, column in enumerate(columns, start=1):
        if column.pattern and letters + len(column.pattern) <= AT_ONCE:
            found.append(number)
            letters += len(column.pattern)
    return found
