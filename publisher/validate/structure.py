"""The structure of a file: records and cells. In: a plain file and its dialect. Out: a text relation, one row a record, or what stops it.

Two readers give the same relation. DuckDB's is quick but drops blank lines and trailing empty cells, strips blanks around
quotes and refuses much else; Python's `csv` is what frictionless reads with. DuckDB's answer is taken only if it conserves:
every byte of the file is accounted for by the cells, the delimiters, the line ends and the quotes that were counted
beforehand. Otherwise Python reads the file and writes it down again in a form that DuckDB cannot misread.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from threading import Thread
from typing import IO, Any

from publisher.canonical import CHUNK
from publisher.engine import literal
from publisher.findings import Finding
from publisher.load import Plain
from publisher.schema import Dialect

SAMPLE = 100
"""Records and lines that frictionless reads before it says anything about a table."""
LOOK_AHEAD = 100_000
"""Bytes that frictionless reads before it begins; they decide in which chunks the rest is decoded."""
NO_TEXT = "\x01\x02\x03"
"""Stands for NULL where no cell may become NULL."""
NO_KEY = "\x01\x02"
"""Stands for a key that is missing."""
FORBIDDEN = 1 << 50
"""More bytes than any file has."""
FIELD_LIMIT = 2147483646
"""Longest cell that frictionless reads."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file: the header's labels, its size in bytes and lines, and why reading stopped, if it did."""

    labels: tuple[str, ...]
    empty: bool
    fatal: Finding | None = None


@dataclass(frozen=True, slots=True)
class HeadBytes:
    """Everything before the first record of data, in bytes, and the quotes in it; and how the file seems to end its lines."""

    size: int
    quotes: int
    pairs: int
    eol: str


@dataclass(frozen=True, slots=True)
class Census:
    """What counting a file's bytes tells. `regular` is false for bytes that the two readers are known to see differently."""

    size: int
    quotes: int
    pairs: int
    eol: str
    ends_line: bool
    regular: bool


class Conservation:
    """The law that DuckDB's reading of a file must obey, as a context: the file is counted in a thread while DuckDB reads it."""

    def __init__(self, path: Path, quote: str, head: HeadBytes) -> None:
        self._path = path
        self._quote = quote
        self._head = head
        self._census: Census | None = None
        self._thread = Thread(target=self._count)

    @property
    def crlf(self) -> bool:
        """Whether lines seem to end in CRLF."""
        return self._head.eol == "\r\n"

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._thread.join()

    def _count(self) -> None:
        self._census = take_census(self._path, self._quote)

    def holds(self, rows: int, width: int, size: int) -> bool:
        """Whether every byte is accounted for. `size` is the sum of the bytes in cells, quotes apart, and FORBIDDEN for each
        carriage return in a cell: where lines end in CRLF, all of them must be line ends."""
        census, head = self._census, self._head
        if census is None or not census.regular or census.eol != head.eol:
            return False
        if not rows:
            return census.size == head.size
        if census.eol == "\r\n" and census.pairs - head.pairs != rows - (not census.ends_line):
            return False
        ends = rows * len(census.eol) - (0 if census.ends_line else len(census.eol))
        return census.size - head.size == size + rows * (width - 1) + ends + census.quotes - head.quotes


