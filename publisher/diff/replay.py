"""Changes applied to the release they start from. In: its rows and a ChangeSet. Out: the rows of the release they lead to."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.diff.changes import ChangeSet, TableChange
from publisher.diff.rows import Columns, columns_of, either
from publisher.diff.state import TableState, new_table
from publisher.engine import Engine, quote
from publisher.errors import UsageError


def apply(engine: Engine, parent: Sequence[TableState], changes: ChangeSet) -> tuple[TableState, ...]:
    """The tables after `changes`, each as a table of the engine with rows in no particular order; unchanged ones as they are.

    Changed tables come first in the order of the change set. Raises UsageError where the rows that changed or went are not those
    of `parent`: the changes start from another release.
    """
    left = {state.name: state for state in parent}
    found: list[TableState] = []
    for change in changes.tables:
        before = left.pop(change.before.name, None) if change.before else None
        if change.before is not None and before is None:
            raise _wrong_parent(change.before.name)
        if change.after is not None:
            found.append(_apply_table(engine, before, change))
    return (*found, *left.values())


def _apply_table(engine: Engine, before: TableState | None, change: TableChange) -> TableState:
    after = change.after
    assert after is not None
    relation = new_table(engine)
    columns = columns_of(change)
    if before is None:
        rows = _arrived(change, columns)
    elif not change.relation:
        rows = f"SELECT {_reshaped(change, columns)} FROM {before.relation_sql}"
    elif change.key:
        _check_parent(engine, before, change)
        rows = _apply_keyed(before, change, columns)
    else:
        rows = _apply_counted(before, change, columns)
    engine.run(f"CREATE TABLE {relation} AS {rows}")
    if before is not None and change.relation and not change.key:
        _check_count(engine, relation, before, change)
    return TableState(after.name, relation, after.schema, after.primary_key, after.descriptor)


def _reshaped(change: TableChange, columns: Columns) -> str:
    """The columns after, taken from the rows before; added ones are empty."""
    return ", ".join(
        f"{'NULL::VARCHAR' if name not in change.pairs else quote(change.pairs[name])} AS {quote(name)}"
        for name in columns.after
    )


def _arrived(change: TableChange, columns: Columns) -> str:
    """Rows that are new or have new values, under the names after."""
    values = ", ".join(f"a{index} AS {quote(name)}" for index, name in enumerate(columns.after))
    if not change.relation:
        return "SELECT " + ", ".join(f"NULL::VARCHAR AS {quote(name)}" for name in columns.after) + " WHERE false"
    return f"SELECT {values} FROM (SELECT *, unnest(range(n)) FROM {change.relation} WHERE op IN ('add', 'return', 'change'))"


def _apply_keyed(before: TableState, change: TableChange, columns: Columns) -> str:
    return (
        f"SELECT {_reshaped(change, columns)} FROM {before.relation_sql} p WHERE NOT EXISTS "
        f"(SELECT 1 FROM {change.relation} d WHERE d.op IN ('change', 'remove') AND {_same_key(change)}) "
        f"UNION ALL {_arrived(change, columns)}"
    )


def _same_key(change: TableChange) -> str:
    assert change.before is not None
    former = (change.pairs.get(name, name) for name in change.key)
    return " AND ".join(
        f"p.{quote(name)} IS NOT DISTINCT FROM d.b{change.before.fields.index(name)}" for name in former
    )


def _check_parent(engine: Engine, before: TableState, change: TableChange) -> None:
    """Every row that changed or went is in the parent as the change says it was."""
    assert change.before is not None
    equal = " AND ".join(
        f"p.{quote(name)} IS NOT DISTINCT FROM d.b{index}" for index, name in enumerate(change.before.fields)
    )
    present = engine.value(
        f"SELECT count(*) FROM {before.relation_sql} p JOIN {change.relation} d ON {equal} WHERE d.op IN ('change', 'remove')"
    )
    if present != change.counts.changed + change.counts.removed:
        raise _wrong_parent(before.name)


def _apply_counted(before: TableState, change: TableChange, columns: Columns) -> str:
    """Rows of a table without a key: as many of each as there were, plus those that came, less those that went."""
    both = range(len(columns.both))
    was = ", ".join(
        f"{'NULL::VARCHAR' if place is None else quote(columns.before[place])} AS u{index}"
        for index, (_, place) in enumerate(columns.both)
    )
    moved = ", ".join(f"{either(pair)} AS u{index}" for index, pair in enumerate(columns.both))
    names = ", ".join(
        f"u{index} AS {quote(columns.after[place])}"
        for index, (place, _) in enumerate(columns.both)
        if place is not None
    )
    return (
        f"SELECT {names} FROM (SELECT {', '.join(f'u{index}' for index in both)}, unnest(range(sum(n)::BIGINT)) FROM ("
        f"SELECT 1 AS n, {was} FROM {before.relation_sql} UNION ALL "
        f"SELECT CASE WHEN op = 'remove' THEN -n ELSE n END AS n, {moved} FROM {change.relation}"
        f") GROUP BY {', '.join(f'u{index}' for index in both)} HAVING sum(n) > 0)"
    )


def _check_count(engine: Engine, relation: str, before: TableState, change: TableChange) -> None:
    rows = engine.value(f"SELECT count(*) FROM {relation}")
    started = engine.value(f"SELECT count(*) FROM {before.relation_sql}")
    if rows != started + change.counts.added + change.counts.returned - change.counts.removed:
        engine.run(f"DROP TABLE {relation}")
        raise _wrong_parent(before.name)


def _wrong_parent(table: str) -> UsageError:
    return UsageError(
        f"these changes do not start from the rows of {table} that are here",
        "Apply changes one release after the other, or take the release as a whole.",
    )
