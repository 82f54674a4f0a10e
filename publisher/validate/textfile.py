"""Text files between Python and DuckDB. In: rows, or a path. Out: a file that DuckDB cannot misread, or the SQL that reads one."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from publisher.engine import literal

NO_TEXT = "\x01\x02\x03"
"""Stands for NULL where no cell may become NULL."""
NO_KEY = "\x01\x02"
"""Stands for a key that is missing."""


def writer(file: IO[str], delimiter: str = ",", quote: str = '"', eol: str = "\n") -> Any:
    """A csv.writer whose files DuckDB cannot misread: every cell is quoted."""
    return csv.writer(file, delimiter=delimiter, quotechar=quote, lineterminator=eol, quoting=csv.QUOTE_ALL)


def text_columns(width: int) -> list[str]:
    """The columns c1 ... cn as texts, for read_csv."""
    return [f"'c{number}': 'VARCHAR'" for number in range(1, width + 1)]


def read_csv(
    paths: Path | Sequence[Path],
    columns: Sequence[str],
    *,
    skip: int = 0,
    delimiter: str = ",",
    quote: str = '"',
    eol: str = "\n",
    longest: int = 0,
) -> str:
    """SQL that reads files, one after the other, strictly as text: nothing guessed, nothing NULL. `columns` are names with types,
    already quoted; `skip` are lines at the beginning of each file."""
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
    files = literal(paths) if isinstance(paths, Path) else f"[{', '.join(map(literal, paths))}]"
    return f"read_csv({files}, " + ", ".join(f"{name}={value}" for name, value in options.items()) + ")"
