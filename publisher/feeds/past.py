"""What earlier releases tell about documents of today. In: the steps of a package's history, one after the other. Out: Memory, and from it
Past: since which release each table, and each value of its keys and foreign keys, stands as it is.

A document names the release since which it has been as it is, so that a release sends only what it changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from publisher.diff.state import load_text
from publisher.engine import Engine
from publisher.package.metadata import PackageInfo, TableInfo
from publisher.package.steps import Step, count_rows

KEY, LINK = "=", "@"
"""What a touched value is, besides the columns of a foreign key: a row's key, the row that a link names."""
JOINT = "\x1f"
"""Between the values of a key of several columns."""

_SHAPES = frozenset(
    {
        "field_added",
        "field_removed",
        "field_renamed",
        "field_retyped",
        "fields_reordered",
        "key_changed",
        "reference_changed",
        "table_added",
        "table_renamed",
    }
)
_SHARED = frozenset({"name", "licenses"})

Touched = dict[str, dict[str, dict[str, int]]]


@dataclass(slots=True)
class Memory:
    """What is kept of the past, no more than there ever were rows. Numbers are places on the line that leads to the latest release.

    `shaped` says since when a table has its columns and keys, `changed` since when it has its rows, `most` the most rows that it ever had.
    `touched` gives by table, column and value the last release that touched a row with this value; `gone` by table and key the newest
    of the releases beside the line that brought it."""

    shaped: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    touched: Touched = field(default_factory=dict)
    gone: dict[str, dict[str, str]] = field(default_factory=dict)

    def learn(self, info: PackageInfo, step: Step) -> None:
        """Take in the next step; `info` is of today, since today's documents ask."""
        if not step.is_release:
            return
        for name, rows in step.record.get("rows", {}).items():
            self.most[name] = max(self.most.get(name, 0), int(rows))
        tables = {table.name: table for table in info.tables}
        if step.number is None:
            self._learn_gone(tables, step)
        elif step.number == 0:
            self.shaped, self.changed = dict.fromkeys(tables, 0), dict.fromkeys(tables, 0)
        else:
            self._learn_changes(tables, step, step.number)

    def _learn_changes(self, tables: Mapping[str, TableInfo], step: Step, number: int) -> None:
        if any(item["property"] in _SHARED for item in step.changes["metadata"] if "property" in item):
            self.shaped = dict.fromkeys(self.shaped, number)
        for item in step.changes["tables"]:
            name = str(item["table"])
            if item["status"] != "changed" or any(change["kind"] in _SHAPES for change in item["schema"]):
                self.shaped[name] = number
            if count_rows(item["counts"]):
                self.changed[name] = number
        for line in step.rows():
            table = tables.get(line["table"])
            for row in (line["before"], line["after"]):
                if table is not None and row is not None:
                    columns = self.touched.setdefault(table.name, {})
                    for column, value in values_of(table, row):
                        columns.setdefault(column, {})[value] = number

    def _learn_gone(self, tables: Mapping[str, TableInfo], step: Step) -> None:
        """Keys that a release beside the line brought, which today's documents may not know any more."""
        for line in step.rows():
            table = tables.get(line["table"])
            if table is not None and table.primary_key and line["op"] in {"add", "return"}:
                for column, value in values_of(table, line["after"]):
                    if column == KEY:
                        self.gone.setdefault(table.name, {})[value] = step.version


@dataclass(frozen=True, slots=True)
class Past:
    """`versions` are the releases on the line to the latest one, oldest first; `shaped`, `changed` and `most` are as in Memory.

    `touched` is a relation of the engine (tbl, col, value, s), `gone` one of (tbl, value, version)."""

    versions: Sequence[str]
    shaped: Mapping[str, int]
    changed: Mapping[str, int]
    most: Mapping[str, int]
    touched: str
    gone: str


def load_past(engine: Engine, versions: Sequence[str], memory: Memory) -> Past:
    columns = ["tbl", "col", "value", "s"]
    touched = load_text(engine, columns, _touched(memory), "tbl, col, value, s::INTEGER AS s")
    gone = ((table, value, version) for table, keys in memory.gone.items() for value, version in keys.items())
    return Past(
        versions,
        memory.shaped,
        memory.changed,
        memory.most,
        touched,
        load_text(engine, ["tbl", "value", "version"], gone),
    )


def _touched(memory: Memory) -> Iterator[tuple[str | None, ...]]:
    for table, columns in memory.touched.items():
        for column, values in columns.items():
            for value, number in values.items():
                yield table, column, value, str(number)


def values_of(table: TableInfo, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a row is found by: its key, its foreign keys, the row that it is linked to."""
    columns = [(KEY, table.primary_key)] + [(JOINT.join(key.fields), key.fields) for key in table.foreign_keys]
    if table.row_links:
        columns.append((LINK, table.row_links))
    for column, names in columns:
        values = [row.get(name) for name in names]
        if names and None not in values:
            yield column, JOINT.join(str(value) for value in values)
