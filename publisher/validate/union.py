"""A table put together from its parts. In: PartScans, in order. Out: the Scan that a reading of the joined table would give.

Keys are compared by their hashes, which lie sorted in a file for each part, in ranges that fit into memory. Where a hash says that two keys
may be equal or one may be missing, nothing is concluded: the joined table is read, which tells it exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher.engine import Engine, literal
from publisher.findings import Collector
from publisher.validate.keys import FAMILIES, all_null
from publisher.validate.parts import KeySet, PartScan, apart, hash_sql, key_file
from publisher.validate.scan import Scan, Source

RANGE = 8_000_000
"""Hashes that are compared at a time."""
_HASHES = 1 << 64


@dataclass(frozen=True, slots=True)
class Kept:
    """A part that was read: where it came from, the folder of its hashes, whether it was compared with all other such parts before."""

    path: Path
    folder: Path
    scan: PartScan
    compared: bool = False


@dataclass(frozen=True, slots=True)
class Divided:
    """A table whose parts were read one by one."""

    sets: tuple[KeySet, ...]
    parts: tuple[Kept, ...]

    @property
    def whole(self) -> bool:
        """Whether the parts say all that the joined table would."""
        labels = self.parts[0].scan.labels
        return all(not part.scan.broken and part.scan.labels == labels for part in self.parts)


def unite(source: Source, divided: Divided, limit: int | None) -> Scan:
    """The scan of the whole table: records are numbered through, lines are those of the parts."""
    found, cells = (Collector(source.name, source.path, limit) for _ in range(2))
    before = 0
    for part in divided.parts:
        found.join(_moved(part.scan.found, part.path, before))
        cells.join(_moved(part.scan.cells, part.path, before))
        before += part.scan.rows
    fields = tuple(source.schema.fields)
    return Scan(source, fields, divided.parts[0].scan.labels, found, rows=before, parts=True, cells=cells)


def _moved(collector: Collector, path: Path, before: int) -> Collector:
    """A part's findings as those of the table, in which `before` records stand before it."""
    moved = Collector(collector.resource, collector.path, collector.limit)
    moved.kept = [item._replace(row=(item.row or 0) + before, path=str(path)) for item in collector.kept]
    moved.counts.update(collector.counts)
    return moved


def compared(
    engine: Engine, schemas: Mapping[str, Any], scans: Mapping[str, Scan], divided: Mapping[str, Divided]
) -> bool:
    """Whether every key that concerns a table in parts is certainly right. `scans` are those of the other tables."""
    for name, table in divided.items():
        if any(_repeats(engine, table, number) for number, item in enumerate(table.sets) if item.unique):
            return False
        if any(_lacks(engine, name, key, schemas, scans, divided) for key in schemas[name].foreign_keys):
            return False
    others = ((name, key) for name in scans for key in schemas[name].foreign_keys)
    return not any(
        _lacks(engine, name, key, schemas, scans, divided)
        for name, key in others
        if key["reference"]["resource"] in divided
    )


def _repeats(engine: Engine, table: Divided, number: int) -> bool:
    """Whether a key may stand in two records, or two keys be nearly the same."""
    fresh = [key_file(part.folder, number) for part in table.parts if not part.compared]
    known = [key_file(part.folder, number) for part in table.parts if part.compared]
    if not fresh:
        return False
    # a table that grows at its end need not be compared
    follow = apart([part.scan.spans[number] for part in table.parts if part.scan.rows])
    tests = [] if follow else [("h", "count(*) > 1")]
    if table.sets[number].folded:
        tests.append(("f", "min(h) <> max(h)"))
    count = sum(part.scan.rows for part in table.parts if not part.compared)
    for column, wrong in tests:
        for within in _ranges(column, count):
            twice = f"SELECT 1 FROM {_hashes(fresh)} WHERE {within} GROUP BY {column} HAVING {wrong} LIMIT 1"
            if engine.rows(twice):
                return True
            if not known:
                continue
            differ = "" if column == "h" else "AND its.h <> mine.h"
            mine = f"(SELECT * FROM {_hashes(fresh)} WHERE {within})"
            its = f"(SELECT * FROM {_hashes(known)} WHERE {within})"
            if engine.rows(
                f"SELECT 1 FROM {its} AS its JOIN {mine} AS mine USING ({column}) WHERE TRUE {differ} LIMIT 1"
            ):
                return True
    return False


def _ranges(column: str, count: int) -> Iterator[str]:
    """SQL conditions that cut hashes into pieces of about RANGE. The files are sorted by `h`, so little is read in vain."""
    pieces = max(1, -(-count // RANGE))
    for number in range(pieces):
        first, last = (_HASHES * place // pieces for place in (number, number + 1))
        yield f"{column} BETWEEN {first}::UBIGINT AND {last - 1}::UBIGINT" if pieces > 1 else "TRUE"


def _lacks(
    engine: Engine,
    name: str,
    key: Mapping[str, Any],
    schemas: Mapping[str, Any],
    scans: Mapping[str, Scan],
    divided: Mapping[str, Divided],
) -> bool:
    """Whether a foreign key of table `name` may name a record that is not there."""
    target, fields, others = key["reference"]["resource"] or name, key["fields"], key["reference"]["fields"]
    if target not in schemas or not _same_families(schemas[name], fields, schemas[target], others):
        return True
    sides = [_side(table, tuple(names), scans, divided) for table, names in ((name, fields), (target, others))]
    if None in sides:
        return True
    return bool(engine.rows(f"SELECT 1 FROM {sides[0]} AS mine ANTI JOIN {sides[1]} AS its USING (h) LIMIT 1"))


def _same_families(schema: Any, fields: Sequence[str], other: Any, names: Sequence[str]) -> bool:
    """Whether values of both sides can be equal; an unknown column is no reason to conclude anything."""
    sides = []
    for its, wanted in ((schema, fields), (other, names)):
        types = {field.name: field.type for field in its.fields}
        if not {*wanted} <= {*types}:
            return False
        sides.append([FAMILIES.get(types[name], types[name]) for name in wanted])
    return sides[0] == sides[1]


def _side(name: str, fields: tuple[str, ...], scans: Mapping[str, Scan], divided: Mapping[str, Divided]) -> str | None:
    """A relation of the hashes of a table's key; None where it cannot be told."""
    if name in divided:
        table = divided[name]
        number = table.sets.index(KeySet(fields))
        return _hashes([key_file(part.folder, number) for part in table.parts])
    scan = scans[name]
    columns = [scan.key_column(field) for field in fields]
    if scan.fatal or not scan.keys or None in columns:
        return None
    names = [str(column) for column in columns]
    return f"(SELECT {hash_sql(names)} AS h FROM {scan.keys} WHERE NOT ({all_null(names)}))"


def _hashes(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(map(literal, paths))}])"
