"""Row changes inside DuckDB. In: two relations of text and the columns they share. Out: a table of changed rows, read in order.

Every value is compared as it is, never by a hash, in one full outer join; only rows that differ leave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from publisher.diff.changes import OPERATIONS, Counts, Row, RowChange, TableChange
from publisher.diff.state import TableState, new_table
from publisher.engine import Engine, quote

SAMPLES = 10
"""Row changes of each kind that a change set shows of a table."""
NUMBERS = {"integer", "number", "year"}
"""Types of Table Schema whose values are numbers in JSON."""


Pair = tuple[int | None, int | None]
"""The positions of one column after and before, None on a side that has not got it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of both sides side by side."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    both: tuple[Pair, ...]

    def position(self, name: str) -> Pair:
        """Both positions of a column under its present name, or its last one where it was removed."""
        if name in self.after:
            return next(pair for pair in self.both if pair[0] == self.after.index(name))
        return None, self.before.index(name)

    def name(self, pair: Pair) -> str:
        after, before = pair
        if after is not None:
            return self.after[after]
        assert before is not None
        return self.before[before]


def columns_of(change: TableChange) -> Columns:
    """The columns of a table change, those after first, removed ones last."""
    before = change.before.fields if change.before else ()
    after = change.after.fields if change.after else ()
    both: list[Pair] = [
        (index, before.index(change.pairs[name]) if name in change.pairs else None) for index, name in enumerate(after)
    ]
    both += [(None, index) for index, name in enumerate(before) if name not in change.pairs.values()]
    return Columns(before, after, tuple(both))


def compare_rows(engine: Engine, change: TableChange, marked: bool = True) -> str:
    """Compare the rows of `change.before` and `change.after`. Out: the quoted name of the table of row changes; of a view where none of
    them will be `marked` and all of them lie in parts that one side has."""
    name, states = new_table(engine), [state for state in (change.before, change.after) if state]
    lying = all(state.divided for state in states) and not all(state.parts for state in states)
    engine.run(f"CREATE {'VIEW' if lying and not marked else 'TABLE'} {name} AS {compared_sql(change)}")
    return name


def compared_sql(change: TableChange) -> str:
    """A SELECT of the row changes between both sides, in no order."""
    columns = columns_of(change)
    keyed = bool(change.key)
    sides = (
        _side(change.before, [before for _, before in columns.both], keyed=keyed),
        _side(change.after, [after for after, _ in columns.both], keyed=keyed),
    )
    compared = [columns.both.index(columns.position(key)) for key in change.key] or range(len(columns.both))
    matched = " AND ".join(f"b.u{index} IS NOT DISTINCT FROM a.u{index}" for index in compared) or "true"
    differs = " OR ".join(
        f"b.u{index} IS DISTINCT FROM a.u{index}" for index in range(len(columns.both)) if index not in compared
    )
    if keyed:
        op = "CASE WHEN b.n IS NULL THEN 'add' WHEN a.n IS NULL THEN 'remove' ELSE 'change' END"
        count = "1::BIGINT"
        where = "b.n IS NULL OR a.n IS NULL" + (f" OR {differs}" if differs else "")
    else:
        op = "CASE WHEN coalesce(a.n, 0) > coalesce(b.n, 0) THEN 'add' ELSE 'remove' END"
        count = "abs(coalesce(a.n, 0) - coalesce(b.n, 0))"
        where = "coalesce(a.n, 0) <> coalesce(b.n, 0)"
    return (
        f"SELECT {op} AS op, {count} AS n, NULL::VARCHAR AS reason{_values(columns, keyed=keyed)} "
        f"FROM {sides[0]} b FULL OUTER JOIN {sides[1]} a ON {matched} WHERE {where}"
    )


def matched_by(change: TableChange) -> tuple[str, str]:
    """SQL of what rows before and after are matched by: of either side a hash, equal where rows are compared with each other."""
    columns = columns_of(change)
    pairs = [columns.position(name) for name in change.key] or columns.both
    sides = ((columns.before, [before for _, before in pairs]), (columns.after, [after for after, _ in pairs]))
    before, after = (
        f"hash({', '.join('NULL::VARCHAR' if place is None else quote(names[place]) for place in places)})"
        for names, places in sides
    )
    return before, after


def _side(state: TableState | None, positions: list[int | None], *, keyed: bool) -> str:
    """One side as u0, u1, ...: the columns of both sides in one order, each with n, how many equal rows there are."""
    names = state.fields if state else ()
    values = [
        f"{quote(names[position]) if position is not None else 'NULL::VARCHAR'} AS u{index}"
        for index, position in enumerate(positions)
    ]
    if state is None:
        return f"(SELECT {', '.join(['1::BIGINT AS n', *values])} WHERE false)"
    if keyed:
        return f"(SELECT {', '.join(['1::BIGINT AS n', *values])} FROM {state.relation_sql})"
    return f"(SELECT {', '.join(['count(*) AS n', *values])} FROM {state.relation_sql} GROUP BY ALL)"


def _values(columns: Columns, *, keyed: bool) -> str:
    """The columns b0, b1, ..., a0, a1, ... of the result; rows that are only counted keep the side they are on."""
    places: dict[str, str] = {}
    for index, (after, before) in enumerate(columns.both):
        if before is not None:
            places[f"b{before}"] = f"b.u{index}" if keyed else f"CASE WHEN op = 'remove' THEN b.u{index} END"
        if after is not None:
            places[f"a{after}"] = f"a.u{index}" if keyed else f"CASE WHEN op = 'add' THEN a.u{index} END"
    order = [f"b{index}" for index in range(len(columns.before))] + [f"a{index}" for index in range(len(columns.after))]
    return "".join(f", {places[place]} AS {place}" for place in order)


