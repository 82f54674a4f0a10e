"""Rows of a table in parts compared by workers. In: a change of which both sides have rows. Out: the relation that compare_rows would make.

Each part puts its rows by the hash of their key into as many files as there are ranges; rows that are compared with each other lie in the
same range, whichever part and side they are on. Then each range is compared by itself, by the SQL that compares whole tables. Files are
scratch objects of the run; no task holds more than a part or a range, whatever the table's size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from publisher.diff.changes import TableChange
from publisher.diff.rows import compare_rows, compared_sql, matched_by
from publisher.diff.state import TableState, new_table
from publisher.engine import Engine, literal, open_engine, quote
from publisher.run.part import beside, settle
from publisher.run.workers import Workers

MOST = 64
"""Ranges: more would be a thousand times a thousand files for a thousand parts."""
_SCRATCH = "FORMAT parquet, COMPRESSION snappy"


@dataclass(frozen=True, slots=True)
class Limits:
    """What DuckDB may use for a task."""

    memory: str
    threads: int | None


@dataclass(frozen=True, slots=True)
class SplitTask:
    """The rows of a part (SQL, its columns) and what they are matched by (SQL), to be put into `ranges` files below `folder`."""

    rows: str
    columns: tuple[str, ...]
    matched: str
    ranges: int
    folder: Path
    limits: Limits


@dataclass(frozen=True, slots=True)
class RangeTask:
    """The rows of a range of both sides, as a change, and the file for what differs."""

    change: TableChange
    target: Path
    limits: Limits


@dataclass(frozen=True, slots=True)
class Exchange:
    """Compares rows, see diff.compare.RowComparison: here where one side has none or nobody helps, else on the workers."""

    workers: Workers
    memory: str
    progress: Callable[[str, int, int], None]

    def __call__(self, engine: Engine, change: TableChange, marked: bool = True) -> str:
        before, after = change.before, change.after
        if self.workers.threads is None or not (before and before.parts and after and after.parts):
            return compare_rows(engine, change, marked)
        with tempfile.TemporaryDirectory(dir=engine.folder) as folder:
            files = self._compare(change, (before, after), Path(folder))
            name = new_table(engine)
            engine.run(f"CREATE TABLE {name} AS SELECT * FROM {_read(files)}")
            return name

    def _compare(self, change: TableChange, sides: tuple[TableState, TableState], folder: Path) -> list[Path]:
        limits = Limits(self.workers.memory(self.memory), self.workers.threads)
        ranges = min(MOST, max(len(state.parts) for state in sides))
        splits = [
            SplitTask(rows, state.fields, matched, ranges, folder / f"{side}-{number}", limits)
            for side, state, matched in zip(("before", "after"), sides, matched_by(change), strict=True)
            for number, rows in enumerate(state.parts)
        ]
        total = len(splits) + ranges
        for done, _ in enumerate(self.workers.each(split, splits), start=1):
            self.progress("compare", done, total)
        tasks = []
        for number in range(ranges):
            before, after = (
                _range(state, sorted(folder.glob(f"{side}-*/range={number}/*.parquet")))
                for side, state in zip(("before", "after"), sides, strict=True)
            )
            its = replace(change, before=before, after=after)
            tasks.append(RangeTask(its, folder / f"changes-{number}.parquet", limits))
        for done, _ in enumerate(self.workers.each(compare_range, tasks), start=len(splits) + 1):
            self.progress("compare", done, total)
        return [task.target for task in tasks]


def split(task: SplitTask) -> None:
    """Put a part's rows into the files of their ranges."""
    folder = beside(task.folder)
    columns = ", ".join(map(quote, task.columns))
    select = f"SELECT {columns}, {task.matched} % {task.ranges} AS range FROM {task.rows}"
    with _engine(task.folder.parent, task.limits) as engine:
        engine.export(select, folder, f"{_SCRATCH}, PARTITION_BY (range), OVERWRITE_OR_IGNORE")
    settle(folder, task.folder)


def compare_range(task: RangeTask) -> None:
    """Write what differs in a range."""
    made = beside(task.target)
    with _engine(task.target.parent, task.limits) as engine:
        engine.export(compared_sql(task.change), made, _SCRATCH)
    made.replace(task.target)


@contextmanager
def _engine(folder: Path, limits: Limits) -> Iterator[Engine]:
    with (
        tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as scratch,
        open_engine(Path(scratch), memory=limits.memory, threads=limits.threads) as engine,
    ):
        yield engine


def _range(state: TableState, files: Sequence[Path]) -> TableState:
    nothing = f"(SELECT {', '.join(f'NULL::VARCHAR AS {quote(name)}' for name in state.fields)} WHERE FALSE)"
    return replace(state, relation_sql=_read(files) if files else nothing, parts=())


def _read(files: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(map(literal, files))}], hive_partitioning = false)"
