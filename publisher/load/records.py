"""Lists of records as CSV. In: a JSON document or lines of JSON. Out: a CSV file with a column for each name, values as canonical text.

Numbers keep their digits, true and false are words, null and a missing name are empty cells, lists and objects stay JSON. A document may
hold its list below a name (`dialect: {property: data}`, Table Dialect 2.0); records are objects, or lists of which the first is the header.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from publisher.canonical import canonical_json


class Unreadable(Exception):
    """A file that is no table; the text says why, for a finding."""


class _Digits(str):
    """A number as it was written."""


def write_records(path: Path, target: Path, kind: str, dialect: Mapping[str, Any], encoding: str) -> None:
    """Write the records of a `json` or `ndjson` file as CSV, UTF-8. Raises Unreadable, OSError."""
    try:
        with path.open(encoding="utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding) as file:
            if kind == "json":
                records = _list(_parse(file.read(), "the document"), str(dialect.get("property", "")))
            else:
                records = [_parse(line, f"line {number}") for number, line in enumerate(file, start=1) if line.strip()]
    except (UnicodeError, LookupError) as error:
        raise Unreadable(f"it is not text in the encoding {encoding}: {error}") from error
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(_rows(records))


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


def _rows(records: Sequence[Any]) -> Iterator[Iterable[str]]:
    if records and all(isinstance(item, list) for item in records):
        yield from (map(_text, item) for item in records)
        return
    for number, item in enumerate(records, start=1):
        if not isinstance(item, dict):
            raise Unreadable(f"record {number} is not an object")
    names = list(dict.fromkeys(name for item in records for name in item))
    yield names
    yield from ([_text(item.get(name)) for name in names] for item in records)


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
