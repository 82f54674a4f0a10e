"""A change set for people. In: a ChangeSet. Out: plain rows for a terminal's table, Markdown, a JSON value with samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publisher.diff.changes import ChangeSet, Row, RowChange, TableChange
from publisher.diff.files import summarise
from publisher.diff.schema import SchemaChange

SIGNS: Mapping[str, str] = {"add": "+", "return": "+", "change": "~", "remove": "-"}
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of the overview: a table and its row counts."""

    table: str
    status: str
    rows_before: int
    rows_after: int
    added: int
    returned: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One row change in words: `+`, `~` or `-`, the table, the row's key, and what is to be said of it."""

    sign: str
    table: str
    key: str
    text: str


def table_rows(changes: ChangeSet) -> list[TableRow]:
    """The overview, changed tables only."""
    return [
        TableRow(
            table.name,
            table.status,
            table.rows_before,
            table.rows_after,
            table.counts.added,
            table.counts.returned,
            table.counts.changed,
            table.counts.removed,
        )
        for table in changes.tables
    ]


def samples(changes: ChangeSet) -> list[Sample]:
    """The first row changes of each kind in each table."""
    return [
        Sample(SIGNS[row.op], table.name, key_text(row), _row_text(table, row))
        for table in changes.tables
        for row in table.samples
    ]


def key_text(row: RowChange) -> str:
    """The key's values, `AL` or `AL, 2012`; empty where rows have no key."""
    return ", ".join("(none)" if value is None else value for value in (row.key or {}).values())


def _row_text(table: TableChange, row: RowChange) -> str:
    if row.op == "change":
        return "; ".join(
            f"{name}: {_moved(_value(row.before, table.pairs.get(name, name)), _value(row.after, name))}"
            for name in row.changed
        )
    values = row.after if row.after is not None else row.before or {}
    shown = ", ".join(_short(value) for name, value in values.items() if value is not None and name not in table.key)
    notes = [f"came back: {shown}"] if row.op == "return" else [shown]
    if row.count > 1:
        notes.append(f"{row.count} times")
    if row.reason:
        notes.append(f"reason: {row.reason}")
    return "; ".join(note for note in notes if note)


def _value(row: Row | None, name: str) -> str | None:
    return (row or {}).get(name)


def _moved(before: str | None, after: str | None) -> str:
    """Both values; of long ones what is around the first difference."""
    start = 0
    if before and after and max(len(before), len(after)) > _LONGEST:
        signs = enumerate(zip(before, after, strict=False))
        same = next((place for place, (one, other) in signs if one != other), min(len(before), len(after)))
        start = max(0, same - _LONGEST // 3)
    return f"{_short(before, start)} → {_short(after, start)}"


def _short(value: str | None, start: int = 0) -> str:
    if value is None:
        return "(none)"
    line = ("…" if start else "") + " ".join(value[start:].split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def schema_text(change: SchemaChange) -> str:
    """One change of a description as a line: `members.status: constraint_tightened (enum)`."""
    place = ".".join(part for part in (change.table, change.field) if part) or "package"
    if change.kind in {"field_renamed", "table_renamed", "field_retyped"}:
        return f"{place}: {change.kind} ({change.property}: {change.before} → {change.after})"
    return f"{place}: {change.kind}" + (f" ({change.property})" if change.property else "")


def markdown(changes: ChangeSet) -> str:
    """The whole change as Markdown: the overview, changes of schemas and descriptions, samples of rows."""
    lines = [f"# Changes from {changes.from_version or 'before'} to {changes.to_version or 'after'}", ""]
    if changes.empty:
        return "\n".join((*lines, "Nothing changed.", ""))
    if changes.tables:
        lines += [
            "| table | | rows before | rows after | added | returned | changed | removed |",
            "|---|---|--:|--:|--:|--:|--:|--:|",
        ]
        lines += [
            f"| {_cell(row.table)} | {row.status} | {row.rows_before} | {row.rows_after} "
            f"| {row.added} | {row.returned} | {row.changed} | {row.removed} |"
            for row in table_rows(changes)
        ]
        lines.append("")
    described = [item for table in changes.tables for item in table.schema] + list(changes.metadata)
    if described:
        lines += ["## Columns and descriptions", "", *(f"- {_cell(schema_text(item))}" for item in described), ""]
    if shown := samples(changes):
        lines += ["## Rows (the first of each kind)", "", "| | table | key | |", "|---|---|---|---|"]
        lines += [f"| {item.sign} | {_cell(item.table)} | {_cell(item.key)} | {_cell(item.text)} |" for item in shown]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text that neither ends a table's cell nor starts markup."""
    escaped = "".join(f"\\{sign}" if sign in "\\|`*_<>[]" else sign for sign in text)
    return " ".join(escaped.split())


def to_json(changes: ChangeSet) -> dict[str, Any]:
    """The change as a plain JSON value, with the first rows of each kind in place of all."""
    return summarise(changes) | {
        "samples": [
            {
                "table": table.name,
                "op": row.op,
                "key": dict(row.key) if row.key is not None else None,
                "before": dict(row.before) if row.before is not None else None,
                "after": dict(row.after) if row.after is not None else None,
                "changed": list(row.changed),
                "count": row.count,
                "reason": row.reason or None,
            }
            for table in changes.tables
            for row in table.samples
        ],
    }
