"""Row changes as lines of NDJSON, both ways. In: a table of row changes, or changes.ndjson. Out: its lines, or that table again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from publisher.canonical import canonical_json
from publisher.diff.changes import OPERATIONS, TableChange
from publisher.diff.rows import NUMBERS, columns_of, differ, either, order_by
from publisher.engine import Engine, literal
from publisher.errors import UsageError
from publisher.model import Descriptor, File

_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_NESTED = {"object", "array", "geojson"}


def lines(engine: Engine, change: TableChange) -> Iterator[str]:
    """Each row change of a table as one line without its line end, in the published order."""
    if change.relation and change.listed:
        yield from stream(engine, lines_sql(change))


def stream(engine: Engine, sql: str) -> Iterator[str]:
    """The texts of a query's only column, a batch at a time; other statements may run between two of them."""
    return (line for (line,) in engine.stream(sql))


def write_lines(path: Path, texts: Iterable[str]) -> File:
    """Write lines to a file, hashed on the way."""
    digest = hashlib.sha256()
    size = 0
    with path.open("wb") as file:
        for text in texts:
            data = (text + "\n").encode()
            file.write(data)
            digest.update(data)
            size += len(data)
    return File(path.name, size, digest.hexdigest(), path)


def lines_sql(change: TableChange) -> str:
    """SQL that gives each row change as one line of changes.ndjson, in the published order.

    Numbers keep their digits and objects their text, as in the published JSON; whatever JSON could not hold so is a string.
    """
    columns = columns_of(change)
    before = _object(change.before.schema, "b") if change.before else "'null'"
    after = _object(change.after.schema, "a") if change.after else "'null'"
    key = key_sql(change) if change.key else "'null'"
    changed = ", ".join(
        f"CASE WHEN {differ(pair)} THEN {literal(_string(columns.name(pair)))} END" for pair in columns.both
    )
    changed = f"'[' || CASE WHEN op = 'change' THEN concat_ws(',', {changed}) ELSE '' END || ']'"
    parts = [
        literal('{"table":' + _string(change.name) + ',"op":"'),
        "op",
        """'","key":'""",
        key,
        """',"before":'""",
        f"CASE WHEN op IN ('change', 'remove') THEN {before} ELSE 'null' END",
        """',"after":'""",
        f"CASE WHEN op = 'remove' THEN 'null' ELSE {after} END",
        """',"changed":'""",
        changed,
        "''" if change.key else """',"count":' || n""",
        """CASE WHEN reason IS NULL THEN '' ELSE ',"reason":' || to_json(reason)::VARCHAR END""",
        "'}'",
    ]
    return f"SELECT {' || '.join(parts)} FROM {change.relation} ORDER BY {order_by(change)}"


def key_sql(change: TableChange) -> str:
    """SQL of the key of a row change as a JSON object."""
    columns = columns_of(change)
    types = {str(item["name"]): str(item.get("type", "any")) for item in change.state.schema.get("fields", ())}
    return _members([(name, types[name], either(columns.position(name))) for name in change.key])


def _object(schema: Descriptor, side: str) -> str:
    fields = schema.get("fields", ())
    return _members(
        [(str(item["name"]), str(item.get("type", "any")), f"{side}{index}") for index, item in enumerate(fields)]
    )


def _members(items: list[tuple[str, str, str]]) -> str:
    """SQL of a JSON object from (name, type, column). One call, since a chain of `||` is as deep as a table is wide."""
    parts: list[str] = []
    for index, (name, kind, column) in enumerate(items):
        parts.append(literal(("{" if index == 0 else ",") + _string(name) + ":"))
        parts.append(json_sql(kind, column))
    parts.append("'}'")
    return f"concat({', '.join(parts)})"


def json_sql(kind: str, column: str) -> str:
    """SQL of a canonical text as JSON of its Table Schema type; NULL as `null`."""
    quoted = f"to_json({column})::VARCHAR"
    if kind in NUMBERS:
        quoted = f"CASE WHEN regexp_full_match({column}, {literal(_NUMBER)}) THEN {column} ELSE {quoted} END"
    elif kind == "boolean":
        quoted = f"CASE WHEN {column} IN ('true', 'false') THEN {column} ELSE {quoted} END"
    elif kind in _NESTED:
        plain = f"{column}[1] IN ('{{', '[') AND json_valid({column}) AND NOT regexp_matches({column}, '[\\n\\r]')"
        quoted = f"CASE WHEN {plain} THEN {column} ELSE {quoted} END"
    return f"coalesce({quoted}, 'null')"


def _string(text: str) -> str:
    return canonical_json(text).decode()


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Each line of changes.ndjson, every value of a row as canonical text again. Raises UsageError with the line's number."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            try:
                found = _DECODER.decode(line)
                if found["op"] not in OPERATIONS:
                    raise ValueError(f"no such op: {found['op']}")
                for part in ("key", "before", "after"):
                    found[part] = None if found[part] is None else _texts(found[part], line, part)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise UsageError(
                    f"{path}, line {number}: not a row change: {error!r}", "Take the file from the release anew."
                ) from error
            yield found


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


def _texts(row: Mapping[str, Any], line: str, part: str) -> dict[str, str | None]:
    """A row of JSON as canonical text: numbers as written, booleans by name, objects and arrays with the text they had."""
    raw: Mapping[str, str] = {}
    if any(isinstance(value, dict | list) for value in row.values()):
        raw = _members_text(_members_text(line)[part])
    return {name: _text(value, raw.get(name, "")) for name, value in row.items()}


def _text(value: Any, raw: str) -> str | None:
    if isinstance(value, dict | list):
        return raw
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None else str(value)


def _members_text(text: str) -> dict[str, str]:
    """The text of each member of a JSON object written without white space around its separators."""
    found: dict[str, str] = {}
    at = 1
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        start = at + 1
        _, at = _DECODER.raw_decode(text, start)
        found[name] = text[start:at]
        at += text[at] == ","
    return found
