"""What a query may say. In: SQL text. Out: the statement that is run, or a ProjectError naming the file, the place and the remedy.

A query is one SELECT over the package's tables, and its result must follow from them alone: the same rows, in the same order, on
every machine and every day. DuckDB's own parser reads it (`json_serialize_sql`), so that comments and strings never mislead.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from publisher.engine import Engine, SqlError
from publisher.errors import ProjectError
from publisher.model import Check, Resource

ORDERED = frozenset(
    {"string_agg", "group_concat", "listagg", "list", "array_agg", "first", "last", "any_value", "arbitrary"}
)
"""Aggregates whose result depends on the order of their rows; they need an ORDER BY of their own."""
NUMBERING = frozenset({"row_number", "ntile", "lead", "lag", "first_value", "last_value", "nth_value"})
"""Window functions that need an ORDER BY for the same reason."""
CLOCKS = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
"""Words that SQL takes for a function when no column is called so."""
TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row"})
"""Functions that may stand in FROM: those that compute rows from their arguments."""

_CLOCK_REMEDY = "A query may not depend on clock, chance or settings: equal data must give equal releases."

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a query may name. `tables` are the package's so far and those of its own WITH, in lower case; `chance` are the
    functions that depend on clock, chance or settings."""

    tables: frozenset[str]
    chance: frozenset[str]


def functions_of_chance(engine: Engine) -> frozenset[str]:
    """The functions whose result does not follow from their arguments alone, as DuckDB itself declares them."""
    rows = engine.rows(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')"
    )
    return frozenset(str(name) for (name,) in rows) - {"error"}


def read_statement(
    engine: Engine, resource: Resource, tables: Collection[str], chance: frozenset[str]
) -> dict[str, Any]:
    """The parsed SELECT of a query resource, which may read `tables` and call anything but the functions in `chance`.

    Raises ProjectError.
    """
    where = f"{resource.query_path or resource.name}"
    tree = _parse(engine, resource.query or "", where)
    if "ORDER_MODIFIER" not in _modifiers(tree):
        names = ", ".join(resource.primary_key or resource.fields[:1])
        raise ProjectError(
            f"{where}: the query has no ORDER BY at its end", f"Say how its rows are sorted: ORDER BY {names}."
        )
    parts = list(_walk(tree))
    reach = Reach(frozenset(name.lower() for name in tables) | _common_tables(parts), chance)
    for part in parts:
        for refuse in _REFUSALS:
            refuse(part, reach, where)
    return tree


def tables_read(engine: Engine, resource: Resource) -> frozenset[str]:
    """The names of tables that a query reads, in lower case, those of its own WITH among them. Raises ProjectError."""
    parts = _walk(_parse(engine, resource.query or "", resource.name))
    return frozenset(str(part["table_name"]).lower() for part in parts if part.get("type") == "BASE_TABLE")


def read_check(engine: Engine, check: Check, tables: Collection[str]) -> None:
    """Nothing, where a check is one SELECT over `tables`. It may ask for the day, and its order is of no matter. Raises ProjectError."""
    parts = list(_walk(_parse(engine, check.sql, str(check.path))))
    reach = Reach(frozenset(name.lower() for name in tables) | _common_tables(parts), frozenset())
    for part in parts:
        _refuse_source(part, reach, str(check.path))


def ordered(engine: Engine, resource: Resource, tree: dict[str, Any]) -> str:
    """The SQL to run for a parsed query that returns the resource's fields.

    Where the order of the result, or the choice that a LIMIT makes, would be left to chance among equals, all columns are added
    to its ORDER BY.
    """
    modifiers = _modifiers(tree)
    if resource.primary_key and "LIMIT_MODIFIER" not in modifiers:
        return resource.query or ""
    orders = modifiers["ORDER_MODIFIER"]["orders"]
    if not any(item["expression"]["class"] == "STAR" for item in orders):
        orders += [_position(number) for number in range(1, len(resource.fields) + 1)]
    return str(engine.value("SELECT json_deserialize_sql(CAST(? AS JSON))", [json.dumps(tree)]))


