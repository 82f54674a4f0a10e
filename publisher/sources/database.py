"""Tables out of PostgreSQL. In: a variable with a connection string, queries. Out: their results as CSV of canonical text, in the cache.

One transaction for all tables of a database, read-only and repeatable, so that they belong together. The server writes the CSV itself
(COPY), so that a result of any size streams through; rows come ordered by the table's primary key, so that equal data are equal bytes. The
only module that imports psycopg.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import conninfo, errors, sql

from publisher.errors import SourceError, Unavailable
from publisher.sources.cache import Kept, Slot
from publisher.sources.outside import Outside

_PATIENCE = {"connect_timeout": "10", "keepalives_idle": "10", "keepalives_interval": "10", "keepalives_count": "3"}
_SETTINGS = ("SET LOCAL datestyle = ISO", "SET LOCAL intervalstyle = iso_8601", "SET LOCAL client_encoding = UTF8")
_TEXT = {
    "timestamp without time zone": "replace({0}::text, ' ', 'T')",
    "timestamp with time zone": "replace(({0} AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z'",
}
"""How values become text, by type, where PostgreSQL's own text is not that of a Table Schema."""
_PLACE = re.compile(r'connection to server (?:at|on socket) ".*?"(?: \(.*?\))?(?:, port \d+)? failed: ')


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table asked of a database: its query, the columns that order its rows, where its bytes are kept."""

    table: str
    query: str
    order: tuple[str, ...]
    slot: Slot


def read_database(variable: str, wanted: Sequence[Wanted], outside: Outside) -> list[Kept]:
    """The results of all queries, in order, from one state of the database.

    Raises SourceError, which names the table, and Unavailable where nobody answered at any try."""
    text = outside.variable(variable)
    try:
        known = conninfo.conninfo_to_dict(text)
    except psycopg.Error:
        # its message quotes what it could not read, which may be the password
        raise SourceError(
            f"the variable {variable} holds no PostgreSQL connection string",
            "Write postgresql://user:password@host/database.",
        ) from None
    secret = str(known.get("password") or "")

    def attempt() -> list[Kept]:
        try:
            with ExitStack() as stack:
                parts = [stack.enter_context(item.slot.part()) for item in wanted]
                with psycopg.connect(conninfo.make_conninfo(text, **{**_PATIENCE, **known})) as connection:
                    _begin(connection, outside.settings.source_seconds)
                    for item, part in zip(wanted, parts, strict=True):
                        _write(connection, item, part, outside)
                return [item.slot.keep(part, ".csv") for item, part in zip(wanted, parts, strict=True)]
        except psycopg.OperationalError as error:
            raise Unavailable(
                f"the database of {variable} does not answer: {_reason(error, secret)}",
                "Check the variable and the database.",
            ) from None

    return outside.retry.call(attempt)


def _begin(connection: psycopg.Connection, seconds: int) -> None:
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    for statement in (
        *_SETTINGS,
        f"SET LOCAL statement_timeout = '{seconds}s'",
        f"SET LOCAL lock_timeout = '{seconds}s'",
    ):
        connection.execute(statement.encode())


def _write(connection: psycopg.Connection, item: Wanted, part: Path, outside: Outside) -> None:
    """The rows of a query as CSV with a header."""
    until = outside.clock() + outside.settings.source_seconds
    try:
        statement = _copy(connection, item)
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as blocks, part.open("wb") as file:
            for block in blocks:
                file.write(block)
                if file.tell() > outside.limit:
                    raise SourceError(
                        f"the query of {item.table} gives more than {outside.limit / 1e6:g} MB",
                        "Raise `source_megabytes` if that is right.",
                    )
                if outside.clock() > until:
                    raise SourceError(
                        f"the query of {item.table} took too long", "Raise `source_seconds` if that is right."
                    )
    except errors.QueryCanceled:
        raise SourceError(
            f"the query of {item.table} was stopped after {outside.settings.source_seconds} s",
            "Raise `source_seconds` if that is right.",
        ) from None
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise SourceError(
            f"the query of {item.table} failed: {error.diag.message_primary or error}", "Correct the query."
        ) from None


def _copy(connection: psycopg.Connection, item: Wanted) -> str:
    """The statement that writes a query's result. Preparing the query first shows its columns, and that it is one statement."""
    query = item.query.strip().rstrip(";")
    found = connection.execute(f"SELECT * FROM ({query}\n) AS q LIMIT 0".encode(), prepare=True).description or ()
    names = [column.name for column in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SourceError(
            f"the query of {item.table} names a column {min(twice)} twice", "Give each column a name of its own."
        )
    types = _types(connection, [column.type_code for column in found])
    columns = [f"{_as_text(column.name, types[column.type_code])} AS {_quote(column.name)}" for column in found]
    keys = [f'{_quote(name)}::text COLLATE "C"' for name in item.order if name in names]
    order = f" ORDER BY {', '.join(f'q.{key}' for key in keys)}" if keys else ""
    return f"COPY (SELECT {', '.join(columns)} FROM ({query}\n) AS q{order}) TO STDOUT (FORMAT csv, HEADER, ENCODING 'UTF8')"


def _types(connection: psycopg.Connection, codes: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Name and category of types by their codes."""
    rows = connection.execute(
        "SELECT oid::int, format_type(oid, NULL), typcategory::text FROM pg_type WHERE oid = ANY(%s)", [list(codes)]
    )
    return {code: (name, category) for code, name, category in rows}


def _as_text(name: str, kind: tuple[str, str]) -> str:
    column = f"q.{_quote(name)}"
    if kind[1] in {"A", "C"}:
        return f"to_json({column})::text"
    return _TEXT.get(kind[0], "{0}::text").format(column)


def _quote(name: str) -> str:
    return sql.Identifier(name).as_string()


def _reason(error: psycopg.Error, secret: str) -> str:
    """The last line of what the library says, without the place and the password."""
    lines = str(error).strip().splitlines() or ["no reason given"]
    text = _PLACE.sub("", lines[0])
    return text.replace(secret, "…") if secret else text
