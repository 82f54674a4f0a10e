"""A query's result as canonical text. In: a resource, the DuckDB types that its query returned. Out: SQL of its columns as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from publisher.engine import quote
from publisher.errors import ProjectError
from publisher.model import Resource

NESTED = ("STRUCT", "MAP", "UNION")


def columns_sql(resource: Resource, types: Sequence[str]) -> str:
    """The SELECT list that turns the returned columns into canonical text under the schema's names."""
    parts = []
    for field, returned in zip(resource.schema["fields"], types, strict=True):
        column = quote(str(field["name"]))
        text = _text(column, returned)
        if field.get("type") == "year":
            text = f"CASE WHEN length({text}) < 4 THEN lpad({text}, 4, '0') ELSE {text} END"
        parts.append(f"nullif({text}, '') AS {column}")
    return ", ".join(parts)


def refuse_lexical(resource: Resource, where: str) -> None:
    """Values of a query come from SQL and never from cells, so its schema says nothing of how cells are written.

    Raises ProjectError for a field that does, and for the type `list`, which Data Package 2.0's profile refuses.
    """
    for field in resource.schema["fields"]:
        kind = str(field.get("type") or "any")
        at = f"{where}: the schema's field {field['name']!r}"
        if kind == "list":
            raise ProjectError(f"{at} is a list", "Use the type array, and return a DuckDB list.")
        for name, usual in _LEXICAL.items():
            if name in field and not usual(field[name], kind):
                raise ProjectError(
                    f"{at} has {name} {field[name]!r}",
                    f"Remove {name}: the result of a query is always written in canonical form.",
                )
    tokens = resource.schema.get("missingValues", [""])
    if "" not in tokens:
        raise ProjectError(
            f"{where}: the schema's missingValues do not hold an empty text", 'Use "missingValues": [""].'
        )


def _default_format(value: Any, kind: str) -> bool:
    return value == "default" or kind == "string"


_LEXICAL: Mapping[str, Callable[[Any, str], bool]] = {
    "format": _default_format,
    "decimalChar": lambda value, _kind: value == ".",
    "groupChar": lambda value, _kind: not value,
    "bareNumber": lambda value, _kind: bool(value),
    "trueValues": lambda value, _kind: "true" in value,
    "falseValues": lambda value, _kind: "false" in value,
    "missingValues": lambda value, _kind: "" in value,
}


def _text(column: str, returned: str) -> str:
    """SQL of a value's canonical text, by its DuckDB type; what has none is cast and left to validation."""
    if returned == "TIMESTAMP WITH TIME ZONE":
        return _moment(f"({column} AT TIME ZONE 'UTC')") + " || 'Z'"
    if returned.startswith("TIMESTAMP"):
        return _moment(f"CAST({column} AS TIMESTAMP)")
    if returned.startswith(NESTED) or returned.endswith("]"):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"


def _moment(value: str) -> str:
    """ISO 8601 as Python's isoformat writes it: six digits of a second's fraction, or none."""
    fraction = f"CASE WHEN microsecond({value}) % 1000000 = 0 THEN '' ELSE strftime({value}, '.%f') END"
    return f"strftime({value}, '%Y-%m-%dT%H:%M:%S') || {fraction}"
