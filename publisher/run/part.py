"""The work on one part of a table. In: PartTask, plain values. Out: PartDone, its files in a folder of its own.

A pure function that any process may be told, here or on another machine that sees the same folders (workers.py): the same task gives the
same bytes. A folder takes its name when everything is in it, so work that was cut short leaves nothing that could be taken for a result.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread

from publisher.engine import literal, open_engine
from publisher.findings import Report
from publisher.gates import Suspects, suspects
from publisher.model import File, Part, Resource
from publisher.package.parts import write_part
from publisher.query import arrange, infinite
from publisher.validate.checked import canonical_sql
from publisher.validate.parts import PartScan
from publisher.validate.partwise import PartRules, read_part

ROWS = "rows.parquet"
"""The rows of a part as canonical text in published order."""
_ROWS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"


@dataclass(frozen=True, slots=True)
class PartTask:
    """One part: its file, the rules of its table, the folder that is made for what comes of it. `memory` and `threads` are DuckDB's
    limits."""

    package: str
    rules: PartRules
    path: Path
    folder: Path
    memory: str
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class PartDone:
    """What came of a part. `files` are those that would be published, `suspects` what may be personal in it, `report` tells of numbers
    that JSON cannot hold; all empty where the part has findings, and where it was not to be converted."""

    scan: PartScan
    files: tuple[File, ...] = ()
    suspects: Suspects = field(default_factory=dict)
    report: Report = field(default_factory=Report)

    @property
    def clean(self) -> bool:
        """Whether the part can be published."""
        return self.scan.clean and self.report.valid


def work(task: PartTask) -> PartDone:
    """Read, judge and convert a part. Raises ProjectError for a file or rule that is wrong."""
    folder = beside(task.folder)
    folder.mkdir(parents=True)
    with (
        tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as scratch,
        open_engine(Path(scratch), memory=task.memory, threads=task.threads) as engine,
    ):
        scan, told = read_part(engine, task.rules, task.path, folder)
        done = PartDone(told)
        if told.clean and task.rules.convert:
            table = arrange(engine, task.rules.resource, canonical_sql(engine, scan))
            done = replace(done, suspects=suspects(engine, table), report=infinite(engine, [table]))
            if done.clean:
                engine.export(f"SELECT * FROM {table.relation}", folder / ROWS, _ROWS)
                done = replace(done, files=write_part(engine, table, task.package, folder))
    settle(folder, task.folder)
    done = replace(done, files=_moved(done.files, task.folder))
    # A folder that is published to waits until the disk has them. Begun now, that is over before it is waited for.
    Thread(target=_flush, args=(done.files,), daemon=True).start()
    return done


def beside(folder: Path) -> Path:
    """A folder to work in, which takes the name of `folder` when it is complete."""
    return folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")


def settle(made: Path, folder: Path) -> None:
    """Give what was made its name."""
    if folder.exists():
        # the same work was done before, by a worker whose answer was lost
        shutil.rmtree(made)
    else:
        made.rename(folder)


def _moved(files: Sequence[File], folder: Path) -> tuple[File, ...]:
    return tuple(replace(file, path=folder / file.name) for file in files)


def _flush(files: Sequence[File]) -> None:
    for file in files:
        # a run that is stopped takes them away
        with suppress(OSError):
            assert file.path is not None
            with file.path.open("rb") as opened:
                os.fsync(opened.fileno())


def make_part(
    relation: str, resource: Resource, package: str, folder: Path, memory: str, threads: int | None = None
) -> Part:
    """A part of the rows that a SELECT gives as canonical text; all of it lies in `folder`, which is made."""
    folder.mkdir(parents=True)
    with (
        tempfile.TemporaryDirectory(dir=folder) as scratch,
        open_engine(Path(scratch), memory=memory, threads=threads) as engine,
    ):
        table = arrange(engine, resource, relation)
        engine.export(f"SELECT * FROM {table.relation}", folder / ROWS, _ROWS)
        return Part(table.rows, folder / ROWS, write_part(engine, table, package, folder))


@dataclass(frozen=True, slots=True)
class AgainTask:
    """A part that was read before, whose files are wanted in `folder`, which is made; limits as in PartTask."""

    part: Part
    resource: Resource
    package: str
    folder: Path
    memory: str
    threads: int | None


def make_again(task: AgainTask) -> Part:
    """The files of a part from its rows, for a store that has not got them."""
    rows, folder = f"SELECT * FROM read_parquet({literal(task.part.data)})", beside(task.folder)
    made = make_part(rows, task.resource, task.package, folder, task.memory, task.threads)
    settle(folder, task.folder)
    return replace(task.part, files=_moved(made.files, task.folder))
