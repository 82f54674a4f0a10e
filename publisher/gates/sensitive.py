"""Personal data and secrets. In: the tables of a release, its descriptions. Out: a gate for each column and kind; values are never told.

DuckDB looks through every public column of text; what it suspects, Python judges. What is found must be allowed by name in the
schema, so that it is a decision that stands in the project, not an option somebody once typed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from publisher.diff import ChangeSet
from publisher.engine import Engine, literal, quote
from publisher.gates.gate import Gate
from publisher.model import Descriptor, Table
from publisher.privacy import KINDS, SECRETS, allowed_in, kinds_of, settings_of

SHOWN = 5
"""Records that a message names."""
_TEXT = frozenset({"string", "any", "list", "array", "object", "geojson"})
_NAMES = "names"


@dataclass(slots=True)
class Suspect:
    """How many cells of a column hold a kind, and the first records: keys, or numbers where a key is not to be told."""

    count: int = 0
    records: list[str | int] = field(default_factory=list)


Suspects = dict[tuple[str, str], Suspect]
"""What was found in a table, by column and kind."""


def look_through(
    engine: Engine, tables: Sequence[Table], known: Mapping[str, Suspects] | None = None
) -> tuple[Gate, ...]:
    """A gate for each column and kind that was found, in the order of tables and columns; names of persons are left to review.

    Tables in `known` were looked through before."""
    found = dict(known or {})
    for table in tables:
        if table.resource.name not in found:
            found[table.resource.name] = suspects(engine, table)
    return tuple(gate for table in tables for gate in _table_gates(table, found[table.resource.name]))


def look_for_secrets(descriptions: Mapping[str, Any], settings: Descriptor) -> tuple[Gate, ...]:
    """A gate for each kind of secret in the texts of `descriptions` (by where they stand), unless the package's `settings` allow it."""
    places: dict[str, list[str]] = defaultdict(list)
    for place, text in _texts(descriptions):
        for kind in kinds_of(text, SECRETS):
            places[kind].append(place)
    return tuple(
        Gate(
            f"description.{kind}",
            False,
            f"the description holds what looks like {KINDS[kind].said}: {', '.join(found[:SHOWN])}",
            remedy=f"Take it out. If it is none, write `allow: [{kind}]` under `publisher` of the package.",
        )
        for kind, found in places.items()
        if kind not in allowed_in(settings)
    )


def look_back(package: str, changes: ChangeSet, private: Mapping[str, Sequence[str]]) -> tuple[Gate, ...]:
    """A notice for each column that is private from this release on: earlier releases keep it until it is removed there."""
    return tuple(
        Gate(
            f"{item.table}.{item.field}.private",
            True,
            f"{item.table}.{item.field} is private now, and releases up to {changes.from_version} hold its values",
            remedy=f"`publisher redact {package} {item.table} --field {item.field}` removes them.",
            review=True,
        )
        for table in changes.tables
        for item in table.schema
        if item.kind == "field_removed" and item.field in private.get(item.table, ())
    )


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _texts(item, f"{place}[{number}]")


def suspects(engine: Engine, table: Table) -> Suspects:
    """What looks personal or secret in a table, whatever its schema allows."""
    columns = {str(item["name"]): item for item in table.resource.schema["fields"] if _may_hold(item)}
    found: dict[tuple[str, str], Suspect] = defaultdict(Suspect)
    key = table.resource.primary_key
    for number, values, cells in _suspects(engine, table, columns):
        for column, cell in cells.items():
            for kind in _kinds(cell, columns[column]):
                entry = found[column, kind]
                entry.count += 1
                if len(entry.records) < SHOWN:
                    # A key that is itself personal is not told: then the number of the row is.
                    hidden = not key or any(
                        item in columns and _kinds(text, columns[item]) for item, text in zip(key, values, strict=True)
                    )
                    entry.records.append(number if hidden else ",".join(map(str, values)))
    return dict(found)


def joined_suspects(parts: Sequence[tuple[int, Suspects]]) -> Suspects:
    """What was found in the parts of a table, each given with its number of rows, as if they were one table."""
    joined: dict[tuple[str, str], Suspect] = defaultdict(Suspect)
    before = 0
    for rows, found in parts:
        for place, its in found.items():
            entry = joined[place]
            entry.count += its.count
            moved = (item + before if isinstance(item, int) else item for item in its.records)
            entry.records = [*entry.records, *moved][:SHOWN]
        before += rows
    return dict(joined)


