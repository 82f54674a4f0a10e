"""What earlier releases tell about documents of today. In: the pointer's history, the changes of each release. Out: Past: since which
release each table, and each value of its keys and foreign keys, stands as it is.

A document names the release since which it has been as it is, so that a release sends only what it changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from publisher import layout
from publisher.diff.lines import read_lines
from publisher.diff.state import load_text, new_table
from publisher.engine import Engine
from publisher.errors import NotFound
from publisher.model import Descriptor
from publisher.package.metadata import TableInfo
from publisher.package.published import Published, fetch_file, read_document

KEY, LINK, GONE = "=", "@", "-"
"""What a touched value is, besides the columns of a foreign key: a row's key, the row that a link names, a key of a release that
was taken back."""
JOINT = "\x1f"
"""Between the values of a key of several columns."""
READERS = 8

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


@dataclass(frozen=True, slots=True)
class Step:
    """A release with its changes. `number` counts from 0 along the line that leads to the latest release, None beside that line."""

    version: str
    number: int | None
    record: Mapping[str, Any]
    changes: Descriptor


@dataclass(frozen=True, slots=True)
class Past:
    """`versions` are the releases on the line to the latest one, oldest first; numbers below are places in it.

    `shaped` says since when a table has its columns and keys, `changed` since when it has its rows. `touched` is a relation of
    the engine (tbl, col, value, s): the last release that touched a row with this value; `gone` (tbl, value, version) holds keys
    of releases that were taken back."""

    versions: tuple[str, ...]
    shaped: Mapping[str, int]
    changed: Mapping[str, int]
    touched: str
    gone: str


def read_steps(published: Published, history: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The package's releases with their changes, oldest first. `history` is the pointer's, newest first, with all its pages."""
    records = [item for item in reversed(history) if item["kind"] == "release"]
    parents = {str(item["version"]): item.get("parent") for item in records}
    line: list[str] = []
    version: str | None = published.version
    while version in parents:
        line.append(version)
        version = parents[version]
    numbers = {name: number for number, name in enumerate(reversed(line))}
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(lambda item: _changes(published, str(item["version"])), records)
        return tuple(
            Step(str(item["version"]), numbers.get(str(item["version"])), item, changes)
            for item, changes in zip(records, found, strict=True)
        )


def _changes(published: Published, version: str) -> Descriptor:
    """A release's summary of changes; one that was removed by law has none."""
    try:
        return read_document(published.store, published.package, version, layout.CHANGES)
    except NotFound:
        return {"tables": [], "metadata": []}


def read_past(engine: Engine, published: Published, steps: Sequence[Step]) -> Past:
    """Raises Damaged where a release's changes were altered."""
    line = sorted((step for step in steps if step.number is not None), key=lambda step: step.number or 0)
    shaped, changed = (
        {table.name: 0 for table in published.info.tables},
        {table.name: 0 for table in published.info.tables},
    )
    for number, step in enumerate(line[1:], start=1):
        if any(item["property"] in _SHARED for item in step.changes["metadata"] if "property" in item):
            shaped = dict.fromkeys(shaped, number)
        for item in step.changes["tables"]:
            name = str(item["table"])
            if item["status"] != "changed" or any(change["kind"] in _SHAPES for change in item["schema"]):
                shaped[name] = number
            if _rows_of(item):
                changed[name] = number
    values = load_text(engine, ["tbl", "col", "value", "s"], _touches(published, line[1:]))
    touched = new_table(engine)
    engine.run(f"CREATE TABLE {touched} AS SELECT tbl, col, value, max(s::INTEGER) AS s FROM {values} GROUP BY ALL")
    beside = [step for step in steps if step.number is None]
    gone = load_text(engine, ["tbl", "value", "version"], _taken_back(published, beside))
    return Past(tuple(step.version for step in line), shaped, changed, touched, gone)


def _rows_of(item: Mapping[str, Any]) -> int:
    return sum(int(item["counts"].get(name, 0)) for name in ("added", "returned", "changed", "removed"))


def _lines(published: Published, step: Step) -> Iterator[Mapping[str, Any]]:
    if any(_rows_of(item) for item in step.changes["tables"]):
        yield from read_lines(
            fetch_file(published.store, published.package, step.version, layout.CHANGE_ROWS, published.folder)
        )


def _touches(published: Published, line: Sequence[Step]) -> Iterator[tuple[str | None, ...]]:
    tables = {table.name: table for table in published.info.tables}
    for step in line:
        for item in _lines(published, step):
            table = tables.get(item["table"])
            for row in (item["before"], item["after"]):
                if table is not None and row is not None:
                    for column, value in values_of(table, row):
                        yield table.name, column, value, str(step.number)


def values_of(table: TableInfo, row: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """What a row is found by: its key, its foreign keys, the row that it is linked to."""
    columns = [(KEY, table.primary_key)] + [(JOINT.join(key.fields), key.fields) for key in table.foreign_keys]
    if table.row_links:
        columns.append((LINK, table.row_links))
    for column, names in columns:
        values = [row.get(name) for name in names]
        if names and None not in values:
            yield column, JOINT.join(str(value) for value in values)


def _taken_back(published: Published, steps: Sequence[Step]) -> Iterator[tuple[str | None, ...]]:
    """Keys that a release beside the line brought, which today's documents may not know any more."""
    tables = {table.name: table for table in published.info.tables}
    for step in steps:
        for item in _lines(published, step):
            table = tables.get(item["table"])
            if table is not None and table.primary_key and item["op"] in {"add", "return"}:
                for column, value in values_of(table, item["after"]):
                    if column == KEY:
                        yield table.name, value, step.version
