"""Records that releases removed. In: the parent's removed.ndjson, a change set, reasons people gave. Out: the next removed.ndjson.

A tombstone keeps an identifier from being used for something else: it says which row went, in which release and why. A row that
comes back takes its tombstone with it. The file follows from the parent's file and the changes alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import canonical_json
from publisher.diff.changes import ChangeSet, TableChange
from publisher.diff.compare import Notes
from publisher.diff.lines import key_sql, stream, write_lines
from publisher.diff.rows import key_values
from publisher.diff.state import load_text
from publisher.engine import Engine, literal
from publisher.errors import ProjectError, UsageError
from publisher.model import Descriptor, File

_KEY = "from_json(key, '[\"VARCHAR\"]')"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A removed record: its table, the values of its key as text, the release that went without it first, and what is known."""

    table: str
    key: tuple[str | None, ...]
    removed_in: str
    reason: str = ""
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """Why a row may go, as a person wrote it."""

    table: str
    key: tuple[str, ...]
    reason: str
    replaced_by: str = ""


def read_removals(document: Descriptor, keys: Mapping[str, Sequence[str]], where: str) -> tuple[Removal, ...]:
    """The reasons of a removals file: table to a list of `{key, reason, replaced_by}`; `keys` holds each table's primary key.

    A key is a value, a list of values or an object by column. Raises ProjectError with the place in `where`.
    """
    return tuple(
        _removal(table, item, keys, f"{where}: {table}[{index}]")
        for table, items in document.items()
        for index, item in enumerate(_items(items, f"{where}: {table}"))
    )