@contextmanager
def open_records(plain: Plain, dialect: Dialect, suffix: str) -> Iterator[Any]:
    """A csv.reader over a file, decoding in the same steps as frictionless, so that it stops at the same record.

    Yields the reader; errors of decoding and of csv come out of it."""
    with plain.path.open("rb") as file:
        file.read(LOOK_AHEAD)
        file.seek(0)
        text = io.TextIOWrapper(file, plain.encoding, newline="" if suffix == "csv" else None)
        csv.field_size_limit(FIELD_LIMIT)
        sample = list(islice(text, SAMPLE))
        yield csv.reader(
            chain(sample, text),
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


def take_census(path: Path, quote: str) -> Census:
    """Count what the conservation law needs. `regular` is false for bytes that the two readers are known to see differently."""
    size = quotes = returns = pairs = 0
    odd = False
    tail = b""
    mark = quote.encode()
    # DuckDB joins two quoted stretches with blanks between them, Python does not.
    reopened = re.compile(re.escape(mark) + rb"[ \t]+" + re.escape(mark)) if mark else re.compile(rb"(?!)")
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            seam = tail + chunk[:SEAM]
            if mark and mark in chunk:
                quotes += chunk.count(mark)
                odd = odd or bool(reopened.search(chunk) or reopened.search(seam))
            if b"\r" in chunk:
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n")
            pairs += tail[-1:] == b"\r" and chunk[:1] == b"\n"
            odd = (
                odd
                or b"\0" in chunk
                or (len(seam) == 2 * SEAM and not (tail.strip(b" \t") and chunk[:SEAM].strip(b" \t")))
            )
            tail = chunk[-SEAM:]
    ends_line = tail.endswith(b"\n") or not size
    return Census(size, quotes, pairs, "\r\n" if returns else "\n", ends_line, not odd and returns == pairs)


SEAM = 4096
"""Bytes on either side of the border between two chunks in which a stretch of blanks is looked for."""


def rewrite(plain: Plain, dialect: Dialect, suffix: str, width: int, target: Path) -> tuple[Finding | None, int]:
    """Read records with Python and write them as `row, line, raw, c1 ... cn`, where `raw` is JSON of a record that is not n cells wide.

    Returns the finding that ended the reading, if one did, and the longest line written in bytes."""
    fatal = None
    longest = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        lines = writer(file)
        try:
            with open_records(plain, dialect, suffix) as records:
                for number, line, cells in _numbered(records, dialect):
                    raw = ""
                    if len(cells) != width:
                        raw = json.dumps(cells)
                        cells = (cells + [""] * width)[:width]
                    longest = max(longest, lines.writerow((number, line, raw, *cells)))
        except (UnicodeError, csv.Error) as error:
            fatal = stopped(error)
    return fatal, longest * 4


def writer(file: IO[str]) -> Any:
    """A csv.writer whose files DuckDB cannot misread: every cell quoted, lines ended by a line feed."""
    return csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)


def _numbered(records: Any, dialect: Dialect) -> Iterator[tuple[int, int, list[str]]]:
    """Content records with the physical line on which each begins."""
    begins = [1, 1]

    def lined() -> Iterator[tuple[int, list[str]]]:
        for number, cells in enumerate(records, start=1):
            begins[:] = begins[1], records.line_num + 1
            yield number, cells

    for number, cells in content_records(lined(), dialect):
        yield number, begins[0], cells


def transcode(plain: Plain, target: Path) -> Plain | None:
    """The file in UTF-8, or None where it is not in the encoding declared."""
    try:
        with (
            plain.path.open(encoding=plain.encoding, newline="") as source,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            shutil.copyfileobj(source, out, CHUNK)
    except UnicodeError:
        return None
    return Plain(target, "utf-8")


def read_csv(
    path: Path,
    columns: list[str],
    *,
    skip: int = 0,
    delimiter: str = ",",
    quote: str = '"',
    eol: str = "\n",
    longest: int = 0,
) -> str:
    """SQL that reads a file strictly as text, nothing guessed, nothing NULL. `columns` are names with types, already quoted."""
    options = {
        "auto_detect": "false",
        "header": "false",
        "skip": str(skip),
        "columns": "{" + ", ".join(columns) + "}",
        "delim": literal(delimiter),
        "quote": literal(quote),
        "escape": literal(quote),
        "nullstr": literal(NO_TEXT),
        "comment": "''",
        "strict_mode": "true",
        "null_padding": "false",
    }
    if eol == "\n":
        # DuckDB 2.0 misreads the first line of a CRLF file when told of its line ends.
        options["new_line"] = "'\\n'"
    if longest > 2_000_000:
        options |= {"max_line_size": str(longest), "buffer_size": str(longest * 4)}
    return f"read_csv({literal(path)}, " + ", ".join(f"{name}={value}" for name, value in options.items()) + ")"


def head_bytes(plain: Plain, dialect: Dialect, lines: int) -> HeadBytes | None:
    """What precedes the first record of data, the byte order mark included; None where that is not made of whole lines."""
    with plain.path.open("rb") as file:
        text = b"".join(file.readline() for _ in range(lines))
        rest = file.read(LOOK_AHEAD)
    mark = 3 if not lines and plain.encoding == "utf-8-sig" else 0
    quotes = text.count(dialect.quote.encode()) if dialect.quote else 0
    if quotes:
        decoded = io.StringIO(text.decode("utf-8", "replace"), newline="")
        records = list(csv.reader(decoded, quotechar=dialect.quote, delimiter=dialect.delimiter))
        if len(records) != lines or any("\n" in cell for cell in chain(*records)):
            return None
    return HeadBytes(len(text) + mark, quotes, text.count(b"\r\n"), "\r\n" if b"\r\n" in text + rest else "\n")
