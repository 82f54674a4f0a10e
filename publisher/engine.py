"""The door to DuckDB. In: limits and a folder for spilling. Out: a connection, quoted names and literals.

The only module that opens DuckDB connections and quotes identifiers.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread, current_thread, main_thread
from threading import enumerate as enumerate_threads
from typing import Any, TypeVar

import duckdb

from publisher.errors import ProjectError, UsageError

T = TypeVar("T")

BATCH = 5_000
"""Rows that are taken from DuckDB at a time."""
SPARE = (512 << 20) + (64 << 20) * (os.cpu_count() or 1)
"""Bytes that a project's SQL may take beyond DuckDB's own limit: for texts in the making, and what allocators reserve for each thread."""
GRACE = 2.0
"""Seconds in which an interrupted statement ends."""
SQL = "publisher-sql"
"""Name of the threads in which a project's SQL runs."""
SqlError = duckdb.Error
"""What DuckDB raises for a statement that it cannot run."""
_STATM = Path("/proc/self/statm")
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


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
    stuck: Event = field(default_factory=Event)

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

    @property
    def threads(self) -> int:
        """How many threads a statement may use."""
        return int(self.value("SELECT current_setting('threads')"))

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
        return Engine(self.connection.cursor(), self.folder, self.stuck)

    def export(self, select: str, path: Path, options: str) -> None:
        """Write the rows of a SELECT to a file in their order. Raises UsageError where the file cannot be written."""
        try:
            self.run(f"COPY ({select}) TO {literal(path)} ({options})")
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            reason = str(error).splitlines()[0]
            raise UsageError(
                f"{path} cannot be written: {reason}", "Check that the folder is writable and has room."
            ) from error

    def limited(self, work: Callable[[], T], seconds: float, where: str) -> T:
        """What `work` returns: statements of a project, in a thread of their own, so that this one can go on where they do not end.

        Raises ProjectError where they take longer than `seconds`, or more memory than there is (docs/security.md). DuckDB heeds an
        interruption between blocks of rows and not inside a function; what does not stop is left to itself: `stuck` is set, nothing
        may be asked of the database any more, and the thread ends with the process."""
        done: Future[T] = Future()
        with _bounded(self._memory() + SPARE):
            Thread(target=_fulfil, args=(done, work), name=SQL, daemon=True).start()
            try:
                wait([done], seconds)
            finally:
                late = not done.done()
                if late:
                    self.connection.interrupt()
                    wait([done], GRACE)
                if not done.done():
                    self.stuck.set()
        if late:
            raise ProjectError(f"{where}: ran longer than {seconds:g} seconds", "Make the query simpler.")
        try:
            return done.result()
        except (duckdb.OutOfMemoryException, MemoryError) as error:
            raise ProjectError(f"{where}: needs more memory than it may have", "Make the query simpler.") from error

    def _memory(self) -> int:
        """Bytes that DuckDB may use, which it tells as `488.2 MiB`."""
        amount, unit = str(self.value("SELECT current_setting('memory_limit')")).split()
        return int(float(amount) * 1024 ** _UNITS.index(unit))

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
    engine = Engine(connection, folder)
    try:
        # The bar would draw on standard output where Python is used by hand.
        engine.run("SET GLOBAL TimeZone = 'UTC'; SET enable_progress_bar = false")
        yield engine
    except duckdb.OutOfMemoryException as error:
        raise UsageError(
            f"the tables need more memory or room than DuckDB may have ({memory}): {str(error).splitlines()[0]:.200}",
            "Raise the setting `memory`, or make room where temporary files lie (TMPDIR).",
        ) from error
    finally:
        if not engine.stuck.is_set():
            connection.close()


def is_busy() -> bool:
    """Whether statements that nothing could stop are still at work in this process."""
    return any(thread.name == SQL for thread in enumerate_threads())


def _fulfil(done: Future[T], work: Callable[[], T]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
        done.set_exception(error)


@contextmanager
def _bounded(more: int) -> Iterator[None]:
    """The process takes at most `more` bytes of address space beyond what it has: DuckDB counts tables, not what functions make of texts.

    Only the main thread sets this, so that no two put back each other's limit; where the system does not tell what a process has
    (all but Linux), nothing is set."""
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    if current_thread() is not main_thread() or not _STATM.exists():
        yield
        return
    pages = int(_STATM.read_text().split()[0])
    bounds = [bound for bound in (before, most) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(pages * resource.getpagesize() + more, *bounds, sys.maxsize), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))
