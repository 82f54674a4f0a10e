"""The files of one table. In: a table in DuckDB, its rows in published order. Out: CSV, JSON, NDJSON and Parquet, with hashes.

DuckDB composes lines and writes them with all threads, in slices of bounded size, so that memory does not grow with the table;
while it writes one slice, the one before is hashed and appended. JSON and NDJSON hold the same lines, so DuckDB composes them once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
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

SLICE = 48 << 20
"""Bytes of cell text that one statement writes. DuckDB holds a few times as much while it keeps the order of rows."""
BLOCK = 2048
"""Rows whose size is summed together; a slice is a run of whole blocks. DuckDB works on vectors of as many rows."""
ROW_GROUP = 122_880
"""Most rows of a Parquet row group (DuckDB's default)."""

_LINES = "FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER E'\\x01'"
"""Makes DuckDB's CSV writer write a single column of text as it stands, each followed by a line feed."""

Sink = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Slices:
    """Runs of rows as (first rowid, last rowid), each of about SLICE bytes, and the width of an average row in bytes."""

    runs: tuple[tuple[int, int], ...]
    width: int


class Output:
    """A file being written, hashed as its bytes pass."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("xb")
        self._hash = hashlib.sha256()
        self._bytes = 0

    def write(self, data: bytes) -> None:
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
        lead = b",\n" if self._held else b""
        self._held = data.endswith(b"\n")
        body = data[:-1] if self._held else data
        self._write(lead + body.replace(b"\n", b",\n"))


def measure(engine: Engine, table: Table) -> Slices:
    """How a table is cut into slices, by the bytes of its cells."""
    if table.rows <= BLOCK:
        return Slices(((0, table.rows - 1),) if table.rows else (), 0)
    sizes = " + ".join(f"coalesce(strlen({quote(name)}), 0)" for name in table.resource.fields)
    blocks = engine.rows(
        f"SELECT sum({sizes}) FROM {table.relation} GROUP BY rowid // {BLOCK} ORDER BY rowid // {BLOCK}"
    )
    runs, first, filled, total = [], 0, 0, 0
    for number, (size,) in enumerate(blocks):
        if filled and filled + int(size) > SLICE:
            runs.append((first, number * BLOCK - 1))
            first, filled = number * BLOCK, 0
        filled += int(size)
        total += int(size)
    return Slices((*runs, (first, table.rows - 1)), total // table.rows)


def write_csv(engine: Engine, table: Table, slices: Slices, folder: Path) -> File:
    """The canonical CSV: one header row, RFC 4180 with as few quotes as it allows, LF, UTF-8 without a byte order mark."""
    fields, schema = table.resource.schema["fields"], table.resource.schema
    cells = [
        csv_cell(field, quote(str(field["name"])), missing_marker(field, schema), alone=len(fields) == 1)
        for field in fields
    ]
    with _output(folder / table_file(table.resource.name, "csv")) as output:
        output.write((",".join(csv_text(name) for name in table.resource.fields) + "\n").encode())
        _pour(engine, table, "concat(" + ", ',', ".join(cells) + ")", slices, (output.write,), folder)
        return output.close()


def write_json(
    engine: Engine, table: Table, slices: Slices, folder: Path, package: str, version: str
) -> tuple[File, File]:
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
        _pour(engine, table, _line(table), slices, (lines.write, Rows(document.write).write), folder)
        document.write(b"\n]\n}\n" if table.rows else b"]\n}\n")
        return document.close(), lines.close()


def write_ndjson(engine: Engine, table: Table, slices: Slices, folder: Path) -> File:
    """NDJSON alone, for a table that is too large for one document."""
    with _output(folder / table_file(table.resource.name, "ndjson")) as lines:
        _pour(engine, table, _line(table), slices, (lines.write,), folder)
        return lines.close()


def _line(table: Table) -> str:
    """SQL of a row as JSON on one line."""
    parts = [f"{literal(_member(field))}, {json_value(field, quote(str(field['name'])))}" for field in _fields(table)]
    return "concat('{', " + ", ',', ".join(parts) + ", '}')"


def write_parquet(engine: Engine, table: Table, slices: Slices, folder: Path, package: str, version: str) -> File:
    """Parquet, typed, zstd. Row groups are smaller where rows are wide, so that one of them stays within a slice.

    Without a `version` it is one part of many: its types are steady, and it names no release, since many have it."""
    extents = _extents(engine, table)
    columns = []
    for field, extent in zip(_fields(table), extents, strict=True):
        name, kind = quote(str(field["name"])), parquet_type(field, extent, steady=not version)
        columns.append(name if kind == "VARCHAR" else f"CAST({name} AS {kind}) AS {name}")
    fitting = SLICE // max(slices.width, 1) // BLOCK * BLOCK
    group = max(BLOCK, min(ROW_GROUP, fitting))
    facts = {"package": package, "version": version, "table": table.resource.name}
    metadata = ", ".join(f"{quote(name)}: {literal(value)}" for name, value in facts.items() if value)
    path = folder / table_file(table.resource.name, "parquet")
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group}, KV_METADATA {{{metadata}}}"
    engine.export(f"SELECT {', '.join(columns)} FROM {table.relation}", path, options)
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


@contextmanager
def _output(path: Path) -> Iterator[Output]:
    output = Output(path)
    try:
        yield output
    finally:
        output.close()


def _pour(engine: Engine, table: Table, line: str, slices: Slices, sinks: Iterable[Sink], folder: Path) -> None:
    """Send a table's lines to all sinks, one slice being written by DuckDB while the one before is passed on."""
    outlets = tuple(sinks)
    with ThreadPoolExecutor(1) as pool:
        behind: Future[None] | None = None
        for number, (first, last) in enumerate(slices.runs):
            part = folder / f".slice-{number % 2}"
            where = f"WHERE rowid BETWEEN {first} AND {last}" if len(slices.runs) > 1 else ""
            engine.export(f"SELECT {line} FROM {table.relation} {where}", part, _LINES)
            if behind is not None:
                behind.result()
            behind = pool.submit(_pass_on, part, outlets)
        if behind is not None:
            behind.result()


def _pass_on(part: Path, sinks: Sequence[Sink]) -> None:
    with part.open("rb") as file:
        while data := file.read(CHUNK):
            for sink in sinks:
                sink(data)
    part.unlink()
