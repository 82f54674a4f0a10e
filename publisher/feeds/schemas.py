"""JSON Schemas (2020-12) of the static API. In: a package's metadata, how its tables hang together. Out: a schema a table with row, record
and page; those of the pointer, the index, facets, changes and tombstones.

They say what stays within a major of the API: members may be added, so nothing refuses what it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from publisher import layout
from publisher.canonical import readable_json
from publisher.feeds.envelope import Api
from publisher.feeds.relations import Ties
from publisher.package.metadata import FieldInfo, TableInfo

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: Mapping[str, dict[str, Any]] = {
    "integer": {"type": "integer"},
    "number": {"type": ["number", "string"]},
    "boolean": {"type": "boolean"},
    "year": {"type": "integer"},
    "date": {"type": "string", "format": "date"},
    "object": {"type": ["object", "string"]},
    "array": {"type": ["array", "string"]},
    "geojson": {"type": ["object", "string"]},
    "any": {},
}
"""Table Schema types as JSON writes them (publisher/package/values.py); every other type is text."""
_BOUNDS = {"minimum", "maximum", "minLength", "maxLength", "pattern"}
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_LINKS = {"type": "object", "additionalProperties": {"type": "string", "format": "uri-reference"}}
_LICENCE = {"type": ["object", "null"], "properties": {"id": _TEXT, "url": {"type": "string", "format": "uri"}}}
_VERSION = {"type": "string", "pattern": r"^\d+\.\d+\.\d+(\+redacted\.\d+)?$"}
_HEAD = {
    "version": {**_VERSION, "description": "The release since which this document has been as it is."},
    "generated_from": {"type": "string", "format": "uri-reference", "description": "That release's datapackage.json."},
    "schema": {"type": "string", "format": "uri-reference"},
    "licence": _LICENCE,
}


def row_schema(table: TableInfo) -> dict[str, Any]:
    """A row as the API, the release's JSON and NDJSON and the changes write it: every column is there, missing values are null."""
    return {
        "type": "object",
        "title": str(table.title.default),
        "properties": {item.name: _field(item, key=item.name in table.primary_key) for item in table.fields},
        "required": [item.name for item in table.fields],
        **({"deprecated": True} if table.deprecated else {}),
    }


