"""Keys. In: scans whose keys lie in DuckDB. Out: findings for unique, primaryKey, uniqueKeys and foreignKeys.

Keys are compared by typed value, as text that is equal where frictionless' values are (exact.key_of). A cell with a type error
counts as missing. A record is told which earlier one it repeats: the last before it with the same key, as frictionless does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from publisher.engine import Engine, literal
from publisher.errors import ProjectError
from publisher.findings import Finding
from publisher.validate.exact import NAN
from publisher.validate.scan import Scan, stream
from publisher.validate.textfile import NO_TEXT

Key = TypeVar("Key")

FAMILIES = {
    "integer": "number",
    "number": "number",
    "year": "number",
    "boolean": "number",
    "any": "text",
    "string": "text",
    "yearmonth": "pair",
    "geopoint": "pair",
    "array": "json",
    "list": "json",
    "object": "json",
    "geojson": "json",
}
"""Types whose values can be equal in Python; a type that is not here is equal only to itself."""
ORDERS = {
    "text": "{0} > {1}",
    "length": "strlen({0}) > strlen({1}) OR (strlen({0}) = strlen({1}) AND {0} > {1})",
}
"""SQL of what makes a key the greater of two: names and dates are sorted as text, whole numbers by their length first."""
SUSPECTS = 10_000
"""Keys out of order that are worth looking at alone."""


def keyed_fields(schemas: Mapping[str, Any], name: str) -> frozenset[str]:
    """The fields of table `name`, in lower case, whose keys are compared, by its own schema or by one that refers to it."""
    schema = schemas[name]
    fields = {field.name for field in schema.fields if field.constraints.get("unique")} | set(schema.primary_key)
    for key in schema.foreign_keys:
        fields |= set(key["fields"])
    for key in unique_keys(schema):
        fields |= set(key)
    return frozenset(name.lower() for name in fields) | referenced_fields(schemas, name)


def referenced_fields(schemas: Mapping[str, Any], name: str) -> frozenset[str]:
    """The fields of table `name`, in lower case, to which foreign keys of `schemas` refer."""
    return frozenset(
        field.lower()
        for other, its in schemas.items()
        for key in its.foreign_keys
        if (key["reference"]["resource"] or other) == name
        for field in key["reference"]["fields"]
    )


def unique_keys(schema: Any) -> list[list[str]]:
    """`uniqueKeys` of Table Schema 2.0, which frictionless keeps but does not apply."""
    return [[key] if isinstance(key, str) else list(key) for key in schema.custom.get("uniqueKeys") or ()]


def check_keys(engine: Engine, scan: Scan, scans: Mapping[str, Scan]) -> None:
    """Add the findings of frictionless' key rules to a scan."""
    if not scan.keys:
        return
    for number, field in enumerate(scan.fields, start=1):
        if field.constraints.get("unique"):
            for row, other, (key,) in _repeated(engine, scan.keys, [f"k{number}"]):
                note = f"the same as in the row at position {other}"
                scan.found.add(
                    Finding("unique-error", note, row=row, field=number, name=field.name, cell=key, other=other)
                )
    _check_primary_key(engine, scan)
    for key in _once(scan, scan.source.schema.foreign_keys):
        _check_foreign_key(engine, scan, key, scans)


def broken_reference(scan: Scan, scans: Mapping[str, Scan]) -> Finding | None:
    """The finding that kept a table from being read to which this one refers: frictionless then says nothing else."""
    for key in scan.source.schema.foreign_keys:
        fatal = referenced(scan, key, scans).fatal
        if fatal:
            return fatal
    return None


def referenced(scan: Scan, key: Mapping[str, Any], scans: Mapping[str, Scan]) -> Scan:
    """The table that a foreign key refers to. Raises ProjectError where there is none."""
    name = key["reference"]["resource"]
    if not name or name == scan.source.name:
        return scan
    if name not in scans:
        known = ", ".join(sorted(scans))
        raise ProjectError(
            f"{scan.source.path}: a foreign key of table {scan.source.name} refers to {name!r}, which does not exist",
            f"Tables are: {known}.",
        )
    return scans[name]


