"""Tables of a later release made from those that are here. In: a copy's release, the releases after it, their row changes. Out: files of
the last one, each with the sha256 that was published; what cannot be made so, or is less to fetch, is left out.

What is made: CSV, and from the same rows JSON, NDJSON and Parquet where the copy has them too. Their bytes follow from the rows; Parquet's
depend on the version of DuckDB as well, so it may have to be fetched.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import sha256_file
from publisher.client.copy import Copy, Remote, release_path
from publisher.diff import ChangeSet, TableState, apply, read, read_published
from publisher.engine import Engine, open_engine, quote
from publisher.errors import NotFound, UsageError
from publisher.model import File, Resource, Table
from publisher.package.metadata import TableInfo
from publisher.package.tables import FORMATS, write_csv, write_json, write_parquet
from publisher.schema import sql_type, typed_expression

LONGER = 5
"""Bytes of a changed row in changes.ndjson, for each byte of the row in CSV: names of columns, and the row before and after."""


def rebuild(before: Remote, line: Sequence[Remote], copy: Copy, folder: Path) -> tuple[str, ...]:
    """Make tables of the last release of `line`, the releases that came after `before`, oldest first. Names of the tables that were made.

    Raises AccessDenied, Unavailable, Damaged."""
    if copy.formats and "csv" not in copy.formats:
        return ()
    latest = line[-1]
    with tempfile.TemporaryDirectory(prefix="publisher-") as scratch, open_engine(Path(scratch)) as engine:
        try:
            states = _states(before, folder / release_path(before.version), copy.tables)
            wanted = [table for table in latest.info.tables if table.name in _changed(before, latest, copy.tables)]
            if not _pays(line, wanted, copy, Path(scratch)):
                return ()
            for step in line:
                states = _step(engine, states, step, Path(scratch) / step.version, copy.tables)
        except (NotFound, UsageError):
            # A release of long ago may be gone or have no changes, a table may have another form: whole files mend both.
            return ()
        made = (table.name for table in wanted if table.name in states)
        return tuple(sorted(name for name in made if _make(engine, states[name], latest, copy, Path(scratch), folder)))


def _states(before: Remote, here: Path, tables: Sequence[str]) -> dict[str, TableState]:
    """The tables that are here, as they were published."""
    found = {}
    for table, file in before.wanted(tables, ("csv",)):
        if table.divided:
            # most of its parts are here already, and the others are fetched whole
            continue
        path = here / file.path
        if path.exists() and sha256_file(path) == file.sha256:
            found[table.name] = TableState(
                table.name, read_published(path, table.schema), table.schema, table.primary_key
            )
    return found


def _changed(before: Remote, latest: Remote, tables: Sequence[str]) -> set[str]:
    """Tables whose CSV is another one."""
    former = {file.sha256 for _, file in before.wanted((), ("csv",))}
    return {
        table.name for table, file in latest.wanted(tables, ("csv",)) if file.sha256 not in former and not table.divided
    }


def _pays(line: Sequence[Remote], wanted: Sequence[TableInfo], copy: Copy, scratch: Path) -> bool:
    """Whether the changes are less to fetch than the tables themselves."""
    whole = sum(file.bytes for table in wanted for file in table.files if _is_made(file.format, copy))
    width = {table.name: _width(table) for table in wanted}
    changes = 0.0
    for step in line:
        (scratch / step.version).mkdir()
        summary = json.loads(step.fetch(layout.CHANGES, scratch / step.version).read_bytes())
        for item in summary["tables"]:
            touched = sum(int(item["counts"].get(name, 0)) for name in ("added", "returned", "changed", "removed"))
            changes += LONGER * touched * width.get(str(item["table"]), max(width.values(), default=0))
    return changes < whole


def _is_made(kind: str, copy: Copy) -> bool:
    return kind in FORMATS and (not copy.formats or kind in copy.formats)


def _width(table: TableInfo) -> float:
    file = table.file("csv")
    return file.bytes / max(table.rows, 1) if file else 0.0


def _step(
    engine: Engine, states: dict[str, TableState], step: Remote, scratch: Path, tables: Sequence[str]
) -> dict[str, TableState]:
    """The tables after one more release."""
    changes = read(engine, scratch / layout.CHANGES, step.fetch(layout.CHANGE_ROWS, scratch))
    told = [table for table in changes.tables if table.listed]
    known = [table for table in told if table.before is None or table.former_name in states]
    wanted = [table for table in known if not tables or table.name in tables]
    after = apply(engine, list(states.values()), ChangeSet(tuple(wanted), changes.unchanged))
    present = {table.name for table in step.info.tables}
    return {state.name: state for state in after if state.name in present}


def _make(engine: Engine, state: TableState, latest: Remote, copy: Copy, scratch: Path, folder: Path) -> bool:
    """Whether the table was made with the bytes of the release. Only then any of its files is kept."""
    table = latest.info.table(state.name)
    # SHA256SUMS was read with suspicion, so a table that it names writes nowhere else.
    named = layout.table_file(table.name, "csv") in latest.sums
    if not named or [str(item["name"]) for item in table.schema["fields"]] != list(state.fields):
        return False
    relation = quote(f"rebuilt {table.name}")
    order = _order(table.schema["fields"], table.primary_key)
    engine.run(f"CREATE TABLE {relation} AS SELECT * FROM {state.relation_sql}{order}")
    rows = Table(Resource(table.name, (), table.schema, {}, "utf-8", {}), relation, table.rows)
    promised = {file.path: file.sha256 for file in table.files if _is_made(file.format, copy)}
    made = _keep(_write(engine, rows, latest, copy, scratch), promised, folder / release_path(latest.version))
    engine.run(f"DROP TABLE {relation}")
    return made


def _write(engine: Engine, rows: Table, latest: Remote, copy: Copy, scratch: Path) -> Iterator[File]:
    """The table's files in the wanted formats, the CSV first."""
    resources: Iterable[Mapping[str, Any]] = latest.descriptor["resources"]
    version = next(str(item.get("version", "")) for item in resources if item["name"] == rows.resource.name)
    csv = write_csv(engine, rows, scratch)
    yield csv
    if any(_is_made(kind, copy) for kind in ("json", "ndjson")):
        yield from write_json(engine, rows, scratch, latest.info.name, version)
    if _is_made("parquet", copy):
        yield write_parquet(engine, rows, csv, scratch, latest.info.name, version)


def _keep(files: Iterator[File], promised: Mapping[str, str], target: Path) -> bool:
    """Put those files at their place that are as promised; where the CSV, the first, is not, nothing is right."""
    target.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(files):
        if file.path is not None and promised.get(file.name) == file.sha256:
            shutil.move(file.path, target / file.name)
        elif number == 0:
            return False
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
