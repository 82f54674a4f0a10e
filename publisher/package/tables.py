"""The files of one table. In: a table in DuckDB, its rows in published order. Out: CSV, JSON, NDJSON and Parquet, with hashes.

DuckDB composes lines with all threads and hands them over in their order through a pipe, whose other end is written and hashed as it
comes: the pipe holds DuckDB back, so that memory does not grow with the table. JSON and NDJSON hold the same lines, so DuckDB
composes them once. Where it has one thread, as on a worker whose neighbour has the other core, it writes files itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain, repeat
from pathlib import Path

from publisher.canonical import CHUNK, canonical_json, sha256_file
from publisher.engine import Engine, literal, quote
from publisher.layout import table_file
from publisher.model import File, Table
from publisher.package.schema import missing_marker
from publisher.package.values import Extent, csv_cell, csv_text, extent_columns, json_value, parquet_type

FORMATS = ("csv", "json", "ndjson", "parquet")
"""The formats of every table; the first is the canonical one."""
PART_FORMATS = ("csv", "ndjson", "parquet")
"""The formats of a table in parts, in the same order. A JSON document of all of it would be too large to be read at once."""

ROW_GROUP = 122_880
"""Most rows of a Parquet row group (DuckDB's default)."""
GROUP_BYTES = 48 << 20
"""Bytes of cell text in a row group, about. DuckDB holds a few groups at a time."""
VECTOR = 2048
"""Rows that DuckDB works on at a time; a row group is a number of them."""

_LINES = "FORMAT csv, HEADER false, QUOTE '', FORCE_QUOTE *, ESCAPE '', DELIMITER E'\\x01', USE_TMP_FILE false"
"""Makes DuckDB's CSV writer write a single column of text as it stands, each followed by a line feed: no sign is one to quote with, and
where quotes are forced it does not look for what would need them."""

Sink = Callable[[bytes | memoryview], None]


class Output:
    """A file being written, hashed as its bytes pass."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("xb")
        self._hash = hashlib.sha256()
        self._bytes = 0

    def write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._bytes += len(data)

    def close(self) -> File:
        """The finished file, which nobody may write to any more. Raises OSError where the disk is full."""
        self._file.close()
        _seal(self.path)
        return File(self.path.name, self._bytes, self._hash.hexdigest(), self.path)


class Rows:
    """Lines on their way into a JSON array: each line feed between two rows gets a comma before it, the last none."""

    def __init__(self, write: Sink) -> None:
        self._write = write
        self._held = False

    def write(self, data: bytes) -> None:
        if self._held:
            self._write(b",\n")
        self._held = data.endswith(b"\n")
        rows = data.replace(b"\n", b",\n")
        self._write(memoryview(rows)[:-2] if self._held else rows)


def write_csv(engine: Engine, table: Table, folder: Path) -> File:
    """The canonical CSV: one header row, RFC 4180 with as few quotes as it allows, LF, UTF-8 without a byte order mark."""
    fields, schema = table.resource.schema["fields"], table.resource.schema
    cells = [
        csv_cell(field, quote(str(field["name"])), missing_marker(field, schema), alone=len(fields) == 1)
        for field in fields
    ]
    head = ",".join(csv_text(name) for name in table.resource.fields)
    return _write_lines(
        engine, table, "concat(" + ", ',', ".join(cells) + ")", folder / table_file(table.resource.name, "csv"), head
    )


def write_json(engine: Engine, table: Table, folder: Path, package: str, version: str) -> tuple[File, File]:
    """JSON (an object whose `rows` are one a line) and NDJSON of a table. `version` is the release that wrote them."""
    name = table.resource.name
    links = {"describedby": "datapackage.json"} | {
        suffix: table_file(name, suffix) for suffix in FORMATS if suffix != "json"
    }
    head = {"package": package, "version": version, "table": name, "count": table.rows, "links": links}
    with (
        _output(folder / table_file(name, "json")) as document,
        _output(folder / table_file(name, "ndjson")) as lines,
    ):
        members = ",\n".join(f"{_json(key)}: {_json(value)}" for key, value in head.items())
        document.write(f'{{\n{members},\n"rows": [\n'.encode())
        _pour(engine, table, _line(table), lines.path, lines.write, Rows(document.write).write)
        document.write(b"\n]\n}\n" if table.rows else b"]\n}\n")
        return document.close(), lines.close()


def write_ndjson(engine: Engine, table: Table, folder: Path) -> File:
    """NDJSON alone, for a table that is too large for one document."""
    return _write_lines(engine, table, _line(table), folder / table_file(table.resource.name, "ndjson"))


def _line(table: Table) -> str:
    """SQL of a row as JSON on one line."""
    parts = [
        f"{literal(lead + _member(field))}, {json_value(field, quote(str(field['name'])))}"
        for lead, field in zip(chain("{", repeat(",")), _fields(table), strict=False)
    ]
    return f"concat({', '.join(parts)}, '}}')"


def write_parquet(engine: Engine, table: Table, csv: File, folder: Path, package: str, version: str) -> File:
    """Parquet, typed, zstd. Row groups have fewer rows where these are wide, so that a group stays within GROUP_BYTES; `csv` is the
    same table as write_csv wrote it.

    Without a `version` it is one part of many: its types are steady, and it names no release, since many have it."""
    columns = []
    for field, extent in zip(_fields(table), _extents(engine, table), strict=True):
        name, kind = quote(str(field["name"])), parquet_type(field, extent, steady=not version)
        columns.append(name if kind == "VARCHAR" else f"CAST({name} AS {kind}) AS {name}")
    facts = {"package": package, "version": version, "table": table.resource.name}
    metadata = ", ".join(f"{quote(name)}: {literal(value)}" for name, value in facts.items() if value)
    path = folder / table_file(table.resource.name, "parquet")
    options = (
        f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_group(engine, table, csv)}, KV_METADATA {{{metadata}}}"
    )
    engine.export(f"SELECT {', '.join(columns)} FROM {table.relation}", path, options)
    return _written(path)


def _write_lines(engine: Engine, table: Table, line: str, path: Path, head: str | None = None) -> File:
    """A file of a table's lines (SQL of one), after the line `head` if there is one."""
    if engine.threads == 1:
        first = "" if head is None else f"SELECT {literal(head)} UNION ALL "
        engine.export(f"{first}SELECT {line} FROM {table.relation}", path, _LINES)
        return _written(path)
    with _output(path) as output:
        if head is not None:
            output.write(f"{head}\n".encode())
        _pour(engine, table, line, path, output.write)
        return output.close()


def _written(path: Path) -> File:
    """A file that DuckDB wrote."""
    _seal(path)
    return File(path.name, path.stat().st_size, sha256_file(path), path)


def _seal(path: Path) -> None:
    """A folder that is published to can then take the file as it is, without a copy (store/base.py)."""
    path.chmod(path.stat().st_mode & ~0o222)


def _fields(table: Table) -> Sequence[dict[str, object]]:
    return list(table.resource.schema["fields"])


def _member(field: dict[str, object]) -> str:
    return f"{_json(field['name'])}:"


def _json(value: object) -> str:
    return canonical_json(value).decode()


def _extents(engine: Engine, table: Table) -> Iterator[Extent]:
    wanted = [extent_columns(field, quote(str(field["name"]))) for field in _fields(table)]
    asked = [item for columns in wanted for item in columns]
    found = iter(engine.rows(f"SELECT {', '.join(asked)} FROM {table.relation}")[0] if asked else ())
    for columns in wanted:
        yield Extent(*(next(found) for _ in columns))


def _group(engine: Engine, table: Table, csv: File) -> int:
    """Rows of a row group, by the bytes of an average row's cells. They are no more than those of its line, so where lines would fit as
    well, nothing needs to be measured."""
    group = _fitting(csv.bytes, table.rows)
    if group < ROW_GROUP and table.rows:
        sizes = " + ".join(f"coalesce(strlen({quote(name)}), 0)" for name in table.resource.fields)
        group = _fitting(int(engine.value(f"SELECT sum({sizes}) FROM {table.relation}")), table.rows)
    return group


def _fitting(size: int, rows: int) -> int:
    width = max(size // max(rows, 1), 1)
    return max(VECTOR, min(ROW_GROUP, GROUP_BYTES // width // VECTOR * VECTOR))


@contextmanager
def _output(path: Path) -> Iterator[Output]:
    output = Output(path)
    try:
        yield output
    finally:
        output.close()


def _pour(engine: Engine, table: Table, line: str, path: Path, *sinks: Callable[[bytes], None]) -> None:
    """Send a table's lines to all sinks while DuckDB composes them. The pipe lies beside `path`."""
    select = f"SELECT {line} FROM {table.relation}"
    pipe = path.with_name(f".{path.name}")
    os.mkfifo(pipe)
    # Opened without waiting for a writer; then held by one, so that the end of the file is that of DuckDB's work and not its beginning.
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    held = os.open(pipe, os.O_WRONLY)
    os.set_blocking(reading, True)
    _widen(reading)
    with ThreadPoolExecutor(1) as pool:
        # Where a sink fails, closing the pipe ends DuckDB's work too.
        with os.fdopen(reading, "rb", buffering=0) as lines:
            writing = pool.submit(_compose, engine, select, pipe, held)
            while data := lines.read(CHUNK):
                for sink in sinks:
                    sink(data)
        writing.result()


def _compose(engine: Engine, select: str, pipe: Path, held: int) -> None:
    try:
        engine.export(select, pipe, _LINES)
    finally:
        os.close(held)
        pipe.unlink()


def _widen(pipe: int) -> None:
    """Fewer, larger reads, where the system knows how."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, CHUNK)