def key_values(change: TableChange) -> list[str]:
    """SQL of the key's values in a table of row changes, from whichever side has them."""
    return [either(columns_of(change).position(name)) for name in change.key]


def either(pair: Pair) -> str:
    """SQL of a column's value from the side that has it, the one after first."""
    after, before = pair
    places = [place for place in (_place("a", after), _place("b", before)) if place != "NULL"]
    return f"coalesce({', '.join(places)})" if len(places) > 1 else places[0]


def _place(side: str, position: int | None) -> str:
    return "NULL" if position is None else f"{side}{position}"


def order_by(change: TableChange) -> str:
    """The one order in which row changes are published: by key, numbers as numbers; where rows have no key, by all values."""
    columns = columns_of(change)
    pairs = [columns.position(name) for name in change.key] or list(columns.both)
    types = {str(item["name"]): item.get("type") for item in change.state.schema.get("fields", ())}
    terms: list[str] = []
    for pair in pairs:
        value = either(pair)
        if types.get(columns.name(pair)) in NUMBERS:
            terms.append(f"TRY_CAST({value} AS DOUBLE)")
        terms.append(value)
    return ", ".join((*terms, "op"))


def mark(engine: Engine, change: TableChange, *, returns: str = "", reasons: str = "") -> None:
    """Say which added rows came back and why rows were removed.

    `returns` is SQL of a relation with `key`, a list of texts; `reasons` one with `key` and `reason`. Each may be empty.
    """
    if not change.key or not change.relation:
        return
    key = f"[{', '.join(key_values(change))}]"
    if returns:
        engine.run(
            f"UPDATE {change.relation} SET op = 'return' WHERE op = 'add' AND {key} IN (SELECT key FROM {returns})"
        )
    if reasons:
        engine.run(
            f"UPDATE {change.relation} SET reason = found.reason FROM {reasons} found WHERE op = 'remove' AND {key} = found.key"
        )


def count_rows(engine: Engine, change: TableChange) -> tuple[Counts, Mapping[str, int]]:
    """How many rows changed in which way, and for how many of the changed ones each column differs."""
    columns = columns_of(change)
    paired = [pair for pair in columns.both if None not in pair]
    kept = " OR ".join(differ(pair) for pair in paired) or "false"
    totals = [f"coalesce(sum(n) FILTER (op = '{op}'), 0)::BIGINT" for op in ("add", "return", "change", "remove")]
    totals.append(f"count(*) FILTER (op = 'change' AND NOT ({kept}))")
    totals.append("coalesce(sum(n) FILTER (op = 'remove' AND reason IS NOT NULL), 0)::BIGINT")
    each = [f"count(*) FILTER (op = 'change' AND {differ(pair)})" for pair in columns.both]
    (row,) = engine.rows(f"SELECT {', '.join((*totals, *each))} FROM {change.relation}")
    fields = {columns.name(pair): int(count) for pair, count in zip(columns.both, row[6:], strict=True) if count}
    return Counts(*(int(value) for value in row[:6])), fields


def differ(pair: Pair) -> str:
    """SQL that is true where a column's values differ; a side without the column counts as missing."""
    after, before = pair
    return f"{_place('b', before)} IS DISTINCT FROM {_place('a', after)}"


def sample_rows(engine: Engine, change: TableChange, limit: int) -> tuple[RowChange, ...]:
    """The first `limit` row changes of each kind, in the published order."""
    columns = columns_of(change)
    order = order_by(change)
    first = " UNION ALL ".join(
        f"(FROM {change.relation} WHERE op = '{op}' ORDER BY {order} LIMIT {limit})" for op in OPERATIONS
    )
    rows = engine.rows(f"FROM ({first}) ORDER BY {order}")
    return tuple(_row_change(change, columns, row) for row in rows)


def _row_change(change: TableChange, columns: Columns, row: tuple[object, ...]) -> RowChange:
    op, count, reason, *rest = row
    texts = [None if value is None else str(value) for value in rest]
    before = dict(zip(columns.before, texts, strict=False))
    after = dict(zip(columns.after, texts[len(columns.before) :], strict=True))
    key: Row | None = None
    if change.key:
        key = {
            name: after[name] if op != "remove" else before[columns.before[columns.position(name)[1] or 0]]
            for name in change.key
        }
    changed: tuple[str, ...] = ()
    if op == "change":
        changed = tuple(
            columns.name((now, was))
            for now, was in columns.both
            if (None if was is None else texts[was]) != (None if now is None else texts[len(columns.before) + now])
        )
    return RowChange(
        str(op),
        key,
        before if op in {"change", "remove"} else None,
        after if op != "remove" else None,
        changed,
        int(str(count)),
        "" if reason is None else str(reason),
    )


def keys_of(engine: Engine, change: TableChange, op: str) -> list[tuple[str | None, ...]]:
    """The keys of all rows with one operation, in the published order."""
    if not change.key or not change.relation:
        return []
    rows = engine.rows(
        f"SELECT {', '.join(key_values(change))} FROM {change.relation} WHERE op = ? ORDER BY {order_by(change)}", [op]
    )
    return [tuple(None if value is None else str(value) for value in row) for row in rows]
