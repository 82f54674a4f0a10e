"""The door to DuckDB. In: limits and a folder for spilling. Out: a connection, quoted names and literals.

The only module that opens DuckDB connections and quotes identifiers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb

from publisher.errors import ProjectError, UsageError

BATCH = 5_000
"""Rows that are taken from DuckDB at a time."""
SqlError = duckdb.Error
"""What DuckDB raises for a statement that it cannot run."""


def quote(name: str) -> str:
    """A SQL identifier, any Unicode, safely quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Engine:
    """One DuckDB instance of one run. `folder` is the run's scratch folder; spilled data and the database file lie there."""

    connection: duckdb.DuckDBPyConnection
    folder: Path

    def run(self, sql: str, parameters: list[Any] | None = None) -> None:
        """Execute a statement for its effect."""
        self.connection.execute(sql, parameters)

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a statement. For small results; large ones stay in DuckDB."""
        return self.connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: list[Any] | None = None) -> Any:
        """The first value of the first row."""
        row = self.connection.execute(sql, parameters).fetchone()
        assert row is not None
        return row[0]

    def columns(self, select: str) -> list[tuple[str, str]]:
        """Names and types of what a SELECT returns. It is not run."""
        found = self.connection.sql(select)
        return [(name, str(kind)) for name, kind in zip(found.columns, found.types, strict=True)]

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Rows of a statement, a batch at a time; other statements may run in between."""
        cursor = self.connection.cursor()
        cursor.execute(sql)
        while batch := cursor.fetchmany(BATCH):
            yield from batch

    def beside(self) -> Engine:
        """A second hand on the same database, for a thread of its own: what it runs does not wait for this one."""
        return Engine(self.connection.cursor(), self.folder)

    def export(self, select: str, path: Path, options: str) -> None:
        """Write the rows of a SELECT to a file in their order. Raises UsageError where the file cannot be written."""
        try:
            self.run(f"COPY ({select}) TO {literal(path)} ({options})")
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            reason = str(error).splitlines()[0]
            raise UsageError(
                f"{path} cannot be written: {reason}", "Check that the folder is writable and has room."
            ) from error

    @contextmanager
    def time_limit(self, seconds: float, where: str) -> Iterator[None]:
        """Whatever runs inside is stopped after `seconds`. Raises ProjectError then, and where the memory limit is reached."""
        timer = Timer(seconds, self.connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise ProjectError(f"{where}: ran longer than {seconds:g} seconds", "Make the query simpler.") from error
        except duckdb.OutOfMemoryException as error:
            raise ProjectError(f"{where}: needs more memory than it may have", "Make the query simpler.") from error
        finally:
            timer.cancel()
            timer.join()

    def lock(self, *allowed: Path) -> None:
        """From here on SQL reaches no file outside `allowed` folders, no network, no extension and no setting.

        Irrevocable for this instance (DuckDB: enable_external_access, lock_configuration)."""
        folders = ", ".join(literal(f"{path}/") for path in allowed)
        self.run(f"SET allowed_directories = [{folders}]")
        self.run("SET enable_external_access = false")
        self.run("SET lock_configuration = true")


@contextmanager
def open_engine(folder: Path, *, memory: str = "512MB", threads: int | None = None) -> Iterator[Engine]:
    """A DuckDB instance with its database file in `folder`, so that tables larger than `memory` spill to disk.

    Extensions are neither installed nor loaded by themselves; time zone and collation are fixed, so that no machine differs."""
    settings: dict[str, Any] = {
        "memory_limit": memory,
        "temp_directory": str(folder / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
        "python_enable_replacements": False,
    }
    if threads is not None:
        settings["threads"] = threads
    try:
        connection = duckdb.connect(str(folder / "work.duckdb"), config=settings)
    except (duckdb.Error, OSError) as error:
        raise ProjectError(
            f"DuckDB could not start in {folder}: {error}", "Check that the folder is writable and has room."
        ) from error
    try:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        # It would draw on standard output where Python is used by hand.
        connection.execute("SET enable_progress_bar = false")
        yield Engine(connection, folder)
    except duckdb.OutOfMemoryException as error:
        raise UsageError(
            f"the tables need more memory or room than DuckDB may have ({memory}): {str(error).splitlines()[0]:.200}",
            "Raise the setting `memory`, or make room where temporary files lie (TMPDIR).",
        ) from error
    finally:
        connection.close()
