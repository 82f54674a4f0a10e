"""Two releases compared. In: the tables before and after, as published. Out: a ChangeSet; changed rows stay in the engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from publisher.diff.changes import LISTED, ChangeSet, TableChange
from publisher.diff.metadata import compare_package, compare_resource
from publisher.diff.rows import SAMPLES, compare_rows, count_rows, mark, sample_rows
from publisher.diff.schema import SchemaChange, compare_schemas, deprecation, former_names, pair_fields
from publisher.diff.state import TableState
from publisher.engine import Engine
from publisher.model import Descriptor

RowComparison = Callable[[Engine, TableChange, bool], str]
"""Compares the rows of a table as compare_rows does. In: the engine, the change, whether rows will be marked. Out: the relation."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What people and earlier releases say about rows: relations of the engine by table.

    `retired` gives `key` (a list of texts) of every row that an earlier release removed; `reasons` gives `key` and `reason` of
    rows whose removal has one. See tombstones.py.
    """

    retired: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


def compare(
    engine: Engine,
    before: Sequence[TableState],
    after: Sequence[TableState],
    unchanged: Collection[str] = (),
    *,
    package: tuple[Descriptor, Descriptor] = ({}, {}),
    notes: Notes | None = None,
    from_version: str = "",
    to_version: str = "",
    rows: RowComparison = compare_rows,
) -> ChangeSet:
    """Everything that differs between two releases of a package.

    `unchanged` names tables whose published CSV has the same bytes; their rows are not read unless their columns changed.
    `package` holds the package's descriptor before and after; `rows` compares the rows of a table. Tables come in the order of their names.
    """
    said = notes or Notes()
    pairs = _pair_tables(before, after)
    referenced = _referenced(before)
    found: list[TableChange] = []
    same: list[str] = []
    for was, now in pairs:
        skip = was is not None and was.name in unchanged
        change = _compare_table(engine, was, now, said, rows, skip_rows=skip, referenced=referenced)
        if change.empty:
            same.append(change.name)
        else:
            found.append(change)
    found.sort(key=lambda change: change.name)
    return ChangeSet(tuple(found), tuple(sorted(same)), compare_package(*package), from_version, to_version)


def begin(engine: Engine, after: Sequence[TableState], to_version: str = "") -> ChangeSet:
    """The change set of a first release: every table is new; their rows are the release itself and are not listed again."""
    tables = [
        TableChange(None, state, {}, state.primary_key, "", describe(None, state, {}), rows_after=_rows(engine, state))
        for state in sorted(after, key=lambda state: state.name)
    ]
    return ChangeSet(tuple(tables), to_version=to_version)


def _pair_tables(
    before: Sequence[TableState], after: Sequence[TableState]
) -> list[tuple[TableState | None, TableState | None]]:
    """Tables that are the same one, by name or by `renamed_from`; added and removed ones alone."""
    left = {state.name: state for state in before}
    present = {state.name for state in after}
    pairs: list[tuple[TableState | None, TableState | None]] = []
    for state in after:
        names = [state.name, *(name for name in former_names(state.descriptor) if name not in present)]
        former = next((name for name in names if name in left), None)
        pairs.append((left.pop(former) if former is not None else None, state))
    return pairs + [(state, None) for state in left.values()]


def _referenced(tables: Sequence[TableState]) -> set[str]:
    """Tables that another table refers to by a foreign key."""
    keys = (
        (state.name, key.get("reference") or {}) for state in tables for key in state.schema.get("foreignKeys") or ()
    )
    return {
        str(reference.get("resource")) for name, reference in keys if reference.get("resource") not in {None, "", name}
    }


def _compare_table(
    engine: Engine,
    before: TableState | None,
    after: TableState | None,
    notes: Notes,
    rows: RowComparison,
    *,
    skip_rows: bool,
    referenced: Collection[str],
) -> TableChange:
    described = describe(before, after, _pairs(before, after))
    before = before.told() if before else None
    pairs = _pairs(before, after)
    change = TableChange(before, after, pairs, row_key(before, after, pairs), "", described)
    change = replace(change, referenced=change.former_name in referenced)
    if skip_rows and before and after and before.fields == after.fields and list(pairs) == list(pairs.values()):
        count = _rows(engine, after) if change.schema else 0
        return replace(change, rows_before=count, rows_after=count)
    returns, reasons = notes.retired.get(change.former_name, ""), notes.reasons.get(change.name, "")
    change = replace(change, relation=rows(engine, change, bool(returns or reasons)))
    mark(engine, change, returns=returns, reasons=reasons)
    change = count_change(engine, change, _rows(engine, after) if after else 0)
    return replace(change, listed=not change.state.divided or change.counts.total <= LISTED)


def _pairs(before: TableState | None, after: TableState | None) -> Mapping[str, str]:
    return pair_fields(before.schema, after.schema) if before and after else {}


def _rows(engine: Engine, state: TableState) -> int:
    return state.rows if state.rows is not None else int(engine.value(f"SELECT count(*) FROM {state.relation_sql}"))


def count_change(engine: Engine, change: TableChange, rows_after: int) -> TableChange:
    """The change with its counts and samples; without its table of row changes where that is empty."""
    counts, fields = count_rows(engine, change)
    rows_before = rows_after - counts.added - counts.returned + counts.removed
    change = replace(change, counts=counts, rows_before=rows_before, rows_after=rows_after, changed_fields=fields)
    if not counts.total:
        return replace(change, relation="")
    return replace(change, samples=sample_rows(engine, change, SAMPLES))


def row_key(before: TableState | None, after: TableState | None, pairs: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that identify rows on both sides, by their present names; none where the key is another one than before."""
    if after is None:
        return before.primary_key if before else ()
    if before is None:
        return after.primary_key
    former = tuple(pairs.get(name, "") for name in after.primary_key)
    return after.primary_key if former == before.primary_key else ()


def describe(before: TableState | None, after: TableState | None, pairs: Mapping[str, str]) -> tuple[SchemaChange, ...]:
    """What changed in a table's schema and description."""
    if before is None:
        assert after is not None
        return (SchemaChange("table_added", after.name),)
    if after is None:
        return (
            SchemaChange("table_removed", before.name, property="deprecated", before=deprecation(before.descriptor)),
        )
    renamed = (SchemaChange("table_renamed", after.name, "", "name", before.name, after.name),)
    return (
        *(renamed if before.name != after.name else ()),
        *compare_schemas(after.name, before.schema, after.schema, pairs),
        *compare_resource(after.name, before.descriptor, after.descriptor),
    )