def _modifiers(tree: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What stands after the outermost SELECT: ORDER BY, LIMIT, DISTINCT."""
    return {item["type"]: item for item in tree["statements"][0]["node"]["modifiers"]}


def _parse(engine: Engine, text: str, where: str) -> dict[str, Any]:
    try:
        statements = engine.connection.extract_statements(text)
    except SqlError as error:
        raise ProjectError(f"{where}: {error}", "Correct the SQL.") from error
    if len(statements) != 1:
        raise ProjectError(f"{where}: holds {len(statements)} statements", "A query is exactly one SELECT.")
    if statements[0].named_parameters:
        raise ProjectError(f"{where}: holds parameters", "Write the values into the query.")
    tree: dict[str, Any] = json.loads(engine.value("SELECT json_serialize_sql(CAST(? AS VARCHAR))", [text]))
    if tree["error"]:
        raise ProjectError(
            f"{where}: is not a SELECT", "A query is exactly one SELECT; it cannot change, load or set anything."
        )
    return tree


def _walk(value: Any) -> Iterator[Node]:
    if isinstance(value, Mapping):
        yield value
        for child in value.values():
            yield from _walk(child)
    elif isinstance(value, list):
        for child in value:
            yield from _walk(child)


def _common_tables(parts: Collection[Node]) -> set[str]:
    """The names that WITH gives to parts of the query."""
    return {str(item["key"]).lower() for part in parts for item in (part.get("cte_map") or {}).get("map", ())}


def _refuse_sample(part: Node, _reach: Reach, where: str) -> None:
    if part.get("sample"):
        raise ProjectError(f"{where}: takes a sample", "Choose rows by a condition; a sample differs from run to run.")


def _refuse_source(part: Node, reach: Reach, where: str) -> None:
    """Rows come from tables of the package, never from files, the network or DuckDB's own catalogue."""
    remedy = "A query reads the tables of its package and the queries before it, nothing else."
    if part.get("type") == "TABLE_FUNCTION":
        name = str(part["function"].get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            raise ProjectError(f"{where}: reads from {name}()", remedy)
    if part.get("type") == "BASE_TABLE":
        name = str(part["table_name"])
        if part.get("schema_name") or part.get("catalog_name") or name.lower() not in reach.tables:
            near = difflib.get_close_matches(name.lower(), sorted(reach.tables), n=1)
            raise ProjectError(
                f"{where}: reads {name}, which is no table of the package",
                f"Did you mean {near[0]}?" if near else remedy,
            )


def _refuse_chance(part: Node, reach: Reach, where: str) -> None:
    """Nothing may depend on clock, chance or settings."""
    if part.get("type") == "COLUMN_REF" and len(part["column_names"]) == 1:
        name = str(part["column_names"][0]).lower()
        if name in CLOCKS:
            raise ProjectError(f"{where}: asks for {name}", _CLOCK_REMEDY)
    if part.get("class") == "FUNCTION":
        name = str(part["function_name"]).lower()
        if name in reach.chance:
            raise ProjectError(f"{where}: calls {name}()", _CLOCK_REMEDY)


def _refuse_disorder(part: Node, _reach: Reach, where: str) -> None:
    name = str(part.get("function_name", "")).lower()
    if part.get("class") == "FUNCTION" and name in ORDERED and not (part.get("order_bys") or {}).get("orders"):
        raise ProjectError(
            f"{where}: {name}() without an order may give another result each time",
            f"Write {name}(column ORDER BY column), or min(column) where all values are equal.",
        )
    if part.get("class") == "WINDOW" and name in NUMBERING and not part.get("orders"):
        raise ProjectError(
            f"{where}: {name}() without an order may give another result each time",
            f"Write {name}() OVER (ORDER BY column).",
        )


_REFUSALS: tuple[Callable[[Node, Reach, str], None], ...] = (
    _refuse_sample,
    _refuse_source,
    _refuse_chance,
    _refuse_disorder,
)


def _position(number: int) -> dict[str, Any]:
    constant = {
        "class": "CONSTANT",
        "type": "VALUE_CONSTANT",
        "alias": "",
        "literal": {"kind": "INTEGER", "text": str(number)},
    }
    return {"type": "ORDER_DEFAULT", "null_order": "ORDER_DEFAULT", "expression": constant}
