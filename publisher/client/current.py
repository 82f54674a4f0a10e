"""A copy kept current. In: a folder that was pulled into. Out: its tables as the latest release has them, rebuilt from row changes where
that works, fetched where it does not; the bytes are the release's in both cases. Withdrawals are noticed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import sha256_file
from publisher.client.copy import (
    Copy,
    Judge,
    Pointer,
    Remote,
    keep_pointer,
    kept_pointer,
    read_copy,
    read_pointer,
    read_remote,
    release_path,
    require_signature,
)
from publisher.client.pull import fetch_files, settled
from publisher.client.source import SECONDS, Source, open_source
from publisher.diff import ChangeSet, TableState, apply, read, read_published
from publisher.engine import Engine, open_engine, quote
from publisher.errors import NotFound, UsageError
from publisher.model import Resource, Table
from publisher.package.tables import measure, write_csv
from publisher.schema import sql_type, typed_expression
from publisher.store.retry import Retry


@dataclass(frozen=True, slots=True)
class Followed:
    """`before` and `after` are releases, equal where nothing was new. `rebuilt` names tables made from row changes, `fetched` counts
    files that came over the line whole. `withdrawn` is why the release that was here before must not be used any more, or "";
    `back` says that the way to `after` led back."""

    before: str
    after: str
    rebuilt: tuple[str, ...]
    fetched: int
    withdrawn: str
    back: bool


def follow(
    folder: Path, *, judge: Judge | None = None, retry: Retry | None = None, seconds: float = SECONDS
) -> Followed:
    """Bring a copy up to the latest release, which must be signed as `judge` demands.

    Raises UsageError, NotFound, AccessDenied, Unavailable, Damaged."""
    copy = read_copy(folder)
    if copy is None:
        raise UsageError(f"{folder}: nothing was pulled into this folder", "Begin with `publisher pull ADDRESS`.")
    source = open_source(copy.url, retry or Retry(), seconds)
    return settled(lambda known: _follow(source, copy, known, folder, judge), kept_pointer(folder, copy.etag))


def _follow(source: Source, copy: Copy, known: Pointer | None, folder: Path, judge: Judge | None) -> Followed:
    pointer = read_pointer(source, known)
    withdrawn, latest = pointer.withdrawn(copy.version), pointer.latest
    rebuilt: tuple[str, ...] = ()
    fetched, line = 0, [copy.version]
    if latest is not None and latest != copy.version:
        if judge:
            require_signature(source, pointer, latest, judge)
        line = _line(pointer, copy.version, latest)
        remote = read_remote(source, pointer, latest)
        rebuilt = _rebuild(source, pointer, line, copy, remote, folder) if line else ()
        _, fetched = fetch_files(remote, folder, copy.tables, copy.formats)
    keep_pointer(folder, pointer)
    replace(copy, version=latest or copy.version, etag=pointer.etag).save(folder)
    return Followed(copy.version, latest or copy.version, rebuilt, fetched, withdrawn, back=not line)


def _line(pointer: Pointer, start: str, end: str) -> list[str]:
    """Releases after `start` up to `end`, oldest first; none where `end` does not come from `start` (a return to an older one)."""
    found: list[str] = []
    version: str | None = end
    while version and version != start:
        found.append(version)
        try:
            version = pointer.entry(version).get("parent")
        except NotFound:
            return []
    return found[::-1] if version else []


def _rebuild(
    source: Source, pointer: Pointer, line: Sequence[str], copy: Copy, remote: Remote, folder: Path
) -> tuple[str, ...]:
    """CSVs of the latest release made from those that are here. A table that cannot be rebuilt is left for fetching."""
    if copy.formats and "csv" not in copy.formats:
        return ()
    here = folder / release_path(copy.version)
    with tempfile.TemporaryDirectory(prefix="publisher-") as scratch, open_engine(Path(scratch)) as engine:
        try:
            before = read_remote(source, pointer, copy.version)
            states = _states(before, here, copy.tables)
            for version in line:
                step = remote if version == remote.version else read_remote(source, pointer, version)
                states = _step(engine, states, step, Path(scratch) / version, copy.tables)
        except (NotFound, UsageError):
            # A release of long ago may be gone or have no changes, a table may have another form: whole files mend both.
            return ()
        former = {file.sha256 for _, file in before.wanted((), ("csv",))}
        return tuple(
            sorted(name for name in states if _write(engine, states[name], remote, former, Path(scratch), folder))
        )


def _states(before: Remote, here: Path, tables: Sequence[str]) -> dict[str, TableState]:
    found = {}
    for table, file in before.wanted(tables, ("csv",)):
        path = here / file.path
        if path.exists() and sha256_file(path) == file.sha256:
            found[table.name] = TableState(
                table.name, read_published(path, table.schema), table.schema, table.primary_key
            )
    return found


def _step(
    engine: Engine, states: dict[str, TableState], step: Remote, scratch: Path, tables: Sequence[str]
) -> dict[str, TableState]:
    """The tables after one more release."""
    scratch.mkdir()
    changes = read(engine, step.fetch(layout.CHANGES, scratch), step.fetch(layout.CHANGE_ROWS, scratch))
    known = [table for table in changes.tables if table.before is None or table.former_name in states]
    wanted = [table for table in known if not tables or table.name in tables]
    after = apply(engine, list(states.values()), ChangeSet(tuple(wanted), changes.unchanged))
    present = {table.name for table in step.info.tables}
    return {state.name: state for state in after if state.name in present}


def _write(
    engine: Engine, state: TableState, remote: Remote, former: Collection[str], scratch: Path, folder: Path
) -> bool:
    """Whether the rebuilt table has the bytes of the release; only then it is kept. What is in `former` did not change at all."""
    table = next(item for item in remote.info.tables if item.name == state.name)
    file = table.file("csv")
    if (
        file is None
        or file.sha256 in former
        or [str(item["name"]) for item in table.schema["fields"]] != list(state.fields)
    ):
        return False
    resource = Resource(table.name, (), table.schema, {}, "utf-8", {})
    relation = quote(f"rebuilt {table.name}")
    order = _order(table.schema["fields"], table.primary_key)
    engine.run(f"CREATE TABLE {relation} AS SELECT * FROM {state.relation_sql}{order}")
    rebuilt = Table(resource, relation, int(engine.value(f"SELECT count(*) FROM {relation}")))
    written = write_csv(engine, rebuilt, measure(engine, rebuilt), scratch)
    engine.run(f"DROP TABLE {relation}")
    target = folder / release_path(remote.version) / file.path
    if written.sha256 != file.sha256 or written.path is None:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(written.path, target)
    return True


def _order(fields: Sequence[dict[str, Any]], key: Sequence[str]) -> str:
    """Rows are published by key, by typed value, text breaking the ties (publisher/query)."""
    types = {str(field["name"]): field for field in fields}
    terms: list[str] = []
    for name in key:
        if sql_type(types[name]) != "VARCHAR":
            terms.append(f"TRY({typed_expression(types[name], quote(name))})")
        terms.append(quote(name))
    return f" ORDER BY {', '.join(terms)}" if terms else ""
