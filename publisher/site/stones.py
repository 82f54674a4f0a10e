"""Rows that readers may still look for. In: a release, what is known of its past. Out: Stone: which row, since when it is gone and why,
which release has it still, what it was called.

A row is gone because a release removed it (removed.ndjson), or because only a release had it that was taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from publisher import layout
from publisher.diff.tombstones import read_tombstones
from publisher.errors import NotFound
from publisher.package.metadata import TableInfo
from publisher.package.published import Published, fetch_file
from publisher.site.memory import Memory, join, split

MOST = 1_000
"""Removed rows of a table that pages tell of; all are in removed.ndjson."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stone:
    """`removed_in` is the release that went without it, or "" where only `last`, since taken back, ever had it. `last` is a release that
    has it ("" where none is left); `row` is what it was called there, by column, empty where that is not known."""

    table: str
    key: Key
    removed_in: str
    reason: str
    replaced_by: str
    last: str
    row: Mapping[str, str | None]


def read_stones(
    release: Published, tables: Iterable[TableInfo], versions: Sequence[str], memory: Memory
) -> list[Stone]:
    """Of tables that have a key, in their order; `versions` are those on the line to the release, oldest first."""
    keyed = {table.name: table for table in tables if table.primary_key}
    before = dict(zip(versions[1:], versions, strict=False))
    stones = [*_removed(release, keyed, before, memory), *_taken_back(release, keyed, memory)]
    return [stone for name in keyed for stone in islice((item for item in stones if item.table == name), MOST)]


def _removed(
    release: Published, keyed: Mapping[str, TableInfo], before: Mapping[str, str], memory: Memory
) -> Iterator[Stone]:
    try:
        path = fetch_file(release.store, release.package, release.version, layout.REMOVED, release.folder)
    except NotFound:
        return
    for item in read_tombstones(path):
        if item.table in keyed:
            key = tuple(value or "" for value in item.key)
            said = memory.said.get(item.table, {}).get(join(key), {})
            last = _left(before.get(item.removed_in, ""), memory)
            yield Stone(item.table, key, item.removed_in, item.reason, item.replaced_by, last, said)


def _taken_back(release: Published, keyed: Mapping[str, TableInfo], memory: Memory) -> Iterator[Stone]:
    """Rows that releases brought which do not lead to the current one, and that it does not have."""
    for name in sorted({*memory.beside} & {*keyed}):
        if keyed[name].rows <= MOST * 100:
            names = keyed[name].primary_key
            here = {tuple(row.get(column) or "" for column in names) for row in release.rows(keyed[name])}
            for text, (version, said) in memory.beside[name].items():
                if (key := split(text)) not in here:
                    yield Stone(name, key, "", "", "", _left(version, memory), said)


def _left(version: str, memory: Memory) -> str:
    """The release, unless it was withdrawn."""
    return "" if version in memory.withdrawn else version
