"""The structure gate. In: a file and its dialect. Out: DuckDB's own reading of it, with the law that proves it right.

DuckDB's strict reader is quick, but it drops blank lines and trailing empty cells and strips blanks around quotes. Its answer is
taken only if it conserves: every byte of the file is accounted for by the cells, the delimiters, the line ends and the quotes that
were counted meanwhile. Otherwise Python reads what is odd (mend.py), or all of it (reading.py).
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Thread

from publisher.canonical import CHUNK
from publisher.engine import Engine, literal
from publisher.load import Plain
from publisher.schema import Dialect
from publisher.validate.reading import LOOK_AHEAD, read_lines
from publisher.validate.scan import Records, Source
from publisher.validate.textfile import read_csv, text_columns

FORBIDDEN = 1 << 50
"""More bytes than any file has."""


@dataclass(frozen=True, slots=True)
class HeadBytes:
    """Everything before the first record of data, in bytes, and the quotes in it; and how the file seems to end its lines."""

    size: int
    quotes: int
    pairs: int
    eol: str


@dataclass(frozen=True, slots=True)
class Direct:
    """A file that DuckDB may read by itself: in UTF-8, `head` before its first record of data."""

    path: Path
    head: HeadBytes


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


def find_direct(engine: Engine, source: Source, width: int) -> Direct | None:
    """The file of a source as DuckDB may read it; None where only Python can."""
    dialect, plain = source.dialect, source.plain
    assert plain is not None
    if not width or not _is_plain_dialect(dialect) or (source.suffix != "csv" and dialect.quote):
        return None
    if plain.encoding not in ("utf-8", "utf-8-sig"):
        plain = transcode(plain, engine.folder / f"utf8-{source.number}")
        if plain is None:
            return None
    head = head_bytes(plain, dialect, dialect.first_row - 1)
    return Direct(plain.path, head) if head else None


def _is_plain_dialect(dialect: Dialect) -> bool:
    signs = dialect.delimiter + dialect.quote
    return (
        signs.isascii()
        and not set(signs) & set(" \t\r\n\0" if dialect.delimiter != "\t" else " \r\n\0")
        and dialect.delimiter != dialect.quote
        and not (dialect.escape or dialect.skip_initial_space or dialect.comment_char or dialect.comment_rows)
        and not dialect.skip_blank_rows
    )


def direct_records(direct: Direct, dialect: Dialect, width: int) -> Records:
    """DuckDB's reading of a file, with the law it must obey."""
    sql = read_csv(
        direct.path,
        text_columns(width),
        skip=dialect.first_row - 1,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        eol=direct.head.eol,
    )
    law = Conservation(direct.path, dialect.quote, direct.head)
    return Records(sql, width, False, dialect.first_row, dialect.quote, law)


def whole_record(width: int, first: Sequence[int] = ()) -> str:
    """SQL: the cells of a record as one text; those of the columns `first` before all others, NUL after each. To count in one is as quick
    as in many, and the statement shorter: DuckDB takes longer to read a long one than to run it on a small table."""
    texts = [f"c{number}, chr(0)" for number in first]
    texts += [f"c{number}" for number in range(1, width + 1) if number not in first]
    return f"concat('', {', '.join(texts)})"


def cell_bytes(text: str, quote: str, crlf: bool) -> str:
    """SQL: what a record, as one text, gives to the sum of the law (see Conservation.holds)."""
    total = f"strlen({text})"
    if quote:
        total += f" - {occurrences(text, literal(quote))}"
    if crlf:
        total += f" + {FORBIDDEN} * {occurrences(text, 'chr(13)')}"
    return total


def occurrences(text: str, mark: str) -> str:
    """SQL: how often a character occurs in a text; few texts hold any of those that are asked for."""
    return f"(CASE WHEN contains({text}, {mark}) THEN length({text}) - length(replace({text}, {mark}, '')) ELSE 0 END)"


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


def head_bytes(plain: Plain, dialect: Dialect, lines: int) -> HeadBytes | None:
    """What precedes the first record of data, the byte order mark included; None where that is not made of whole lines."""
    with plain.path.open("rb") as file:
        text = b"".join(file.readline() for _ in range(lines))
        rest = file.read(LOOK_AHEAD)
    mark = 3 if not lines and plain.encoding == "utf-8-sig" else 0
    pairs = text.count(b"\r\n")
    if text.count(b"\r") != pairs:
        return None
    quotes = text.count(dialect.quote.encode()) if dialect.quote else 0
    if quotes:
        records = list(read_lines(io.StringIO(text.decode(plain.encoding, "replace"), newline=""), dialect))
        if len(records) != lines or any("\n" in cell for cell in chain(*records)):
            return None
    return HeadBytes(len(text) + mark, quotes, pairs, "\r\n" if b"\r\n" in text + rest else "\n")
