"""Lists of records as CSV. In: a JSON document or lines of JSON. Out: a CSV file with a column for each name, values as canonical text.

Numbers keep their digits, true and false are words, null and a missing name are empty cells, lists and objects stay JSON. A document may
hold its list below a name (`dialect: {property: data}`, Table Dialect 2.0); records are objects, or lists of which the first is the header.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from publisher.canonical import canonical_json

WHOLE = 100_000_000
"""Bytes of a JSON document, which must be in memory whole; a line of ndjson need not be."""


class Unreadable(Exception):
    """A file that is no table; the text says why, for a finding."""


class _Digits(str):
    """A number as it was written."""


def write_records(path: Path, target: Path, kind: str, dialect: Mapping[str, Any], encoding: str) -> None:
    """Write the records of a `json` or `ndjson` file as CSV, UTF-8. Raises Unreadable, OSError."""
    encoding = "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding
    try:
        if kind == "json":
            document = _list(_parse(_read(path, encoding), "the document"), str(dialect.get("property", "")))
            rows = _rows(lambda: document)
        else:
            rows = _rows(lambda: _lines(path, encoding))
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    except (UnicodeError, LookupError) as error:
        raise Unreadable(f"it is not text in the encoding that is declared: {error}") from error


def _read(path: Path, encoding: str) -> str:
    if path.stat().st_size > WHOLE:
        raise Unreadable(
            f"a JSON document of more than {WHOLE / 1e6:g} MB is not read; ask for ndjson, a record a line"
        )
    return path.read_text(encoding)


def _lines(path: Path, encoding: str) -> Iterator[Any]:
    with path.open(encoding=encoding) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _parse(line, f"line {number}")


def _parse(text: str, what: str) -> Any:
    def constant(name: str) -> Any:
        raise Unreadable(f"{what} holds {name}, which is not a JSON value")

    try:
        return json.loads(text, parse_int=_Digits, parse_float=_Digits, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise Unreadable(f"{what} is not JSON: {error}") from error
    except RecursionError as error:
        raise Unreadable(f"{what} is nested too deeply") from error


def _list(document: Any, name: str) -> list[Any]:
    """The list of records in a document. `name` is a path of names with dots in between."""
    for part in name.split(".") if name else ():
        if not isinstance(document, dict) or part not in document:
            known = f": it has {', '.join(document)}" if isinstance(document, dict) and document else ""
            raise Unreadable(f"the document has no {part!r}{known}")
        document = document[part]
    if not isinstance(document, list):
        raise Unreadable(
            f"{name or 'the document'} is not a list; `dialect: {{property: …}}` says below which name it lies"
        )
    return document


def _rows(records: Callable[[], Iterable[Any]]) -> Iterator[Iterable[str]]:
    """The header and the rows. `records` is asked twice: all records together may not fit into memory."""
    names: dict[str, None] = {}
    kind: type = dict
    for number, item in enumerate(records(), start=1):
        if number == 1 and isinstance(item, list):
            kind = list
        fits = isinstance(item, kind)
        if not fits:
            raise Unreadable(f"record {number} is not {'an object' if kind is dict else 'a list like the first'}")
        if kind is dict:
            names.update((name, None) for name in item)
    if kind is list:
        yield from ([_text(value) for value in item] for item in records())
    elif names:
        yield list(names)
        yield from ([_text(item.get(name)) for name in names] for item in records())


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return canonical_json(_numbers(value)).decode()


def _numbers(value: Any) -> Any:
    """Numbers inside lists and objects as numbers again."""
    if isinstance(value, _Digits):
        return json.loads(value)
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return {name: _numbers(item) for name, item in value.items()} if isinstance(value, dict) else value
