"""The Table Schema of a published table. In: a schema as maintained. Out: the schema that the published CSV fulfils.

Values are canonical there (ISO 8601, ASCII digits, `true` and `false`), so whatever told how they were written in the source goes:
`format` of dates, `decimalChar`, `groupChar`, `trueValues`, tokens for missing values. Traps: Data Package 2.0's own profile
refuses the type `list` and `fieldsMatch`, frictionless 5.21 refuses the constraint `jsonSchema` and ignores `categories`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from publisher.model import Descriptor, Resource
from publisher.package.values import kind
from publisher.schema import SCHEMA_PROFILE, parse_schema
from publisher.validate.exact import CANONICAL

_LEXICAL = ("decimalChar", "groupChar", "bareNumber", "trueValues", "falseValues", "missingValues", "floatNumber")
_REFORMATTED = frozenset({"date", "datetime", "time", "geopoint"})
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_TEXT = frozenset({"string", "any", "list"})
_SCHEMA_GONE = ("fieldsMatch", "fields_match", "publisher", "$schema", "fields", "missingValues")
_KEYS = ("primaryKey", "uniqueKeys", "foreignKeys")


def published_schema(resource: Resource) -> dict[str, Any]:
    """The schema a published table carries, without references to other files.

    A field of type `list` becomes `string`, its definition kept in `source`; categories are enforced by an `enum` too.
    """
    schema = resource.schema
    published: dict[str, Any] = {"$schema": SCHEMA_PROFILE}
    published |= {name: value for name, value in schema.items() if name not in (*_SCHEMA_GONE, *_KEYS)}
    published["fields"] = [_field(item, schema) for item in schema.get("fields", ())]
    published["missingValues"] = [""]
    if resource.primary_key:
        published["primaryKey"] = list(resource.primary_key)
    if schema.get("uniqueKeys"):
        published["uniqueKeys"] = [_names(key) for key in schema["uniqueKeys"]]
    if schema.get("foreignKeys"):
        published["foreignKeys"] = [_foreign_key(key) for key in schema["foreignKeys"]]
    return published


def missing_marker(field: Descriptor, schema: Descriptor) -> str:
    """What stands for a missing value in the published CSV: nothing, save where empty text is a value of its own.

    That is so in text columns whose `missingValues` do not hold ""; their first token is kept.
    """
    tokens = _own_tokens(field, schema)
    return tokens[0] if tokens else ""


def _own_tokens(field: Descriptor, schema: Descriptor) -> list[str] | None:
    """`missingValues` of a published column in which empty text is a value: one token, none where nothing is ever missing. None in
    all other columns."""
    tokens = [
        str(item.get("value", "")) if isinstance(item, Mapping) else str(item)
        for item in field.get("missingValues", schema.get("missingValues", [""]))
    ]
    return tokens[:1] if "" not in tokens and kind(field) in _TEXT else None


def _field(item: Descriptor, schema: Descriptor) -> dict[str, Any]:
    gone = {"name", "type", "format", "constraints", "publisher", *_LEXICAL}
    field: dict[str, Any] = {"name": item["name"], "type": kind(item)}
    if item.get("format") and kind(item) not in _REFORMATTED:
        field["format"] = item["format"]
    constraints = _constraints(item)
    if kind(item) == "list":
        field["type"] = "string"
        field.pop("format", None)
        field["source"] = {name: item[name] for name in ("type", "delimiter", "itemType") if name in item}
        gone |= {"delimiter", "itemType"}
        constraints = {name: value for name, value in constraints.items() if name in {"required", "unique"}}
    if "jsonSchema" in constraints:
        field["jsonSchema"] = constraints.pop("jsonSchema")
    field |= {name: value for name, value in item.items() if name not in gone}
    field |= announced(item)
    if constraints:
        field["constraints"] = constraints
    tokens = _own_tokens(item, schema)
    if tokens is not None:
        field["missingValues"] = tokens
    return field


def announced(item: Descriptor) -> dict[str, Any]:
    """What readers and later comparisons need of a field's or table's `publisher` settings: its end, its former names."""
    settings = item.get("publisher") or {}
    return {name: settings[name] for name in ("deprecated", "renamed_from") if name in settings}


def _constraints(item: Descriptor) -> dict[str, Any]:
    """Constraints with their values in canonical form."""
    constraints = dict(copy.deepcopy(item.get("constraints") or {}))
    categories = item.get("categories")
    if categories and "enum" not in constraints:
        constraints["enum"] = [value["value"] if isinstance(value, Mapping) else value for value in categories]
    canonical = CANONICAL.get(kind(item))
    bounds = [name for name in _BOUNDS if name in constraints]
    written = [constraints[name] for name in bounds] + list(constraints.get("enum", ()))
    if canonical is None or not any(isinstance(value, str) for value in written):
        return constraints
    read = parse_schema({"fields": [item]}, str(item["name"])).fields[0].create_value_reader()

    def rewrite(value: Any) -> Any:
        typed = read(value) if isinstance(value, str) else None
        return value if typed is None else canonical(typed, value)

    for name in bounds:
        constraints[name] = rewrite(constraints[name])
    if "enum" in constraints:
        constraints["enum"] = _alike([rewrite(value) for value in constraints["enum"]], kind(item))
    return constraints


def _alike(values: Sequence[Any], of: str) -> list[Any]:
    """Allowed values as the profile wants them: each once, truth values as such, no text among numbers."""
    if of == "boolean":
        values = [value if isinstance(value, bool) else value == "true" for value in values]
    elif any(isinstance(value, str) for value in values):
        values = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    return [value for number, value in enumerate(values) if value not in values[:number]]


def _foreign_key(key: Descriptor) -> dict[str, Any]:
    """`fields` as lists; a table that refers to itself leaves `resource` out (Table Schema 2.0)."""
    reference = key["reference"]
    target = {"resource": reference["resource"]} if reference.get("resource") else {}
    rest = {name: value for name, value in key.items() if name not in {"fields", "reference"}}
    return {"fields": _names(key["fields"]), "reference": {**target, "fields": _names(reference["fields"])}, **rest}


def _names(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