def check_unique_keys(engine: Engine, scan: Scan) -> None:
    """Add findings for `uniqueKeys`; keys with a missing cell differ from all others, as in SQL."""
    for names in _once(scan, unique_keys(scan.source.schema)):
        columns = [scan.key_column(name) for name in names]
        if not scan.keys or None in columns:
            continue
        relation = f"(SELECT * FROM {scan.keys} WHERE {' AND '.join(f'{column} IS NOT NULL' for column in columns)})"
        for row, other, cells in _repeated(engine, relation, [str(column) for column in columns]):
            pairs = tuple(zip(names, map(str, cells), strict=True))
            scan.found.add(
                Finding("unique-key", f"the same as in the row at position {other}", row=row, key=pairs, other=other)
            )


def _once(scan: Scan, keys: Sequence[Key]) -> Iterator[Key]:
    """Keys to check, one after the other: what is declared again is not, where it had nothing to say the first time."""
    kept: set[str] = set()
    for key in keys:
        declared = json.dumps(key, sort_keys=True)
        if declared in kept:
            continue
        before = scan.found.counts.total()
        yield key
        if scan.found.counts.total() == before:
            kept.add(declared)


def _check_primary_key(engine: Engine, scan: Scan) -> None:
    names = scan.source.schema.primary_key
    if not names or not set(names) <= {field.name for field in scan.fields}:
        return
    if not scan.source.dialect.header_case:
        names = [field.name for field in scan.fields if field.name.lower() in {name.lower() for name in names}]
    columns = [str(scan.key_column(name)) for name in names]
    for row, other, cells in _repeated(engine, scan.keys, columns, blank=True):
        note = (
            f"the same as in the row at position {other}"
            if other
            else 'cells composing the primary keys are all "None"'
        )
        pairs = tuple(zip(names, map(_shown, cells), strict=True)) if other else ()
        scan.found.add(Finding("primary-key", note, row=row, key=pairs, other=other, rule="" if other else "empty"))


def _check_foreign_key(engine: Engine, scan: Scan, key: Mapping[str, Any], scans: Mapping[str, Scan]) -> None:
    names, reference = key["fields"], key["reference"]
    if not set(names) <= {field.name for field in scan.fields}:
        return
    target = referenced(scan, key, scans)
    if target.parts:
        return
    own = [str(scan.key_column(name)) for name in names]
    theirs = [_their_key(scan, name, target, other) for name, other in zip(names, reference["fields"], strict=True)]
    selected = ", ".join(f"{sql} AS {column}" for sql, column in zip(theirs, own, strict=True))
    lookup = f"(SELECT {selected} FROM {target.keys})" if target.keys else f"(SELECT {selected} WHERE FALSE)"
    same = " AND ".join(f"mine.{column} IS NOT DISTINCT FROM theirs.{column}" for column in own)
    columns = ", ".join(f"mine.{column}" for column in own)
    sql = f"SELECT row, {columns} FROM {scan.keys} AS mine ANTI JOIN {lookup} AS theirs ON {same} WHERE NOT ({all_null(own)}) ORDER BY row"
    for row, *cells in stream(engine, sql):
        values = ", ".join(map(_shown, cells))
        note = (
            f'for "{", ".join(names)}": values "{values}" not found in the lookup table "{reference["resource"]}"'
            f' as "{", ".join(reference["fields"])}"'
        )
        pairs = tuple(zip(names, map(_shown, cells), strict=True))
        scan.found.add(
            Finding(
                "foreign-key", note, row=row, name=", ".join(names), cell=values, key=pairs, rule=target.source.name
            )
        )


