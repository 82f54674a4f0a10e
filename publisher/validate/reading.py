"""Python's reading of a file, which is frictionless'. In: a plain file and its dialect. Out: its header; its records, written down again.

What is written down is made so that DuckDB cannot misread it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from publisher.engine import Engine
from publisher.findings import Finding
from publisher.load import Plain
from publisher.schema import Dialect
from publisher.shape import MAX_COLUMNS
from publisher.validate.scan import Records, Source
from publisher.validate.textfile import read_csv, text_columns, writer

SAMPLE = 100
"""Records and lines that frictionless reads before it says anything about a table."""
LOOK_AHEAD = 100_000
"""Bytes that frictionless reads before it begins; they decide in which chunks the rest is decoded."""
LONGEST = 10 << 20
"""Bytes of the longest record that is read; longer ones are no records, and nothing that reads what is published could hold them."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file: the header's labels, its size in bytes and lines, and why reading stopped, if it did."""

    labels: tuple[str, ...]
    empty: bool
    fatal: Finding | None = None


class End:
    """What comes after the last line: nothing. `within`: it was asked for in the middle of a record, so that whatever a file holds
    that is put behind this one would belong to that record."""

    def __init__(self) -> None:
        self.asked = self.within = False

    def __iter__(self) -> Iterator[str]:
        self.asked = True
        return iter(())


@contextmanager
def open_records(plain: Plain, dialect: Dialect, suffix: str, end: Iterable[str] = ()) -> Iterator[Any]:
    """A csv.reader over a file and `end`, decoding in the same steps as frictionless, so that it stops at the same record.

    Yields the reader; errors of decoding and of csv come out of it."""
    with plain.path.open("rb") as file:
        file.read(LOOK_AHEAD)
        file.seek(0)
        text = io.TextIOWrapper(file, plain.encoding, newline="" if suffix == "csv" else None)
        sample = list(islice(text, SAMPLE))
        yield read_lines(chain(sample, text, end), dialect)


def read_lines(lines: Iterable[str], dialect: Dialect) -> Any:
    """A csv.reader over lines, as frictionless sets one up."""
    csv.field_size_limit(LONGEST)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape,
        doublequote=dialect.double_quote,
        skipinitialspace=dialect.skip_initial_space,
    )


def read_head(plain: Plain, dialect: Dialect, suffix: str) -> Head:
    """The labels, and the error that frictionless would meet before its first finding."""
    if plain.damage:
        return Head((), True, Finding(plain.code, note=plain.damage))
    try:
        with open_records(plain, dialect, suffix) as records:
            sample = list(islice(records, SAMPLE))
    except (UnicodeError, csv.Error) as error:
        return Head((), True, stopped(error))
    content = next(content_records(enumerate(sample, start=1), dialect), None)
    labels = _labels(sample, dialect)
    if len(labels) > MAX_COLUMNS:
        note = f"the header has {len(labels)} columns, more than {MAX_COLUMNS}"
        return Head((), True, Finding("source-error", note=note))
    return Head(labels, not labels and content is None)


def stopped(error: Exception) -> Finding:
    """The finding for an error that ends the reading of a file."""
    return Finding("encoding-error" if isinstance(error, UnicodeDecodeError) else "source-error", note=str(error))


def content_records(records: Any, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """The numbered records that hold data: not the header, not a comment, not blank where blank ones are skipped."""
    for number, cells in records:
        if number < dialect.first_row or _is_comment(number, cells, dialect):
            continue
        if dialect.skip_blank_rows and not any(cells):
            continue
        yield number, cells


def _is_comment(number: int, cells: list[str], dialect: Dialect) -> bool:
    marked = bool(dialect.comment_char) and bool(cells) and cells[0].startswith(dialect.comment_char)
    return marked or number in dialect.comment_rows


def _labels(sample: list[list[str]], dialect: Dialect) -> tuple[str, ...]:
    """Labels from one or several header rows (frictionless: Dialect.read_labels)."""
    if not dialect.header:
        return ()
    labels: list[str] = []
    above: dict[int, str] = {}
    for number, cells in enumerate(sample[: dialect.first_row], start=1):
        if number not in dialect.header_rows or _is_comment(number, cells, dialect):
            continue
        for index, cell in enumerate(cell.strip() for cell in cells):
            if above.get(index) == cell:
                continue
            above[index] = cell
            if index < len(labels):
                labels[index] = dialect.header_join.join([labels[index], cell])
            else:
                labels.append(cell)
    return tuple(labels)


def _refuse_endless(number: int, cells: list[str]) -> None:
    if sum(map(len, cells)) > LONGEST // 4 and sum(len(cell.encode()) for cell in cells) > LONGEST:
        raise csv.Error(f"record {number} is longer than {LONGEST >> 20} MiB")


def rewrite(plain: Plain, dialect: Dialect, suffix: str, width: int, target: Path) -> tuple[Finding | None, int, bool]:
    """Read records with Python and write them as `row, line, raw, c1 ... cn`, where `raw` is JSON of a record that is not n cells wide.

    Returns the finding that ended the reading, if one did, the longest line written in bytes, and whether the file ends within a
    record."""
    fatal = None
    longest = 0
    end = End()
    with target.open("w", encoding="utf-8", newline="") as file:
        lines = writer(file)
        try:
            with open_records(plain, dialect, suffix, end) as records:
                for number, line, cells in _numbered(records, dialect, end):
                    _refuse_endless(number, cells)
                    raw = ""
                    if len(cells) != width:
                        raw = json.dumps(cells)
                        cells = (cells + [""] * width)[:width]
                    longest = max(longest, lines.writerow((number, line, raw, *cells)))
        except (UnicodeError, csv.Error) as error:
            fatal = stopped(error)
    return fatal, longest * 4, end.within


def _numbered(records: Any, dialect: Dialect, end: End) -> Iterator[tuple[int, int, list[str]]]:
    """Content records with the physical line on which each begins."""
    begins = [1, 1]

    def lined() -> Iterator[tuple[int, list[str]]]:
        for number, cells in enumerate(records, start=1):
            begins[:] = begins[1], records.line_num + 1
            end.within = end.asked
            yield number, cells

    for number, cells in content_records(lined(), dialect):
        yield number, begins[0], cells


def careful_records(engine: Engine, source: Source, width: int) -> Records:
    """Python's reading of a file from the first record to the last."""
    assert source.plain is not None
    target = engine.folder / f"records-{source.number}.csv"
    fatal, longest, within = rewrite(source.plain, source.dialect, source.suffix, width, target)
    columns = ["'row': 'BIGINT'", "'line': 'BIGINT'", "'raw': 'VARCHAR'", *text_columns(width)]
    records = read_csv(target, columns, longest=longest)
    return Records(records, width, True, source.dialect.first_row, fatal=fatal, unended=within)
