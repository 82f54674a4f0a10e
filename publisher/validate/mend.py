"""A file with a few odd records. In: a file that DuckDB misreads. Out: the same records in files that it reads rightly, and the odd ones.

The file is cut into blocks, and each is put before the structure gate by itself. A block that conserves stays as it is. The
records of another are read by Python and written down again, those that are too narrow or too wide cut to measure and kept aside.
A block begins where the one before it ended a record, whichever of the two read it, so the records are those of the whole file.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from publisher.engine import Engine, SqlError
from publisher.schema import Dialect
from publisher.validate.reading import read_lines
from publisher.validate.scan import Records, Source
from publisher.validate.structure import Conservation, Direct, HeadBytes, cell_bytes, whole_record
from publisher.validate.textfile import read_csv, text_columns, writer

BLOCK = 8 << 20
"""Bytes of a block: few enough that reading one with Python is soon done."""
END = "\x01\x02\x03 end"
"""A line after a block; it stands by itself unless the block ends within a record."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The law of a mended file: DuckDB finds as many records as were proved or written."""

    rows: int

    @property
    def crlf(self) -> bool:
        return False

    def __enter__(self) -> None:
        return

    def __exit__(self, *_error: object) -> None:
        return

    def holds(self, rows: int, _width: int, _size: int) -> bool:
        return rows == self.rows


def mended_records(engine: Engine, source: Source, direct: Direct, width: int) -> Records | None:
    """DuckDB's reading of a file whose odd blocks Python has written down again; None where Python had better read all of it."""
    dialect, eol = source.dialect, direct.head.eol
    if not dialect.quote or direct.path.stat().st_size < 2 * BLOCK:
        return None
    folder = engine.folder / f"blocks-{source.number}"
    folder.mkdir(exist_ok=True)
    aside = folder / "odd.csv"
    paths: list[Path] = []
    rows = 0
    with direct.path.open("rb") as file, aside.open("w", encoding="utf-8", newline="") as odd:
        file.seek(direct.head.size)
        for number, data in enumerate(_blocks(file, dialect.quote.encode())):
            paths.append(folder / f"{number}.csv")
            paths[-1].write_bytes(data)
            found = _proved(engine, paths[-1], dialect, width, eol)
            if found is None:
                found = _write_again(data, paths[-1], dialect, width, eol, writer(odd), dialect.first_row + rows)
            if found is None:
                shutil.rmtree(folder)
                return None
            rows += found
    columns = ["'row': 'BIGINT'", "'breaks': 'BIGINT'", "'raw': 'VARCHAR'"]
    engine.run(f"CREATE OR REPLACE TEMP TABLE odd{source.number} AS SELECT * FROM {read_csv(aside, columns)}")
    sql = _read_blocks(paths, dialect, width, eol)
    return Records(sql, width, False, dialect.first_row, dialect.quote, Counted(rows), odd=f"odd{source.number}")


def _blocks(file: IO[bytes], mark: bytes) -> Iterator[bytes]:
    """The rest of a file in pieces that end with a line end, outside quotes as far as counting quotes can tell."""
    rest = b""
    while chunk := file.read(BLOCK):
        data = rest + chunk
        last = cut = data.rfind(b"\n")
        before = data.count(mark, 0, max(cut, 0))
        while cut >= 0 and before % 2:
            end, cut = cut, data.rfind(b"\n", 0, cut)
            before -= data.count(mark, max(cut, 0), end)
        cut = cut + 1 or last + 1
        if cut:
            yield data[:cut]
        rest = data[cut:]
    if rest:
        yield rest


def _read_blocks(paths: list[Path], dialect: Dialect, width: int, eol: str) -> str:
    return read_csv(paths, text_columns(width), delimiter=dialect.delimiter, quote=dialect.quote, eol=eol)


def _proved(engine: Engine, path: Path, dialect: Dialect, width: int, eol: str) -> int | None:
    """How many records DuckDB finds in a block; None where its reading does not conserve."""
    law = Conservation(path, dialect.quote, HeadBytes(0, 0, 0, eol))
    size = cell_bytes("whole", dialect.quote, law.crlf)
    wholes = f"SELECT {whole_record(width)} AS whole FROM {_read_blocks([path], dialect, width, eol)}"
    try:
        with law:
            rows, total = engine.rows(f"SELECT count(*), coalesce(sum({size}), 0) FROM ({wholes})")[0]
    except SqlError:
        return None
    return int(rows) if law.holds(rows, width, total) else None


def _write_again(
    data: bytes, path: Path, dialect: Dialect, width: int, eol: str, odd: Any, first_row: int
) -> int | None:
    """Read a block with Python and write its records for DuckDB, the odd ones also to `odd`. Returns how many there are; None
    where the block cannot be read, ends within a record, or has a carriage return or NUL in a cell."""
    try:
        text = data.decode()
        text += "" if text.endswith("\n") else "\n"
        records = read_lines(io.StringIO(text + END, newline=""), dialect)
        rows = line = 0
        with path.open("w", encoding="utf-8", newline="") as file:
            lines = writer(file, dialect.delimiter, dialect.quote, eol)
            for cells in records:
                if cells == [END]:
                    return rows
                breaks, line = records.line_num - line - 1, records.line_num
                if any("\r" in cell or "\0" in cell for cell in cells):
                    return None
                if len(cells) != width:
                    odd.writerow((first_row + rows, breaks, json.dumps(cells)))
                    cells = (cells + [""] * width)[:width]
                lines.writerow(cells)
                rows += 1
    except (UnicodeError, csv.Error):
        pass
    return None