def _field(item: FieldInfo, *, key: bool) -> dict[str, Any]:
    schema = dict(_TYPES.get(item.type, _TEXT))
    bounds = {name: value for name, value in item.constraints.items() if name in _BOUNDS}
    limits: dict[str, Any] = {}
    if schema.get("type") == "integer":
        limits = {
            name: value for name, value in bounds.items() if name in {"minimum", "maximum"} and isinstance(value, int)
        }
    elif schema.get("type") == "string":
        limits = {name: value for name, value in bounds.items() if name in {"minLength", "maxLength"}} | _pattern(item)
    schema |= limits
    values = item.constraints.get("enum")
    if values and schema.get("type") == "string":
        schema["enum"] = [str(value) for value in values]
    if not (key or item.constraints.get("required")) and "type" in schema:
        schema["type"] = [*(schema["type"] if isinstance(schema["type"], list) else [schema["type"]]), "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    notes = {"title": item.title.default, "description": item.description.default}
    ending = {"deprecated": True} if item.deprecated else {}
    return {**{name: text for name, text in notes.items() if text}, **schema, **ending}


def _pattern(item: FieldInfo) -> dict[str, Any]:
    """Table Schema matches the whole value, JSON Schema any part of it."""
    pattern = item.constraints.get("pattern")
    return {"pattern": f"^(?:{pattern})$"} if isinstance(pattern, str) and item.type == "string" else {}


def table_schema(api: Api, table: TableInfo, ties: Ties) -> dict[str, Any]:
    """Row, record and page of one table; the root is a page."""
    rows = {"type": "array", "items": {"$ref": "#/$defs/row"}}
    key = layout.data_schema(api.info.name, f"tables/{table.name}")
    page = {
        "type": "object",
        "required": [*_HEAD, "table", "total", "count", "links", "rows"],
        "properties": {
            **_HEAD,
            "table": {"const": table.name},
            "total": _COUNT,
            "count": _COUNT,
            "page": {"type": "integer", "minimum": 1},
            "pages": {"type": "integer", "minimum": 1},
            "where": {"type": "object", "additionalProperties": _TEXT},
            "links": _LINKS,
            "rows": rows,
        },
    }
    return {
        "$schema": DIALECT,
        **_identity(api, key),
        "title": f"{table.name}: rows, records and pages",
        "$ref": "#/$defs/page",
        "$defs": {"row": row_schema(table), "record": _record(api, table, ties, key), "page": page},
    }


def _record(api: Api, table: TableInfo, ties: Ties, key: str) -> dict[str, Any]:
    def row(name: str) -> dict[str, str]:
        if name == table.name:
            return {"$ref": "#/$defs/row"}
        place = layout.address(api.base_url, key, layout.data_schema(api.info.name, f"tables/{name}"))
        return {"$ref": f"{place}#/$defs/row"}

    references = {
        ",".join(item.key.fields): _object(table=_TEXT, record=row(item.target.info.name), links=_LINKS)
        for item in ties.references
    }
    related = {
        item.name: _object(
            table=_TEXT, total=_COUNT, rows={"type": "array", "items": row(item.source.info.name)}, links=_LINKS
        )
        for item in ties.relations
    }
    return {
        "type": "object",
        "required": [*_HEAD, "table", "key", "record", "references", "related", "links"],
        "properties": {
            **_HEAD,
            "table": {"const": table.name},
            "key": {"type": "object", "required": list(table.primary_key)},
            "record": {"$ref": "#/$defs/row"},
            "references": {"type": "object", "properties": references},
            "related": {"type": "object", "properties": related, "required": list(related)},
            "links": _LINKS,
        },
    }


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _identity(api: Api, key: str) -> dict[str, str]:
    """An absolute `$id` where the public address is known; a relative one would not be an identifier."""
    return {"$id": layout.address(api.base_url, key, key)} if api.base_url else {}


def facet_schema() -> dict[str, Any]:
    value = _object(value=_TEXT, total=_COUNT, links=_LINKS)
    head: dict[str, Any] = {**_HEAD, "table": _TEXT, "column": _TEXT, "total": _COUNT, "links": _LINKS}
    return {"title": "The values of a column", **_object(**head, values={"type": "array", "items": value})}


def index_schema() -> dict[str, Any]:
    table = _object(
        name=_TEXT,
        title=_TEXT,
        rows=_COUNT,
        page_size={"type": "integer"},
        key={"type": "array", "items": _TEXT},
        links={**_LINKS, "properties": {"record": {"type": "string", "format": "uri-template"}}},
    )
    file = _object(name=_TEXT, title=_TEXT, rows=_COUNT, key={"type": "array", "items": _TEXT}, links=_LINKS)
    head: dict[str, Any] = {**_HEAD, "feed_version": {"const": layout.FEED_MAJOR}, "package": _TEXT, "title": _TEXT}
    found = _object(**head, links=_LINKS, tables={"type": "array", "items": table})
    found["properties"]["files"] = {
        "type": "array",
        "items": file,
        "description": "Tables that are too large for pages and records: the links lead to their files.",
    }
    names = ("table", "column", "since", "until", "replaced_by", "reason")
    found["properties"]["deprecations"] = {
        "type": "array",
        "items": {"type": "object", "properties": dict.fromkeys(names, _TEXT)},
        "description": "What will go away: a column, without one the table, without both the package.",
    }
    return {"title": "The entry of the static API", **found}


def tombstone_schema() -> dict[str, Any]:
    optional = {"type": ["string", "null"]}
    return {
        "title": "What stands in place of a removed record (members after RFC 9457)",
        **_object(
            type=_TEXT,
            title=_TEXT,
            status={"const": 410},
            detail=_TEXT,
            removed_in={**_VERSION, "type": ["string", "null"]},
            reason=optional,
            replaced_by=optional,
            licence=_LICENCE,
            table=_TEXT,
            key={"type": "object"},
            links=_LINKS,
        ),
    }


def change_schema(api: Api) -> dict[str, Any]:
    """A line of changes.ndjson."""
    row = {"type": ["object", "null"]}
    names = [table.name for table in api.info.tables]
    properties: dict[str, Any] = {
        "table": {"type": "string", "examples": names[:3]},
        "op": {"enum": ["add", "return", "change", "remove"]},
        "key": row,
        "before": row,
        "after": row,
        "changed": {"type": "array", "items": _TEXT},
    }
    found = {"title": "A line of changes.ndjson", **_object(**properties)}
    found["properties"] |= {"count": {"type": "integer", "minimum": 1}, "reason": _TEXT}
    return found


def changes_schema() -> dict[str, Any]:
    """changes.json."""
    counts = {"type": "object", "additionalProperties": _COUNT}
    table = _object(table=_TEXT, status={"enum": ["added", "removed", "renamed", "changed"]}, counts=counts)
    properties: dict[str, Any] = {
        "from": {"type": ["string", "null"]},
        "to": _VERSION,
        "rows": _TEXT,
        "counts": counts,
        "tables": {"type": "array", "items": table},
    }
    return {
        "title": "Summary of a release's changes",
        **_object(**properties, unchanged={"type": "array", "items": _TEXT}),
    }


def pointer_schema() -> dict[str, Any]:
    """versions.json (publisher/commit/pointer.py)."""
    moment = {"type": "string", "format": "date-time"}
    entry = {
        "type": "object",
        "required": ["kind", "version"],
        "properties": {
            "kind": {"enum": ["release", "rollback", "yank", "redaction"]},
            "version": _VERSION,
            "path": _TEXT,
            "created": moment,
            "published": moment,
            "parent": {"type": ["string", "null"]},
            "sha256": _TEXT,
            "rows": {"type": "object", "additionalProperties": _COUNT},
            "yanked": _object(reason=_TEXT, at=moment),
        },
    }
    properties: dict[str, Any] = {
        "format": {"const": 1},
        "package": _TEXT,
        "latest": {"type": ["string", "null"]},
        "updated": moment,
    }
    found = {"title": "The pointer", **_object(**properties, history={"type": "array", "items": entry})}
    found["properties"]["earlier"] = _object(path=_TEXT, sha256=_TEXT, entries=_COUNT)
    return found


def build_schemas(api: Api, ties: Mapping[str, Ties]) -> Iterator[tuple[str, bytes]]:
    """Every schema of a package's API."""
    plain = {
        "index": index_schema(),
        "facet": facet_schema(),
        "tombstone": tombstone_schema(),
        "change": change_schema(api),
        "changes": changes_schema(),
        "pointer": pointer_schema(),
    }
    for name, schema in plain.items():
        key = layout.data_schema(api.info.name, name)
        yield key, readable_json({"$schema": DIALECT, **_identity(api, key), **schema})
    for table in api.info.tables:
        key = layout.data_schema(api.info.name, f"tables/{table.name}")
        yield key, readable_json(table_schema(api, table, ties[table.name]))
