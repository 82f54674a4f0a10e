"""Rows that readers may still look for. In: a release, the pointer's history. Out: Stone: which row, since when it is gone and why, which
release has it still, what it said.

A row is gone because a release removed it (removed.ndjson), or because only a release had it that was taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from publisher import layout
from publisher.diff.lines import read_lines
from publisher.diff.tombstones import read_tombstones
from publisher.errors import NotFound
from publisher.package.metadata import TableInfo
from publisher.package.published import Published, fetch_file

MOST = 1_000
"""Removed rows of a table that pages tell of; all are in removed.ndjson."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stone:
    """`removed_in` is the release that went without it, or "" where only `last`, since taken back, ever had it. `last` is a release that
    has it ("" where none is left); `row` is what it said there, by column, empty where that is not known."""

    table: str
    key: Key
    removed_in: str
    reason: str
    replaced_by: str
    last: str
    row: Mapping[str, str | None]


def read_stones(release: Published, tables: Iterable[TableInfo], history: Sequence[Mapping[str, Any]]) -> list[Stone]:
    """Of tables that have a key, in their order; `history` is the pointer's, newest first."""
    keyed = {table.name: table for table in tables if table.primary_key}
    entries = {str(item["version"]): item for item in reversed(history) if item["kind"] == "release"}
    stones = [*_removed(release, keyed), *_taken_back(release, keyed, entries)]
    kept = [stone for name in keyed for stone in islice((item for item in stones if item.table == name), MOST)]
    said = _rows(release, kept)
    left = {version for version, item in entries.items() if not item.get("yanked") and _exists(release, version)}
    return [_told(stone, entries, left, said) for stone in kept]


def _removed(release: Published, keyed: Mapping[str, TableInfo]) -> Iterator[Stone]:
    try:
        path = fetch_file(release.store, release.package, release.version, layout.REMOVED, release.folder)
    except NotFound:
        return
    for item in read_tombstones(path):
        if item.table in keyed:
            key = tuple(value or "" for value in item.key)
            yield Stone(item.table, key, item.removed_in, item.reason, item.replaced_by, "", {})


def _taken_back(
    release: Published, keyed: Mapping[str, TableInfo], entries: Mapping[str, Mapping[str, Any]]
) -> Iterator[Stone]:
    """Rows that releases brought which do not lead to the current one, and that it does not have."""
    line, version = set(), release.version
    while version in entries:
        line.add(version)
        version = str(entries[version].get("parent") or "")
    found: dict[tuple[str, Key], str] = {}
    for version in entries.keys() - line:
        for item in _changes(release, version):
            if item["table"] in keyed and item["key"] and item["op"] in {"add", "return"}:
                found[item["table"], _key(item)] = version
    for name in sorted({table for table, _ in found}):
        if keyed[name].rows <= MOST * 100:
            names = keyed[name].primary_key
            here = {tuple(row.get(column) or "" for column in names) for row in release.rows(keyed[name])}
            for (table, key), version in found.items():
                if table == name and key not in here:
                    yield Stone(name, key, "", "", "", version, {})


def _rows(release: Published, stones: Sequence[Stone]) -> dict[tuple[str, Key], Mapping[str, str | None]]:
    """What rows said before they went, as the releases that removed or brought them tell it."""
    wanted: dict[str, set[tuple[str, Key]]] = {}
    for stone in stones:
        wanted.setdefault(stone.removed_in or stone.last, set()).add((stone.table, stone.key))
    found = {}
    for version, places in wanted.items():
        for item in _changes(release, version):
            place = (item["table"], _key(item))
            if place in places:
                found[place] = item["before"] or item["after"] or {}
    return found


def _changes(release: Published, version: str) -> Iterator[Mapping[str, Any]]:
    """Row changes of a release; none of one that was removed by law."""
    try:
        yield from read_lines(fetch_file(release.store, release.package, version, layout.CHANGE_ROWS, release.folder))
    except NotFound:
        return


def _key(item: Mapping[str, Any]) -> Key:
    return tuple(value or "" for value in (item["key"] or {}).values())


def _exists(release: Published, version: str) -> bool:
    key = layout.release_file(release.package, version, layout.DESCRIPTOR)
    return release.store.stat(key) is not None


def _told(
    stone: Stone,
    entries: Mapping[str, Mapping[str, Any]],
    left: set[str],
    said: Mapping[tuple[str, Key], Mapping[str, str | None]],
) -> Stone:
    parent = str(entries.get(stone.removed_in, {}).get("parent") or "")
    last = parent if stone.removed_in else stone.last
    return replace(stone, last=last if last in left else "", row=said.get((stone.table, stone.key), {}))
