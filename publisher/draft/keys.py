"""What identifies a row, and what refers to what. In: drafts of tables. Out: a primary key, foreign keys, as far as the rows bear them out.

A key is a suggestion: every value is there once today. It is made where the name or the place of a column speaks for it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from publisher.draft.reading import Draft
from publisher.engine import Engine

_KEYS = {"integer", "string"}
_NAMED = re.compile(r"(^|_)(id|key|code|nr|no|number|iso|iso2|iso3|slug|uuid)$")
_LONGEST = 64
_PAIRED = 8
"""Columns among which a key of two columns is looked for."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`table`'s column refers to the key of `other`. `missing` counts values that are not there: 0 where it can be a foreign key."""

    table: str
    column: str
    other: str
    key: str
    missing: int


def find_key(engine: Engine, draft: Draft) -> tuple[str, ...]:
    """The columns that identify a row: a column named as a key, the first one, or a pair; none where nothing does."""
    fit = [
        (number, str(field["name"]))
        for number, field in enumerate(draft.fields, 1)
        if field["type"] in _KEYS and "missingValues" not in field and _is_full(engine, draft, number)
    ]
    named = [item for item in fit if _NAMED.search(item[1].lower())]
    first = [item for item in fit if item[0] == 1 and draft.rows > 1]
    for number, name in (*named, *first):
        if _distinct(engine, draft, (number,)) == draft.rows:
            return (name,)
    for pair in combinations(fit[:_PAIRED], 2):
        if draft.rows > 1 and _distinct(engine, draft, tuple(number for number, _ in pair)) == draft.rows:
            return tuple(name for _, name in pair)
    return ()


def find_references(
    engine: Engine, drafts: Sequence[Draft], keys: Mapping[str, tuple[str, ...]]
) -> Iterator[Reference]:
    """Columns named after the key of another table, or after the table, in the order of tables and columns."""
    targets = [(draft, keys[draft.name][0]) for draft in drafts if len(keys.get(draft.name, ())) == 1]
    for draft in drafts:
        for number, field in enumerate(draft.fields, 1):
            for other, key in targets:
                at = _number(other, key)
                if other is draft or field["type"] != other.fields[at - 1]["type"] or field["type"] not in _KEYS:
                    continue
                if (str(field["name"]),) != keys.get(draft.name) and _speaks(str(field["name"]), other.name, key):
                    missing = _missing(engine, draft, number, other, at)
                    yield Reference(draft.name, str(field["name"]), other.name, key, missing)
                    break


def _speaks(column: str, table: str, key: str) -> bool:
    """Whether a column's name says that it refers to a table: `member`, `member_id`, `members_id`, or a key of its own name."""
    name, key, singular = column.lower(), key.lower(), table.removesuffix("s")
    alone = {key} if key not in {"id", "key", "code", "nr", "no", "number", "name"} else set()
    return name in alone | {table, singular, f"{table}_{key}", f"{singular}_{key}"} or (
        bool(alone) and name.endswith(f"_{key}")
    )


def _is_full(engine: Engine, draft: Draft, number: int) -> bool:
    count, longest = engine.rows(f"SELECT count(c{number}), max(length(c{number})) FROM {draft.relation}")[0]
    return bool(count) and count == draft.rows and longest <= _LONGEST


def _distinct(engine: Engine, draft: Draft, numbers: tuple[int, ...]) -> int:
    columns = ", ".join(f"c{number}" for number in numbers)
    return int(engine.value(f"SELECT count(*) FROM (SELECT DISTINCT {columns} FROM {draft.relation})"))


def _missing(engine: Engine, draft: Draft, number: int, other: Draft, at: int) -> int:
    select = f"SELECT DISTINCT c{number} FROM {draft.relation} WHERE c{number} IS NOT NULL"
    return int(engine.value(f"SELECT count(*) FROM ({select} EXCEPT SELECT c{at} FROM {other.relation})"))


def _number(draft: Draft, name: str) -> int:
    return next(number for number, field in enumerate(draft.fields, 1) if field["name"] == name)
