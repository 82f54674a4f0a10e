"""What SQL of the project sees of a table. In: resources whose rows lie in the engine. Out: typed views under the tables' own names.

A view shows the public columns. Private ones are shown only for as long as a check or query runs that may read them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from publisher.engine import Engine, SqlError, quote
from publisher.model import Resource
from publisher.privacy import private_fields
from publisher.schema import typed_expression

CATALOG = "canonical"
"""The in-memory database of canonical tables: they need not survive, and writing them there is twice as fast as to the file."""
PRIVATE = "private"
"""That of tables with all their columns; only for tables that have private ones."""


def relation_of(name: str) -> str:
    """A table's public columns as canonical text, in published order."""
    return f"{CATALOG}.{quote(name)}"


def whole_of(name: str) -> str:
    """The same rows with their private columns."""
    return f"{PRIVATE}.{quote(name)}"


def show(engine: Engine, resource: Resource, private: Collection[str] = ()) -> None:
    """Make the view of a table: its public columns and, of the private ones, those named."""
    hidden = {*private_fields(resource.schema)} - {*private}
    fields = [
        (field, quote(str(field["name"]))) for field in resource.schema["fields"] if str(field["name"]) not in hidden
    ]
    typed = ", ".join(f"{typed_expression(field, column)} AS {column}" for field, column in fields)
    source = whole_of(resource.name) if private else relation_of(resource.name)
    engine.run(f"CREATE OR REPLACE VIEW {quote(resource.name)} AS SELECT {typed} FROM {source}")


def reason(error: SqlError, *, private: bool) -> str:
    """Why SQL did not run. DuckDB quotes the value that it stumbled over; where that may be a `private` one, only the kind is told."""
    kind = type(error).__name__
    if not private or kind in {"BinderException", "CatalogException", "ParserException"}:
        return str(error).strip()
    return f"stopped with {kind}; more is not said, since it reads private columns"


@contextmanager
def showing(engine: Engine, resources: Sequence[Resource], columns: Collection[tuple[str, str]]) -> Iterator[None]:
    """Show private columns, given as (table, column), for as long as the context lasts."""
    opened = [item for item in resources if item.name in {table for table, _ in columns}]
    try:
        for item in opened:
            show(engine, item, {column for table, column in columns if table == item.name})
        yield
    finally:
        for item in opened:
            show(engine, item)
