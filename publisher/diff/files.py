"""A change set as the two files of a release, and read back. In: a ChangeSet, or changes.json and changes.ndjson. Out: the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.diff.changes import ChangeSet, Counts, TableChange
from publisher.diff.lines import lines, read_lines, write_lines
from publisher.diff.rows import SAMPLES, Columns, columns_of, sample_rows
from publisher.diff.schema import SchemaChange, names_of
from publisher.diff.state import TableState, load_text
from publisher.engine import Engine
from publisher.errors import UsageError
from publisher.model import Descriptor, File

_COUNTS = {
    "added": "added",
    "returned": "returned",
    "changed": "changed",
    "removed": "removed",
    "removed_with_reason": "explained",
    "changed_only_in_added_or_removed_fields": "reshaped",
}


def write(engine: Engine, changes: ChangeSet, folder: Path, extra: Descriptor | None = None) -> tuple[File, File]:
    """Write changes.json and changes.ndjson into `folder`; an empty change set is written, too.

    The same change gives the same bytes on every machine. `extra` members (the bump, notes) stand after the counts.
    """
    rows = write_lines(folder / layout.CHANGE_ROWS, (line for table in changes.tables for line in lines(engine, table)))
    summary = readable_json(summarise(changes) | dict(extra or {}) | {"schemas": _schemas(changes)})
    path = folder / layout.CHANGES
    path.write_bytes(summary)
    return File(layout.CHANGES, len(summary), sha256_bytes(summary), path), rows


def summarise(changes: ChangeSet) -> dict[str, Any]:
    """The plain JSON value of a change set, without rows and schemas."""
    return {
        "from": changes.from_version or None,
        "to": changes.to_version,
        "rows": layout.CHANGE_ROWS,
        "counts": counts_json(changes.counts),
        "tables": [_table_json(table) for table in changes.tables],
        "unchanged": list(changes.unchanged),
        "metadata": [schema_change_json(item) for item in changes.metadata],
    }


def counts_json(counts: Counts) -> dict[str, int]:
    """Counts by the names that changes.json uses."""
    return {name: getattr(counts, attribute) for name, attribute in _COUNTS.items()}


def _table_json(table: TableChange) -> dict[str, Any]:
    return {
        "table": table.name,
        "former_name": table.former_name,
        "status": table.status,
        "key": list(table.key),
        "counts": counts_json(table.counts),
        "rows_before": table.rows_before,
        "rows_after": table.rows_after,
        "changed_fields": dict(table.changed_fields),
        "fields": dict(table.pairs),
        "schema": [schema_change_json(item) for item in table.schema],
        "referenced": table.referenced,
        **({} if table.listed else {"listed": False}),
    }


def schema_change_json(change: SchemaChange) -> dict[str, Any]:
    """One change of a description; places that do not apply are left out."""
    places = {"table": change.table, "field": change.field, "property": change.property}
    found = {name: value for name, value in places.items() if value}
    return {"kind": change.kind, **found, "before": change.before, "after": change.after}


def _schemas(changes: ChangeSet) -> dict[str, Any]:
    """The schemas of changed tables, so that a reader needs no other file; `before` only where it differs."""
    found: dict[str, Any] = {}
    for table in changes.tables:
        before = table.before.schema if table.before else None
        after = table.after.schema if table.after else None
        found[table.name] = {"after": after} if before == after else {"before": before, "after": after}
    return found


def read(engine: Engine, summary: Path, rows: Path) -> ChangeSet:
    """A change set as it was written. Rows become tables of the engine; states have no relation of their own.

    Raises UsageError where a file is not what `write` wrote.
    """
    try:
        document = json.loads(summary.read_text(encoding="utf-8"))
        tables = {str(item["table"]): _read_table(item, document["schemas"]) for item in document["tables"]}
        unchanged = tuple(document["unchanged"])
        metadata = tuple(_read_schema_change(item) for item in document["metadata"])
        versions = str(document["from"] or ""), str(document["to"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{summary}: not a summary of changes: {error!r}", "Take the file from the release anew."
        ) from error
    relations = _read_rows(engine, tables, rows)
    full = tuple(_with_rows(engine, table, relations.get(name, "")) for name, table in tables.items())
    return ChangeSet(full, unchanged, metadata, *versions)


def _read_table(item: Mapping[str, Any], schemas: Mapping[str, Any]) -> TableChange:
    stored = schemas[item["table"]]
    after = _state(str(item["table"]), stored["after"])
    before = _state(str(item["former_name"]), stored.get("before", stored["after"]))
    counts = item["counts"]
    return TableChange(
        before,
        after,
        dict(item["fields"]),
        tuple(item["key"]),
        "",
        tuple(_read_schema_change(change) for change in item["schema"]),
        Counts(**{attribute: int(counts[name]) for name, attribute in _COUNTS.items()}),
        int(item["rows_before"]),
        int(item["rows_after"]),
        dict(item["changed_fields"]),
        referenced=bool(item["referenced"]),
        listed=bool(item.get("listed", True)),
    )


def _state(name: str, schema: Descriptor | None) -> TableState | None:
    return None if schema is None else TableState(name, "", schema, names_of(schema.get("primaryKey")))


def _read_schema_change(item: Mapping[str, Any]) -> SchemaChange:
    return SchemaChange(
        item["kind"],
        item.get("table", ""),
        item.get("field", ""),
        item.get("property", ""),
        item["before"],
        item["after"],
    )


def _read_rows(engine: Engine, tables: Mapping[str, TableChange], path: Path) -> dict[str, str]:
    """The row changes of each table as a table of the engine, in the layout of TableChange.relation."""
    found: dict[str, str] = {}
    for name, group in groupby(read_lines(path), key=lambda line: str(line.get("table"))):
        if name not in tables or name in found:
            raise UsageError(
                f"{path}: rows of {name} are not where the summary says", "Take both files from one release."
            )
        columns = columns_of(tables[name])
        names = ["op", "n", "reason"]
        names += [f"b{index}" for index in range(len(columns.before))] + [
            f"a{index}" for index in range(len(columns.after))
        ]
        values = (_cells(line, columns, path) for line in group)
        found[name] = load_text(engine, names, values, select="* REPLACE (n::BIGINT AS n)")
    return found


def _cells(line: Mapping[str, Any], columns: Columns, path: Path) -> list[str | None]:
    before, after = line["before"] or {}, line["after"] or {}
    if {*before} - {*columns.before} or {*after} - {*columns.after}:
        raise UsageError(f"{path}: a row of {line['table']} has columns that the summary does not name")
    return [
        line["op"],
        str(line.get("count", 1)),
        line.get("reason"),
        *(before.get(name) for name in columns.before),
        *(after.get(name) for name in columns.after),
    ]


def _with_rows(engine: Engine, table: TableChange, relation: str) -> TableChange:
    if relation:
        found = replace(table, relation=relation)
        return replace(found, samples=sample_rows(engine, found, SAMPLES))
    if table.counts.total and table.listed:
        raise UsageError(f"the row changes of {table.name} are missing", "Take changes.ndjson from the release anew.")
    return table
