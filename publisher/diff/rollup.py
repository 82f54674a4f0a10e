"""Several releases' changes as one. In: change sets that follow each other. Out: the ChangeSet from the first's parent to the last.

Rows are counted with signs: a row that one step brings and another takes away cancels out, whatever happened between; what is
left is compared as two releases are, so that a rollup equals the comparison of its two ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from publisher.diff.changes import ChangeSet, Counts, TableChange
from publisher.diff.compare import count_change, describe, row_key
from publisher.diff.metadata import compare_package
from publisher.diff.rows import compare_rows, key_values, mark
from publisher.diff.schema import SchemaChange, pair_fields
from publisher.diff.state import TableState, new_table
from publisher.engine import Engine, quote
from publisher.errors import UsageError
from publisher.model import Descriptor


@dataclass(frozen=True, slots=True)
class Trail:
    """One table through all steps. `numbers` says for each step which column of the trail each column before and after is."""

    steps: tuple[TableChange, ...]
    numbers: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

    @property
    def width(self) -> int:
        return 1 + max((number for sides in self.numbers for side in sides for number in side), default=-1)


def compose(engine: Engine, steps: Sequence[ChangeSet]) -> ChangeSet:
    """The changes from the release before the first step to the release after the last.

    Raises UsageError where a step does not start where the one before it ends, or there is no step.
    """
    if not steps:
        raise UsageError("there are no changes to put together", "Name a release that has an earlier one.")
    for one, following in pairwise(steps):
        if one.to_version != following.from_version:
            raise UsageError(
                f"changes to {one.to_version} are followed by changes from {following.from_version}",
                "Give the changes of every release between, in order.",
            )
    composed = [
        _compose_table(engine, trail) for trail in _trails(steps) if trail.steps[0].before or trail.steps[-1].after
    ]
    changed = tuple(sorted((change for change in composed if not change.empty), key=lambda change: change.name))
    last = steps[-1]
    present = {*last.unchanged, *(table.name for table in last.tables if table.after)}
    unchanged = tuple(sorted(present - {change.name for change in changed}))
    metadata = compare_package(*_ends(item for step in steps for item in step.metadata))
    return ChangeSet(changed, unchanged, metadata, steps[0].from_version, last.to_version)


def _trails(steps: Sequence[ChangeSet]) -> list[Trail]:
    """The changes of each table in order; a table that comes back under a name that the first release had goes on its trail."""
    trails: list[list[TableChange]] = []
    live: dict[str, list[TableChange]] = {}
    gone: dict[str, list[TableChange]] = {}
    for step in steps:
        arrived: dict[str, list[TableChange]] = {}
        for change in step.tables:
            former = change.before.name if change.before else ""
            trail = live.pop(former, None) if former else gone.pop(change.name, None)
            if trail is None:
                trail = []
                trails.append(trail)
            trail.append(change)
            if change.after is not None:
                arrived[change.after.name] = trail
            elif trail[0].before is not None:
                gone[trail[0].before.name] = trail
        live |= arrived
    return [Trail(tuple(trail), _number(trail)) for trail in trails]


def _number(steps: Sequence[TableChange]) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """Which column is which through all steps; one that comes back under a name of the first release is the same again."""
    first = steps[0].before
    origin = {name: number for number, name in enumerate(first.fields)} if first else {}
    present = dict(origin)
    count = len(origin)
    found = []
    for step in steps:
        before = tuple(present[name] for name in step.before.fields) if step.before else ()
        following = {name: present[former] for name, former in step.pairs.items()}
        for name in step.after.fields if step.after else ():
            if name in following:
                continue
            if name in origin and origin[name] not in following.values():
                following[name] = origin[name]
            else:
                following[name] = count
                count += 1
        found.append((before, tuple(following[name] for name in step.after.fields) if step.after else ()))
        present = following
    return tuple(found)


def _compose_table(engine: Engine, trail: Trail) -> TableChange:
    first, last = trail.steps[0], trail.steps[-1]
    if not all(step.listed for step in trail.steps):
        return _count_table(trail)
    moves = _moves(engine, trail)
    numbers_before, numbers_after = trail.numbers[0][0], trail.numbers[-1][1]
    was, now = _ends(item for step in trail.steps for item in step.schema if _of_table(item))
    before = _end(first.before, moves, numbers_before, "-s", was)
    after = _end(last.after, moves, numbers_after, "s", now)
    pairs = {
        name: before.fields[numbers_before.index(number)]
        for name, number in zip(after.fields if after else (), numbers_after, strict=True)
        if before and number in numbers_before
    }
    change = TableChange(before, after, pairs, row_key(before, after, pairs), "", describe(before, after, pairs))
    change = replace(change, referenced=first.referenced, relation=compare_rows(engine, change))
    mark(engine, change, returns=_returns(trail, change.key), reasons=_reasons(trail, change.key))
    change = count_change(engine, change, last.rows_after)
    engine.run(f"DROP TABLE {moves}")
    return replace(change, before=_without_rows(change.before), after=_without_rows(change.after))


def _count_table(trail: Trail) -> TableChange:
    """A table of which some step only counted its rows: so does their sum, in which a row that came and went is counted for both."""
    first, last = trail.steps[0], trail.steps[-1]
    before, after = first.before, last.after
    was, now = _ends(item for step in trail.steps for item in step.schema if _of_table(item))
    before = replace(before, descriptor=was) if before else None
    after = replace(after, descriptor=now) if after else None
    pairs = pair_fields(before.schema, after.schema) if before and after else {}
    change = TableChange(before, after, pairs, row_key(before, after, pairs), "", describe(before, after, pairs))
    counts = sum((step.counts for step in trail.steps), Counts())
    rows = first.rows_before, last.rows_after
    return replace(
        change, counts=counts, referenced=first.referenced, listed=False, rows_before=rows[0], rows_after=rows[1]
    )


def _moves(engine: Engine, trail: Trail) -> str:
    """Rows that are fewer (s < 0) or more (s > 0) after all steps than before, in the columns of the trail c0, c1, ..."""
    name = new_table(engine)
    columns = ", ".join(f"c{number}" for number in range(trail.width))
    parts = [
        f"SELECT 0::BIGINT AS n, {', '.join(f'NULL::VARCHAR AS c{number}' for number in range(trail.width))} WHERE false"
    ]
    for step, (before, after) in zip(trail.steps, trail.numbers, strict=True):
        if step.relation:
            parts.append(_side(step.relation, "-n", "b", before, trail.width, "('change', 'remove')"))
            parts.append(_side(step.relation, "n", "a", after, trail.width, "('add', 'return', 'change')"))
    engine.run(
        f"CREATE TABLE {name} AS SELECT sum(n)::BIGINT AS s, {columns} FROM ({' UNION ALL '.join(parts)}) "
        f"GROUP BY {columns} HAVING s <> 0"
    )
    return name


def _side(relation: str, count: str, side: str, numbers: Sequence[int], width: int, ops: str) -> str:
    values = ", ".join(
        f"{f'{side}{numbers.index(number)}' if number in numbers else 'NULL::VARCHAR'} AS c{number}"
        for number in range(width)
    )
    return f"SELECT {count} AS n, {values} FROM {relation} WHERE op IN {ops}"


def _end(
    state: TableState | None, moves: str, numbers: Sequence[int], count: str, descriptor: Descriptor
) -> TableState | None:
    """The rows that only one end has, as a table of that end."""
    if state is None:
        return None
    values = ", ".join(f"c{number} AS {quote(name)}" for name, number in zip(state.fields, numbers, strict=True))
    rows = f"(SELECT {values} FROM (SELECT *, unnest(range({count})) FROM {moves} WHERE {count} > 0))"
    return TableState(state.name, rows, state.schema, state.primary_key, descriptor)


def _without_rows(state: TableState | None) -> TableState | None:
    return replace(state, relation_sql="") if state else None


def _returns(trail: Trail, key: tuple[str, ...]) -> str:
    """SQL of the keys whose first arrival was a return."""
    rows = _keyed_rows(trail, key, "op", "('add', 'return')")
    return f"(SELECT key FROM ({rows}) GROUP BY key HAVING arg_min(value, step) = 'return')" if rows else ""


def _reasons(trail: Trail, key: tuple[str, ...]) -> str:
    """SQL of the reason of each row's last removal."""
    rows = _keyed_rows(trail, key, "reason", "('remove')")
    return f"(SELECT key, arg_max_null(value, step) AS reason FROM ({rows}) GROUP BY key)" if rows else ""


def _keyed_rows(trail: Trail, key: tuple[str, ...], value: str, ops: str) -> str:
    return " UNION ALL ".join(
        f"SELECT [{', '.join(key_values(step))}] AS key, {value} AS value, {number} AS step FROM {step.relation} WHERE op IN {ops}"
        for number, step in enumerate(trail.steps)
        if step.relation and key and len(step.key) == len(key)
    )


def _of_table(item: SchemaChange) -> bool:
    """Whether a change is one of the table's own description, not of its schema."""
    described = item.kind in {"metadata_changed", "deprecated"} and not item.property.startswith("schema.")
    return not item.field and (described or item.kind == "table_removed")


def _ends(changes: Iterable[SchemaChange]) -> tuple[Descriptor, Descriptor]:
    """The properties that steps changed, as they were before the first and after the last of them."""
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for item in changes:
        before.setdefault(item.property, item.before)
        after[item.property] = item.after
    return before, after
