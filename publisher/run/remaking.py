"""Which derived tables are made anew. In: a release's tables, those that lose something. Out: queries to run, and those that cannot."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from publisher.engine import Engine, SqlError, open_engine, quote
from publisher.errors import ProjectError
from publisher.model import Resource
from publisher.query import tables_read
from publisher.schema import sql_type


def remade(resources: Sequence[Resource], touched: Collection[str], folder: Path) -> tuple[set[str], tuple[str, ...]]:
    """Queries that read a table which loses something, or another such query, run again; those that lose something themselves, or
    need columns that are not published, stay as they are. The latter are told."""
    changed = {name.lower() for name in touched}
    again: set[str] = set()
    left: list[str] = []
    folder.mkdir()
    with open_engine(folder) as engine:
        for item in resources:
            columns = ", ".join(f"{quote(str(field['name']))} {sql_type(field)}" for field in item.schema["fields"])
            engine.run(f"CREATE TABLE {quote(item.name)} ({columns})")
            if item.query is None or item.name in touched or not _reads(engine, item, changed):
                continue
            if _binds(engine, item):
                again.add(item.name)
                changed.add(item.name.lower())
            else:
                left.append(item.name)
    return again, tuple(left)


def _reads(engine: Engine, item: Resource, changed: set[str]) -> bool:
    try:
        return not changed.isdisjoint(tables_read(engine, item))
    except ProjectError:
        return True


def _binds(engine: Engine, item: Resource) -> bool:
    try:
        engine.rows(f"DESCRIBE {item.query}")
    except SqlError:
        return False
    return True
