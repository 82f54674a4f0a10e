"""Whether descriptors have the form that later stages count on. In: plain JSON values. Out: nothing, or the property that has not.

Every property that the house reads stands here once, with the kinds its value may be of; others may hold what they like. Null is as good
as absent. Standards: https://datapackage.org/standard/, docs/settings.md for what stands under `publisher`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from publisher.address import is_link, is_mail
from publisher.errors import ProjectError

MAX_COLUMNS = 2000
MAX_TOKENS = 200
"""Texts for missing, true and false values of a column."""

_DAY = re.compile(r"(?:\d{4}(?:-\d{2}(?:-\d{2})?)?)?")
_ENTRY = re.compile(r"[\w/.:-]*", re.ASCII)

Test = Callable[[Any], bool]
Shape = Mapping[str, str]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are(test: Test) -> Test:
    return lambda value: isinstance(value, list) and all(map(test, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


_KINDS: Mapping[str, Test] = {
    "text": _is_text,
    "a name": lambda value: isinstance(value, str) and value != "",
    "a whole number": _is_whole,
    "an address (http, https, or relative, without blanks)": lambda value: (
        value == "" or (_is_text(value) and is_link(value))
    ),
    "an e-mail address": lambda value: value == "" or (_is_text(value) and is_mail(value)),
    "a day such as 2012-12-05, a month or a year": lambda value: (
        isinstance(value, int) or (_is_text(value) and bool(_DAY.fullmatch(value)))
    ),
    "a name of an authority list": lambda value: _is_text(value) and bool(_ENTRY.fullmatch(value)),
    "a number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "true or false": lambda value: isinstance(value, bool),
    "an object": _is_object,
    "an object of texts": lambda value: isinstance(value, Mapping) and all(map(_is_text, value.values())),
    "an object of objects": lambda value: isinstance(value, Mapping) and all(map(_is_object, value.values())),
    "a list": lambda value: isinstance(value, list),
    "a list of texts": _are(_is_text),
    "a list of whole numbers": _are(_is_whole),
    "a list of objects": _are(_is_object),
    "a list of names": lambda value: _are(lambda item: _is_text(item) or _is_key(item))(value),
    "a value or a list of values": lambda value: all(
        not isinstance(item, Mapping | list) for item in (value if isinstance(value, list) else [value])
    ),
}


def _is_key(value: Any) -> bool:
    return bool(value) and _are(_is_text)(value)


_ADDRESS = "an address (http, https, or relative, without blanks)"
_LINKS = {
    "title": "text",
    "path": _ADDRESS,
    "name": "text",
    "email": "an e-mail address",
    "version": "text",
    "type": _ADDRESS,
}
_PERIOD = dict.fromkeys(("start", "end"), "a day such as 2012-12-05, a month or a year")
PACKAGE: Shape = {
    "title": "text",
    "description": "text",
    "homepage": _ADDRESS,
    "versionRules": "text",
    "accrualPeriodicity": "a name of an authority list",
    "$schema": "text",
    "profile": "text",
    "keywords": "a list of texts",
    "theme": "text|a list of texts",
    "licenses": "a list of objects",
    "contributors": "a list of objects",
    "sources": "a list of objects",
    "temporal": "an object|text",
    "spatial": "an object|text",
    "site": "an object",
}
"""Properties of a package. Names and resources are looked at where they are read."""
PACKAGE_SETTINGS: Shape = {
    "allow": "text|a list of texts",
    "languages": "a list of texts",
    "max_level": "text",
    "initial_version": "text",
}
RESOURCE: Shape = {
    "title": "text",
    "description": "text",
    "encoding": "text",
    "format": "text",
    "mediatype": "text",
    "hash": "text",
    "bytes": "a whole number",
    "rows": "a whole number",
    "pageSize": "a whole number",
    "rowLinks": "an object of texts",
    "hxl": "an object of texts",
    "licenses": "a list of objects",
    "sources": "a list of objects",
}
SETTINGS: Shape = {
    "min_rows": "a number",
    "max_rows": "a number",
    "max_removed_percent": "a number",
    "allow_removals": "true or false",
    "allow_returns": "true or false|text|a list",
    "frozen": "text|a list of texts",
    "label": "text|an object of texts",
    "record": "an object of objects",
    "deprecated": "an object",
    "renamed_from": "text|a list of texts",
    "checks": "an object",
    "source": "an object",
}
SCHEMA: Shape = {
    "$schema": "text",
    "fields": "a list of objects",
    "primaryKey": "text|a list of texts",
    "uniqueKeys": "a list of names",
    "foreignKeys": "a list of objects",
    "missingValues": "a list",
    "fieldsMatch": "text|a list of texts",
}
FIELD: Shape = {
    "name": "text",
    "type": "text",
    "format": "text|an object",
    "title": "text",
    "description": "text",
    "example": "a value or a list of values|an object",
    "categories": "a list",
    "constraints": "an object",
    "missingValues": "a list",
    "trueValues": "a list of texts",
    "falseValues": "a list of texts",
    "decimalChar": "text",
    "groupChar": "text",
}
CONSTRAINTS: Shape = {
    "required": "true or false",
    "unique": "true or false",
    "minLength": "a whole number",
    "maxLength": "a whole number",
    "pattern": "text",
    "enum": "a list",
    "jsonSchema": "an object|true or false",
}
FOREIGN_KEY: Shape = {"fields": "text|a list of texts", "reference": "an object"}
REFERENCE: Shape = {"resource": "text", "fields": "text|a list of texts"}
DIALECT: Shape = {
    **dict.fromkeys(
        ("delimiter", "quoteChar", "escapeChar", "nullSequence", "headerJoin", "commentChar", "lineTerminator"), "text"
    ),
    **dict.fromkeys(("doubleQuote", "skipInitialSpace", "header", "headerCase", "skipBlankRows"), "true or false"),
    **dict.fromkeys(("headerRows", "commentRows"), "a list of whole numbers"),
    "property": "text",
    "sheetName": "text",
    "sheetNumber": "a whole number",
}


def check_shape(value: Mapping[str, Any], shape: Shape, where: str) -> None:
    """Raise ProjectError for a property of `value` that is of another kind than `shape` says; of translations (`title@ar`) as well."""
    for name, item in value.items():
        kinds = shape.get(str(name).partition("@")[0] if "@" in str(name) else str(name))
        if kinds is None or item is None:
            continue
        if not any(_KINDS[kind](item) for kind in kinds.split("|")):
            raise ProjectError(f"{where}: {name} must be {kinds.replace('|', ' or ')}, found {_found(item)}")


def _found(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def check_package(document: Mapping[str, Any], where: str) -> None:
    """The properties of a package but its name, resources and settings. Raises ProjectError."""
    check_shape(document, PACKAGE, where)
    for name in ("licenses", "contributors", "sources"):
        for number, item in enumerate(document.get(name) or ()):
            check_shape(item, _LINKS, f"{where}: {name}[{number}]")
    for name, shape in (("temporal", _PERIOD), ("spatial", {"uri": _ADDRESS})):
        if isinstance(document.get(name), Mapping):
            check_shape(document[name], shape, f"{where}: {name}")


def check_resource(descriptor: Mapping[str, Any], where: str) -> None:
    """The properties of a resource but its name and what it refers to. Raises ProjectError."""
    check_shape(descriptor, RESOURCE, where)
    check_shape(descriptor.get("publisher") or {}, SETTINGS, f"{where}.publisher")


def check_schema(schema: Mapping[str, Any], where: str) -> None:
    """A Table Schema, as far as we read it before frictionless does. Raises ProjectError."""
    check_shape(schema, SCHEMA, where)
    fields = schema.get("fields") or ()
    if len(fields) > MAX_COLUMNS:
        raise ProjectError(f"{where}: has {len(fields)} columns, more than {MAX_COLUMNS}", "Divide the table.")
    for number, field in enumerate(fields):
        check_field(field, f"{where}: fields[{number}]")
    _check_tokens(schema, where)
    for number, key in enumerate(schema.get("foreignKeys") or ()):
        at = f"{where}: foreignKeys[{number}]"
        check_shape(key, FOREIGN_KEY, at)
        reference = key.get("reference")
        if not key.get("fields") or not isinstance(reference, Mapping) or not reference.get("fields"):
            raise ProjectError(f"{at}: needs `fields` and a `reference` with `fields`", "See docs/validation.md.")
        check_shape(reference, REFERENCE, f"{at}.reference")


def check_field(field: Mapping[str, Any], where: str) -> None:
    """A field of a schema. Raises ProjectError."""
    if not isinstance(field.get("name"), str):
        raise ProjectError(f"{where}: has no name", "Every field has a `name`, as in the header of the file.")
    check_shape(field, FIELD, where)
    check_shape(field.get("constraints") or {}, CONSTRAINTS, f"{where}.constraints")
    for item in field.get("categories") or ():
        if (isinstance(item, Mapping) and "value" not in item) or isinstance(item, list):
            raise ProjectError(
                f"{where}: a category is {_found(item)}", "Write a value, or `{value: ..., label: ...}`."
            )
    _check_tokens(field, where)


def _check_tokens(item: Mapping[str, Any], where: str) -> None:
    for name in ("missingValues", "trueValues", "falseValues"):
        if len(item.get(name) or ()) > MAX_TOKENS:
            raise ProjectError(f"{where}: {name} lists more than {MAX_TOKENS} texts", "Write values in fewer ways.")


def check_dialect(dialect: Mapping[str, Any], where: str) -> None:
    """A Table Dialect, its `csv` control included. Raises ProjectError."""
    for item in (dialect, dialect.get("csv")):
        if item is None:
            continue
        if not isinstance(item, Mapping):
            raise ProjectError(f"{where}: csv must be an object, found {_found(item)}")
        check_shape(item, DIALECT, where)
