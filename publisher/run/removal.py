"""What must go from published releases, and where it stands. In: orders, a published release. Out: what the release holds of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from publisher import layout
from publisher.diff import read_published
from publisher.diff.tombstones import read_tombstones
from publisher.engine import Engine, literal, quote
from publisher.errors import NotFound, UsageError
from publisher.package.metadata import TableInfo
from publisher.package.published import Published, fetch_file

MOST = 1000
"""Rows of one release whose texts are remembered."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A record (`key`), one value of it (`key` and `fields`), or a column (`fields` alone) that must go.

    `tables` and `fields` are all names that the table and the column have had, the present one first. `replacement` stands in place of a
    value; a `silent` removal leaves no tombstone, which would tell the key."""

    tables: tuple[str, ...]
    key: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    replacement: str | None = None
    silent: bool = False

    @property
    def of_record(self) -> bool:
        return bool(self.key) and not self.fields

    @property
    def of_column(self) -> bool:
        return bool(self.fields) and not self.key


@dataclass(frozen=True, slots=True)
class Held:
    """What a release holds of what must go: places by table (records, values, columns), and texts that stand there. `told` says that a
    tombstone tells a key that nothing may tell."""

    places: Mapping[str, int] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    told: bool = False

    def __bool__(self) -> bool:
        return bool(self.places) or self.told


def removals_of(table: str, removals: Iterable[Removal]) -> tuple[Removal, ...]:
    """Those that concern a table."""
    return tuple(item for item in removals if table in item.tables)


def look(engine: Engine, release: Published, removals: Sequence[Removal]) -> Held:
    """What a release holds of what must go. Raises UsageError for a key that does not fit its table, NotFound, Damaged."""
    places: dict[str, int] = {}
    texts: set[str] = set()
    for table in release.info.tables:
        for item in removals_of(table.name, removals):
            count, found = _look(engine, release, table, item)
            if count:
                places[table.name] = places.get(table.name, 0) + count
                texts |= found
    return Held(places, frozenset(texts), any(item.silent for item in removals) and _tells(release, removals))


def _look(engine: Engine, release: Published, table: TableInfo, item: Removal) -> tuple[int, set[str]]:
    wanted = columns_of(item, table)
    if not wanted:
        return 0, set()
    relation, where = read_published(release.csv_paths(table), table.schema), rows_of(item, table)
    if item.fields and item.key:
        where += f" AND {quote(wanted[0])} IS DISTINCT FROM {value_of(item)}"
    count = 1 if item.of_column else int(engine.value(f"SELECT count(*) FROM {relation} WHERE {where}"))
    rows = engine.rows(f"SELECT {', '.join(map(quote, wanted))} FROM {relation} WHERE {where} LIMIT {MOST}")
    return count, {str(text) for row in rows for text in row if text is not None}


def columns_of(item: Removal, table: TableInfo) -> list[str]:
    """The columns of a table that a removal empties or drops; all of them where records go."""
    names = [column.name for column in table.fields]
    wanted = [name for name in names if name in item.fields] if item.fields else names
    keys = {*table.primary_key, *(name for key in table.foreign_keys for name in key.fields)}
    if item.fields and (part := [name for name in wanted if name in keys]):
        raise UsageError(f"{table.name}.{part[0]} is part of a key", "Remove whole records: leave --field out.")
    return wanted


def rows_of(item: Removal, table: TableInfo) -> str:
    """SQL that is true for the rows of a table that a removal means."""
    if not item.key:
        return "true"
    if len(item.key) != len(table.primary_key):
        raise UsageError(
            f"{','.join(item.key)} is no key of {table.name}, whose key is {', '.join(table.primary_key) or 'none'}",
            "Write TABLE:VALUE, with commas between the values of a key of several columns.",
        )
    pairs = zip(table.primary_key, item.key, strict=True)
    return "(" + " AND ".join(f"{quote(name)} = {literal(value)}" for name, value in pairs) + ")"


def value_of(item: Removal) -> str:
    """SQL of what stands in place of a value."""
    return "NULL" if item.replacement is None else literal(item.replacement)


def relation_of(item: TableInfo, source: str, removals: Sequence[Removal], fields: Collection[str]) -> str:
    """SQL of a table's rows without what must go: `source` gives the rows as published, `fields` the columns that stay."""
    records = [rows_of(each, item) for each in removals if each.of_record]
    values = {
        name: f"CASE WHEN {rows_of(each, item)} THEN {value_of(each)} ELSE {quote(name)} END AS {quote(name)}"
        for each in removals
        if each.key and each.fields
        for name in columns_of(each, item)
    }
    columns = ", ".join(values.get(name, quote(name)) for name in fields)
    kept = f" WHERE NOT ({' OR '.join(records)})" if records else ""
    return f"SELECT {columns} FROM {source}{kept}"


def _tells(release: Published, removals: Sequence[Removal]) -> bool:
    try:
        path = fetch_file(release.store, release.package, release.version, layout.REMOVED, release.folder)
    except NotFound:
        return False
    return any(silenced(item.table, item.key, removals) for item in read_tombstones(path))


def silenced(table: str, key: Sequence[str | None], removals: Iterable[Removal]) -> bool:
    """Whether a tombstone tells a key that nothing may tell."""
    return any(item.silent and item.of_record and table in item.tables and tuple(key) == item.key for item in removals)