def _items(value: Any, where: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise ProjectError(f"{where}: must be a list", "Write `- key: VN` and `reason: ...` below it for each row.")
    return value


def _removal(table: str, item: Any, keys: Mapping[str, Sequence[str]], where: str) -> Removal:
    if table not in keys:
        raise ProjectError(f"{where}: there is no table {table} with a primary key")
    if not isinstance(item, Mapping) or not isinstance(item.get("reason"), str) or not item["reason"].strip():
        raise ProjectError(f"{where}: needs `key` and `reason`", "Say in one sentence why the row went.")
    unknown = sorted({*map(str, item)} - {"key", "reason", "replaced_by"})
    if unknown:
        raise ProjectError(f"{where}: knows nothing of {', '.join(unknown)}", "Use key, reason and replaced_by.")
    written = item.get("key")
    if isinstance(written, Mapping):
        written = [written.get(name) for name in keys[table]]
    values = written if isinstance(written, list) else [written]
    if len(values) != len(keys[table]) or not all(type(value) in {str, int} for value in values):
        raise ProjectError(
            f"{where}.key: {written!r} is not a value for {', '.join(keys[table])}",
            "Put codes such as NO in quotes: without them YAML reads a yes or no.",
        )
    return Removal(table, tuple(map(str, values)), item["reason"].strip(), str(item.get("replaced_by") or ""))


def read_tombstones(path: Path) -> Iterator[Tombstone]:
    """The tombstones of a release, in the file's order. Raises UsageError with the line's number."""
    return (tombstone for tombstone, _ in _read(path))


def _read(path: Path) -> Iterator[tuple[Tombstone, str]]:
    """Each tombstone with its line as it stands."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            try:
                found = json.loads(line, parse_int=str, parse_float=str)
                key = tuple(None if value is None else str(value) for value in found["key"].values())
                tombstone = Tombstone(
                    found["table"], key, found["removed_in"], found["reason"] or "", found["replaced_by"] or ""
                )
            except (ValueError, KeyError, AttributeError, TypeError) as error:
                raise UsageError(
                    f"{path}, line {number}: not a tombstone: {error!r}", "Take the file from the release anew."
                ) from error
            yield tombstone, line.rstrip("\n")


def load_notes(engine: Engine, tombstones: Iterable[Tombstone], removals: Iterable[Removal]) -> Notes:
    """What compare needs to tell rows that come back, and removals with a reason, from others.

    Of several reasons for one row the last holds: a row may go, come back and go again.
    """
    last = {(item.table, item.key): item for item in removals}
    retired = load_text(
        engine, ["tbl", "key"], ((item.table, _list(item.key)) for item in tombstones), f"tbl, {_KEY} AS key"
    )
    reasons = load_text(
        engine,
        ["tbl", "key", "reason", "replaced_by"],
        ((item.table, _list(item.key), item.reason, item.replaced_by) for item in last.values()),
        f"tbl, {_KEY} AS key, reason, replaced_by",
    )
    return Notes(_by_table(engine, retired), _by_table(engine, reasons))


def _list(key: Sequence[str | None]) -> str:
    return canonical_json(list(key)).decode()


def _by_table(engine: Engine, relation: str) -> dict[str, str]:
    tables = [str(table) for (table,) in engine.rows(f"SELECT DISTINCT tbl FROM {relation} ORDER BY tbl")]
    return {table: f"(SELECT * EXCLUDE (tbl) FROM {relation} WHERE tbl = {literal(table)})" for table in tables}


def write_tombstones(engine: Engine, parent: Path | None, changes: ChangeSet, notes: Notes, folder: Path) -> File:
    """Write removed.ndjson of the release that `changes` lead to, from the parent's (None where there is none yet).

    One line a removed record, `{table, key, removed_in, reason, replaced_by}`, in the order of tables and keys.
    """
    parts = [f"SELECT tbl, key, line FROM {_parent_lines(engine, parent, changes)}"]
    followed = [change for change in changes.tables if change.key and change.relation]
    if followed:
        parts[0] += f" WHERE NOT ({' OR '.join(_came_back(change) for change in followed)})"
    parts += [_new_lines(change, notes.reasons.get(change.name, ""), changes.to_version) for change in followed]
    lines = stream(engine, f"SELECT line FROM ({' UNION ALL '.join(parts)}) ORDER BY tbl, key")
    return write_lines(folder / layout.REMOVED, lines)


def _parent_lines(engine: Engine, parent: Path | None, changes: ChangeSet) -> str:
    """The lines of the parent's tombstones, under the present names of their tables."""
    names = {change.former_name: change.name for change in changes.tables if change.status == "renamed"}
    found = _read(parent) if parent else ()
    rows = (
        (names.get(item.table, item.table), _list(item.key), _renamed(line, item.table, names)) for item, line in found
    )
    return load_text(engine, ["tbl", "key", "line"], rows, f"tbl, {_KEY} AS key, line")


def _renamed(line: str, table: str, names: Mapping[str, str]) -> str:
    return _start(names[table]) + line.removeprefix(_start(table)) if table in names else line


def _start(table: str) -> str:
    return '{"table":' + canonical_json(table).decode()


def _came_back(change: TableChange) -> str:
    keys = f"SELECT [{', '.join(key_values(change))}] FROM {change.relation} WHERE op = 'return'"
    return f"tbl = {literal(change.name)} AND key IN ({keys})"


def _new_lines(change: TableChange, reasons: str, version: str) -> str:
    key = f"[{', '.join(key_values(change))}]"
    joined = f"LEFT JOIN {reasons} said ON said.key = {key}" if reasons else ""
    parts = [
        literal(_start(change.name) + ',"key":'),
        key_sql(change),
        literal(',"removed_in":' + canonical_json(version).decode() + ',"reason":'),
        "coalesce(to_json(d.reason)::VARCHAR, 'null')",
        """',"replaced_by":'""",
        "coalesce(to_json(said.replaced_by)::VARCHAR, 'null')" if reasons else "'null'",
        "'}'",
    ]
    return (
        f"SELECT {literal(change.name)} AS tbl, {key} AS key, {' || '.join(parts)} AS line "
        f"FROM {change.relation} d {joined} WHERE d.op = 'remove'"
    )
