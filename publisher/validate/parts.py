"""One part of a table, read by itself. In: its Source, the keys that are compared. Out: PartScan, and a sorted file of hashes for each key.

Records are numbered as if the part stood alone; union.py puts parts together. What a part cannot know by itself (its reading ended
early, a compared column is not there) is left to a reading of the joined table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from publisher.engine import Engine
from publisher.findings import Collector
from publisher.validate.explain import lines_of
from publisher.validate.house import check_cells
from publisher.validate.keys import ORDERS, all_null, orders, unique_keys
from publisher.validate.scan import Scan, Source
from publisher.validate.table import scan_table


@dataclass(frozen=True, slots=True)
class KeySet:
    """Columns whose values are compared as one, over all parts of a table.

    `unique`: no two records are equal, those apart in which all are missing (with `whole`: any). `blank`: no record lacks all of them.
    `folded`: values that differ only by case, blanks or composition are looked for as well."""

    fields: tuple[str, ...]
    unique: bool = False
    whole: bool = False
    blank: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Keys of a part that ascend: in which orders (keys.ORDERS), the first and the last one."""

    orders: tuple[str, ...]
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class PartScan:
    """What reading a part told. `rows` are its records; `found` are findings on records, `cells` those of house checks, both
    with the part's own records and lines. `broken`: only the joined table can tell what is wrong. `spans` has one for each set of keys,
    None where they do not ascend, or are made of several columns."""

    rows: int
    labels: tuple[str, ...]
    found: Collector
    cells: Collector
    broken: bool = False
    spans: tuple[Span | None, ...] = ()

    @property
    def clean(self) -> bool:
        return not (self.broken or self.found.counts or self.cells.counts)


def key_sets(schemas: Mapping[str, Any], name: str) -> tuple[KeySet, ...]:
    """The keys of table `name` that are compared, by its own schema or by one that refers to it."""
    return tuple(dict.fromkeys(_key_sets(schemas, name)))


def _key_sets(schemas: Mapping[str, Any], name: str) -> Iterator[KeySet]:
    schema = schemas[name]
    texts = {field.name for field in schema.fields if field.type in ("string", "any")}
    for field in schema.fields:
        if field.constraints.get("unique"):
            yield KeySet((field.name,), unique=True, folded=field.name in texts)
    if schema.primary_key:
        names = tuple(schema.primary_key)
        yield KeySet(names, unique=True, blank=True, folded=len(names) == 1 and names[0] in texts)
    for key in unique_keys(schema):
        yield KeySet(tuple(key), unique=True, whole=True)
    for other, its in schemas.items():
        for key in its.foreign_keys:
            if other == name:
                yield KeySet(tuple(key["fields"]))
            if (key["reference"]["resource"] or other) == name:
                yield KeySet(tuple(key["reference"]["fields"]))


def key_file(folder: Path, number: int) -> Path:
    """The hashes of a part's key set, in order: `h`, and for folded ones `f`."""
    return folder / f"keys-{number}.parquet"


def scan_part(
    engine: Engine, source: Source, sets: Sequence[KeySet], folder: Path, limit: int | None
) -> tuple[Scan, PartScan]:
    """Read a part and write the hashes of its keys into `folder`."""
    scan = scan_table(engine, source, limit)
    broken = scan.fatal is not None or scan.records is None or any(item.row is None for item in scan.found.kept)
    # what the next part begins with belongs to a record that has no end
    broken = broken or bool(scan.records and scan.records.unended)
    # findings on the header change what the columns are
    broken = broken or [item.name for item in scan.fields] != [item.name for item in source.schema.fields]
    cells = Collector(source.name, source.path, limit)
    spans: list[Span | None] = []
    if not broken:
        own, scan.found = scan.found, cells
        check_cells(engine, scan)
        scan.found = own
        written = [_write_keys(engine, scan, item, key_file(folder, number)) for number, item in enumerate(sets)]
        broken = not all(written)
        spans += [None if broken else _span(engine, scan, item) for item in sets]
        for collector in (scan.found, cells):
            _place(engine, scan, collector)
    return scan, PartScan(scan.rows, scan.labels, scan.found, cells, broken, tuple(spans))


def _write_keys(engine: Engine, scan: Scan, keys: KeySet, path: Path) -> bool:
    """Whether that could be done: a column may be missing, and a key that must not be empty may be."""
    columns = [scan.key_column(name) for name in keys.fields]
    if None in columns:
        return False
    names = [str(column) for column in columns]
    if keys.blank and engine.value(f"SELECT count(*) FROM {scan.keys} WHERE {all_null(names)}"):
        return False
    selected = f"{hash_sql(names)} AS h"
    if keys.folded:
        selected += f", hash(nfc_normalize(lower(trim({names[0]})))) AS f"
    kept = " AND ".join(f"{name} IS NOT NULL" for name in names) if keys.whole else f"NOT ({all_null(names)})"
    distinct = "" if keys.unique else "DISTINCT "
    engine.export(f"SELECT {distinct}{selected} FROM {scan.keys} WHERE {kept} ORDER BY h", path, "FORMAT parquet")
    return True


def _span(engine: Engine, scan: Scan, keys: KeySet) -> Span | None:
    column = scan.key_column(keys.fields[0])
    if not keys.unique or len(keys.fields) > 1 or not scan.rows:
        return None
    found = tuple(orders(engine, scan.keys, str(column)))
    if not found:
        return None
    return Span(found, *engine.rows(f"SELECT arg_min({column}, row), arg_max({column}, row) FROM {scan.keys}")[0])


def apart(spans: Sequence[Span | None]) -> bool:
    """Whether each part's keys follow those of another one, so that none stands in two."""
    known = [span for span in spans if span]
    shared = [name for name in ORDERS if all(name in span.orders for span in known)]
    return len(known) == len(spans) and any(_follow(name, known) for name in shared)


def _follow(order: str, spans: Sequence[Span]) -> bool:
    def place(key: str) -> tuple[int, str]:
        return len(key.encode()) if order == "length" else 0, key

    pairs = sorted((place(span.first), place(span.last)) for span in spans)
    return all(last < first for (_, last), (first, _) in pairwise(pairs))


def hash_sql(columns: Sequence[str]) -> str:
    """SQL of the hash of a key. Equal keys have equal ones; that different ones differ is nearly certain, and never relied upon."""
    return f"hash({', '.join(columns)})"


def _place(engine: Engine, scan: Scan, found: Collector) -> None:
    """Give findings the lines on which their records begin."""
    wanted = sorted({item.row for item in found.kept if item.row and item.line is None})
    lines = dict(lines_of(engine, scan, wanted))
    found.kept = [
        item._replace(line=lines.get(item.row)) if item.row and item.line is None else item for item in found.kept
    ]
