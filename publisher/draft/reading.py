"""One CSV file, whoever wrote it. In: a path. Out: Draft: its encoding and dialect, its columns with types, its rows in the engine.

frictionless finds delimiter and types from the first rows; columns.py looks at all of them. Nothing stays guessed: what was found is
written into the descriptor, where it can be read and corrected.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import frictionless
from frictionless.exception import FrictionlessException

from publisher.canonical import CHUNK
from publisher.diff.state import load_text
from publisher.draft.columns import MISSING, describe_column
from publisher.engine import Engine
from publisher.errors import ProjectError, UsageError

SUFFIXES = (".csv", ".tsv", ".tab")
SAMPLE = 1000
"""Rows from which frictionless infers types."""

_LATIN = {"ascii", "utf-8", "iso8859-1", "iso8859-9", "iso8859-15", "cp1254", "mac-roman"}
"""What is hard to tell from Windows-1252 by looking, and far rarer."""
_CENTRAL = {"cp1250", "iso8859-2", "iso8859-13", "iso8859-16", "cp1257"}
"""What can be told from it only where there are enough letters beyond ASCII: _ENOUGH of them."""
_ENOUGH = 20


@dataclass(frozen=True, slots=True)
class Draft:
    """A table as it was found. `relation` holds its cells as text in columns c1, c2, … (NULL where empty), `fields` describes them.

    `remarks` are sentences about what a person should look at."""

    name: str
    path: Path
    encoding: str
    dialect: Mapping[str, Any]
    fields: tuple[Mapping[str, Any], ...]
    relation: str
    rows: int
    remarks: tuple[str, ...] = ()


def find_sources(folder: Path) -> list[Path]:
    """The tables in a folder, by name. Raises UsageError where there is none."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder", "Give the folder that holds your CSV files.")
    found = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in SUFFIXES)
    if not found:
        raise UsageError(
            f"{folder}: holds no CSV file", f"Tables end in {', '.join(SUFFIXES)}; save sheets as CSV UTF-8."
        )
    return found


def table_name(text: str) -> str:
    """A name for a table or package from any file name: lower case, words joined by `_`."""
    plain = unicodedata.normalize("NFC", text).lower()
    return re.sub(r"[^\w]+", "_", plain).strip("_") or "table"


def read_draft(engine: Engine, path: Path, name: str) -> Draft:
    """Read a file. Raises ProjectError for one that is empty or no table."""
    encoding, remarks = find_encoding(path)
    resource = _infer(path, encoding)
    found = resource.dialect.to_descriptor().get("csv", {})
    dialect = {key: value for key, value in found.items() if (key, value) != ("delimiter", _usual_delimiter(path))}
    delimiter = found.get("delimiter", _usual_delimiter(path))
    names = [field.name for field in resource.schema.fields]
    columns = [f"c{number}" for number in range(1, len(names) + 1)]
    quote, skip = found.get("quoteChar", '"'), found.get("skipInitialSpace", False)
    relation = load_text(engine, columns, _rows(path, encoding, delimiter, quote, skip, len(names)))
    fields = []
    for column, item in zip(columns, resource.schema.fields, strict=True):
        field, remark = describe_column(engine, relation, column, str(item.name), str(item.type), delimiter)
        fields.append(field)
        remarks += [f"{item.name}: {remark}"] if remark else []
    rows = engine.value(f"SELECT count(*) FROM {relation}")
    return Draft(name, path, encoding, dialect, tuple(fields), relation, rows, tuple(remarks))


def find_encoding(path: Path) -> tuple[str, list[str]]:
    """The encoding by name, and a remark where it is a guess: not UTF-8 and without a byte order mark."""
    with path.open("rb") as file:
        head = file.read(CHUNK)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16", []
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            chunk = head
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            guess = _guess(head)
            word = re.search(r"[^\s,;|\"]*[^\x00-\x7f][^\s,;|\"]*", head.decode(guess, errors="replace"))
            shown = word[0][:40] if word else ""
            return guess, [f"it is not UTF-8; it was read as {guess}: is “{shown}” right? If not, save it as UTF-8"]
    return "utf-8", []


def _guess(head: bytes) -> str:
    found = frictionless.Detector(encoding_confidence=0).detect_encoding(head)
    name = codecs.lookup(found).name
    few = sum(byte > 127 for byte in head) < _ENOUGH
    if name not in _LATIN and not (few and name in _CENTRAL):
        return name
    try:
        head.decode("cp1252")
    except UnicodeDecodeError:
        return "iso8859-1"
    return "cp1252"


def _infer(path: Path, encoding: str) -> Any:
    detector = frictionless.Detector(sample_size=SAMPLE, field_missing_values=["", *MISSING])
    try:
        resource = frictionless.Resource(
            path=path.name,
            basepath=str(path.parent),
            format="csv",
            encoding=_reading(path, encoding),
            detector=detector,
        )
        if path.suffix.lower() != ".csv":
            resource.dialect = frictionless.Dialect.from_descriptor({"csv": {"delimiter": "\t"}})
        resource.infer(stats=False)
    except (FrictionlessException, UnicodeError, csv.Error) as error:
        raise ProjectError(f"{path}: cannot be read as a table: {error}", "Save it as CSV, UTF-8.") from error
    if not resource.schema.fields:
        raise ProjectError(f"{path}: is empty", "A table needs a header row; remove the file or fill it.")
    return resource


def _rows(
    path: Path, encoding: str, delimiter: str, quote: str, skip: bool, width: int
) -> Iterator[Sequence[str | None]]:
    """The records below the header, each of `width` cells; blank records are left out, as validation reports them."""
    with path.open(encoding=_reading(path, encoding), errors="replace", newline="") as file:
        records = csv.reader(
            _without_nul(file), delimiter=delimiter, quotechar=quote or None, skipinitialspace=skip, strict=False
        )
        next(records, None)
        for record in records:
            if any(record):
                yield [cell or None for cell in (*record, *[""] * width)[:width]]


def _without_nul(file: io.TextIOBase) -> Iterator[str]:
    return (line.replace("\0", "") for line in file)


def _reading(path: Path, encoding: str) -> str:
    with path.open("rb") as file:
        return "utf-8-sig" if encoding == "utf-8" and file.read(3) == codecs.BOM_UTF8 else encoding


def _usual_delimiter(path: Path) -> str:
    return "," if path.suffix.lower() == ".csv" else "\t"