def _table_gates(table: Table, found: Suspects) -> Iterator[Gate]:
    for item in table.resource.schema["fields"]:
        column = str(item["name"])
        for kind in KINDS:
            if (column, kind) in found and kind not in allowed_in(settings_of(item)):
                yield _gate(table.resource.name, column, kind, found[column, kind])


def _may_hold(item: Descriptor) -> bool:
    """Columns of text; of numbers those that may be long enough; none whose values the schema lists."""
    kind = str(item.get("type") or "any")
    listed = "enum" in (item.get("constraints") or {}) or item.get("categories")
    return not listed and kind in (*_TEXT, "integer")


def _suspects(
    engine: Engine, table: Table, columns: Mapping[str, Descriptor]
) -> Iterator[tuple[int, Sequence[Any], Mapping[str, str]]]:
    """Number and key of each row with a suspicious cell, and those cells by column: what a column may hold is no reason to look at it.

    DuckDB takes milliseconds to prepare a search, so columns in which the same is looked for share it."""
    if not columns:
        return
    searches: dict[str, list[str]] = defaultdict(list)
    for name, item in columns.items():
        searches[_suspicion(item)].append(name)
    cells = ", ".join(
        f"list_transform([{', '.join(map(quote, names))}], lambda cell: CASE WHEN {search} THEN cell END)"
        for search, names in searches.items()
    )
    key = ", ".join(map(quote, table.resource.primary_key)) or "NULL"
    rows = f"SELECT rowid + 1 AS row, [{key}] AS key, flatten([{cells}]) AS cells FROM {table.relation} WHERE {_hinted(columns)}"
    held = "len(list_filter(cells, lambda cell: cell IS NOT NULL)) > 0"
    order = [name for names in searches.values() for name in names]
    for row, values, found in engine.stream(f"SELECT * FROM ({rows}) WHERE {held} ORDER BY row"):
        yield row, values, {name: cell for name, cell in zip(order, found, strict=True) if cell is not None}


def _hinted(columns: Mapping[str, Descriptor]) -> str:
    """SQL: whether one of a row's cells may hold a kind that its column may not. Nearly every row is passed by this one search, which
    takes half the time of one search a cell."""
    searched: dict[str, list[str]] = defaultdict(list)
    for name, item in columns.items():
        if hints := "|".join(KINDS[kind].hint for kind in _wanted(item)):
            searched[hints].append(quote(name))
    rows = (
        f"regexp_matches(concat_ws(chr(10), {', '.join(names)}), {literal(hints)})" for hints, names in searched.items()
    )
    return " OR ".join(rows) or "false"


def _suspicion(item: Descriptor) -> str:
    """SQL: whether `cell` may hold a kind that its column may not."""
    wanted, tests = _wanted(item), []
    if formed := "|".join(KINDS[kind].pattern for kind in wanted if kind != _NAMES):
        tests.append(f"regexp_matches(cell, {literal(formed)})")
    if _NAMES in wanted:
        names = KINDS[_NAMES]
        tests.append(f"(strlen(cell) >= {names.least} AND regexp_matches(cell, {literal(names.pattern)}))")
    return f"({' OR '.join(tests) or 'false'})"


def _wanted(item: Descriptor) -> list[str]:
    """The kinds that are looked for in a column."""
    return [name for name in KINDS if name not in allowed_in(settings_of(item))]


def _kinds(cell: str | None, item: Descriptor) -> tuple[str, ...]:
    if cell is None:
        return ()
    return kinds_of(cell, ("card",)) if item.get("type") == "integer" else kinds_of(cell)


def _gate(table: str, column: str, kind: str, found: Suspect) -> Gate:
    where = f"{table}.{column}"
    shown = (f"row {item}" if isinstance(item, int) else item for item in found.records)
    records = ", ".join(shown) + (
        f" and {found.count - len(found.records)} more" if found.count > len(found.records) else ""
    )
    told = (
        f"{where} holds what looks like {KINDS[kind].said} in {found.count} record{'s' * (found.count != 1)}: {records}"
    )
    allow = f"`publisher: {{allow: [{kind}]}}` in the schema's field {column}"
    if kind == _NAMES:
        return Gate(f"{where}.{kind}", True, told, remedy=f"Read them; {allow} ends this notice.", review=True)
    remedy = f"Take {KINDS[kind].said} out of {where}, or declare the column private. If they are meant to be public, write {allow}."
    return Gate(f"{where}.{kind}", False, told, remedy=remedy)