def _their_key(scan: Scan, name: str, target: Scan, other: str) -> str:
    """SQL of a referenced key as this field may equal it: values of another family are there, but equal nothing, nor does what is
    not a number."""
    column = target.key_column(other)
    if column is None or not target.keys:
        return "CAST(NULL AS VARCHAR)"
    mine = next(field.type for field in scan.fields if field.name == name)
    its = next(field.type for field in target.fields if field.name == other)
    if FAMILIES.get(mine, mine) != FAMILIES.get(its, its):
        return f"CASE WHEN {column} IS NOT NULL THEN {literal(NO_TEXT)} END"
    return (
        f"CASE WHEN starts_with({column}, {literal(NAN)}) THEN {literal(NO_TEXT)} ELSE {column} END"
        if its == "number"
        else column
    )


def _repeated(
    engine: Engine, relation: str, columns: Sequence[str], *, blank: bool = False
) -> Iterator[tuple[int, int | None, tuple[Any, ...]]]:
    """(record, the last record before it with the same key, the key) for every repetition, in order.

    A key of missing cells alone repeats nothing; with `blank`, each is given too, with no record before it."""
    if len(columns) == 1 and any(orders(engine, relation, columns[0])):
        return
    names, nothing = ", ".join(columns), all_null(columns)
    if len(columns) > 1 or not _find_suspects(engine, relation, columns[0]):
        found = f"count(*) > 1 OR ({nothing})" if blank else f"count(*) > 1 AND NOT ({nothing})"
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {names} FROM {relation} GROUP BY {names} HAVING {found}"
        )
    if not engine.value("SELECT count(*) FROM repeated"):
        return
    same = " AND ".join(f"its.{column} IS NOT DISTINCT FROM repeated.{column}" for column in columns)
    mine = ", ".join(f"its.{column}" for column in columns)
    lag = f"lag(row) OVER (PARTITION BY {mine} ORDER BY row)"
    ranked = (
        f"SELECT row, CASE WHEN NOT ({nothing}) THEN {lag} END AS other, {mine}"
        f" FROM {relation} AS its SEMI JOIN repeated ON {same}"
    )
    wanted = f"other IS NOT NULL OR ({nothing})"
    for row, other, *cells in stream(engine, f"SELECT * FROM ({ranked}) WHERE {wanted} ORDER BY row"):
        yield row, other, tuple(cells)


def _find_suspects(engine: Engine, relation: str, column: str) -> bool:
    """Put keys in the table `repeated` beside which no key can be repeated: those that are not greater than the one before. False where
    all have to be compared: where they are many, where one is missing, or where the others do not ascend without them.

    Most tables are sorted by their key, or would be but for a few records; where one is not, its first records tell."""
    beside = f"lag({column}) OVER () AS before, lead({column}) OVER () AS later"
    for order in ORDERS.values():
        falls, follows = (f"NOT ({order.format(key, 'before')})" for key in ("key", "later"))
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT key AS {column}, key IS NULL OR {follows} AS stray"
            f" FROM (SELECT {column} AS key, {beside} FROM {relation}) WHERE key IS NULL OR {falls} LIMIT {SUSPECTS + 1}"
        )
        count, strays = engine.rows("SELECT count(*), coalesce(bool_or(stray), FALSE) FROM repeated")[0]
        if count <= SUSPECTS and not strays:
            return True
    return False


def orders(engine: Engine, relation: str, column: str) -> Iterator[str]:
    """The ORDERS in which each key is greater than the one before it, so that none is missing or repeated. Most tables are sorted by
    their key; where one is not, the first few records tell."""
    pairs = f"SELECT {column} AS key, lag({column}) OVER () AS before FROM {relation}"
    for name, order in ORDERS.items():
        if not engine.rows(
            f"SELECT 1 FROM ({pairs}) WHERE key IS NULL OR NOT ({order.format('key', 'before')}) LIMIT 1"
        ):
            yield name


def all_null(columns: Sequence[str]) -> str:
    """SQL: every one of the columns is NULL."""
    return " AND ".join(f"{column} IS NULL" for column in columns)


def _shown(cell: str | None) -> str:
    return "None" if cell is None else cell
