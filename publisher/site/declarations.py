"""Declarations that come to nothing. In: `site` as it is written, the tables. Out: sentences for the maintainer.

Pages leave out what does not fit a release (declare.py), since a release must never fail because of its pages; so somebody has to be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from publisher.package.metadata import PackageInfo, TableInfo
from publisher.site.declare import unfit

_PARTS: Mapping[str, frozenset[str]] = {
    "numbers": frozenset({"name", "table", "where", "distinct", "label"}),
    "records": frozenset({"table", "title", "order", "note", "text", "facts", "when", "moment", "coverage", "lists"}),
    "lists": frozenset({"table", "where", "text", "group", "facts", "when", "title", "refers"}),
    "sources": frozenset({"table", "title", "publisher", "url", "when", "facts"}),
    "charts": frozenset(
        {"name", "kind", "table", "title", "note", "country", "group", "rows", "columns", "value", "status", "empty"}
        | {"among", "bar", "part", "where", "when", "text", "otherwise", "firm", "remark"}
    ),
    "notes": frozenset({"text"}),
}
"""Parts of `site` with the properties that each takes; texts may carry a language: `label@ar`."""
_COLUMNS = ("distinct", "order", "group", "publisher", "url")
_STEMS = ("title", "note", "text")


def misfits(written: Any, info: PackageInfo) -> Iterator[str]:
    """What is written under `site` and does nothing."""
    if written is None:
        return
    if not isinstance(written, Mapping):
        yield "site: must be an object (docs/site.md, Declarations)"
        return
    tables = {table.name: table for table in info.tables}
    for part, value in written.items():
        if part not in _PARTS or part == "lists":
            yield f"site.{part}: there is no such part; known are {', '.join(name for name in _PARTS if name != 'lists')}"
            continue
        items = [value] if part == "sources" else value
        if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
            yield f"site.{part}: must be {'an object' if part == 'sources' else 'a list of objects'}"
            continue
        if part == "charts":
            yield from _same_names(items)
        for number, item in enumerate(items):
            place = f"site.{part}" if part == "sources" else f"site.{part}[{number}]"
            yield from _item(part, item, tables, place)


def _same_names(items: list[Mapping[str, Any]]) -> Iterator[str]:
    names = [str(item.get("name") or item.get("kind")) for item in items]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield f"site.charts[{number}].name: {name!r} is taken; only one chart of that name is drawn"


def _item(part: str, item: Mapping[str, Any], tables: Mapping[str, TableInfo], place: str) -> Iterator[str]:
    for name in item:
        if str(name).partition("@")[0] not in _PARTS[part]:
            yield f"{place}.{name}: there is no such property"
    if part == "notes":
        return
    table = tables.get(str(item.get("table")))
    if table is None:
        yield f"{place}.table: there is no table {item.get('table')!r}"
        return
    if part in {"records", "sources"} and len(table.primary_key) != 1:
        yield f"{place}: table {table.name} needs a primary key of one column"
    if part == "charts":
        for name in unfit(item, table):
            yield f"{place}.{name}: {item.get(name)!r} does not fit table {table.name}, so the chart is not drawn"
        return
    yield from _columns(part, item, table, place)
    for number, entry in enumerate(item.get("lists") or ()):
        if isinstance(entry, Mapping):
            yield from _item("lists", entry, tables, f"{place}.lists[{number}]")


def _columns(part: str, item: Mapping[str, Any], table: TableInfo, place: str) -> Iterator[str]:
    names = {field.name for field in table.fields}
    stems = _STEMS if part == "records" else ("text",) if part == "lists" else ("title",) if part == "sources" else ()
    wanted = [(name, item.get(name)) for name in _COLUMNS if item.get(name)]
    wanted += [("facts", name) for name in _list(item.get("facts"))]
    wanted += [("where", name) for name in (item.get("where") or {}) if isinstance(item.get("where"), Mapping)]
    for name, column in wanted:
        if column not in names:
            yield f"{place}.{name}: table {table.name} has no column {column!r}"
    for name in stems:
        stem = str(item.get(name) or "")
        if stem and stem not in names and not any(column.startswith(f"{stem}_") for column in names):
            yield f"{place}.{name}: table {table.name} has no column {stem!r}, nor one that begins so"
    when = str(item.get("when") or "")
    if when and f"{when}_earliest" not in names:
        yield f"{place}.when: table {table.name} has no column {when}_earliest"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
