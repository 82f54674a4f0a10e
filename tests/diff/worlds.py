"""Random releases of a package: tables with keys or without, whose rows, columns and names change from one to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from publisher.diff.state import TableState, load_text
from publisher.engine import Engine, open_engine

ODD = (
    "a",
    "",
    "-",
    "NULL",
    "A",
    "é",
    "e\u0301",
    "التزام",
    "😀",
    'say "x"',
    "a,b",
    "two\nlines",
    "\\",
    "null",
    "true",
    "0",
    "{",
)
TEXTS = st.one_of(
    st.none(),
    st.sampled_from(ODD),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=4),
)
VALUES = {
    "string": TEXTS,
    "integer": st.one_of(st.none(), st.integers(-(10**20), 10**20).map(str), st.sampled_from(["1", "2", "10"])),
    "number": st.one_of(
        st.none(), st.sampled_from(["9.50", "9.5", "0.1", "-0.0", "1e5", "12345678901234567890.12345", "1"])
    ),
    "boolean": st.one_of(st.none(), st.sampled_from(["true", "false"])),
    "date": st.one_of(st.none(), st.sampled_from(["2012-12-05", "2014-09-30"])),
    "object": st.one_of(st.none(), st.sampled_from(['{"a":1.50}', '{"b":[1,2.0,{"c":null}],"a":"x"}', "{}"])),
    "array": st.one_of(st.none(), st.sampled_from(["[]", "[1.10,2]", '["a,]","\\u0041"]'])),
}
KEYS = {"string": st.sampled_from(["a", "b", "A", "é", "😀", "x y", "10", "9"]), "integer": st.integers(1, 12).map(str)}


@dataclass(frozen=True)
class Field:
    """A column; `made` tells columns of one name apart that were dropped and added again."""

    name: str
    type: str
    former: tuple[str, ...] = ()


@dataclass(frozen=True)
class World:
    """A table of one release."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    @property
    def schema(self) -> dict[str, Any]:
        fields: list[dict[str, Any]] = []
        for field in self.fields:
            item: dict[str, Any] = {"name": field.name, "type": field.type}
            if field.former:
                item["publisher"] = {"renamed_from": list(field.former)}
            fields.append(item)
        return {"fields": fields, **({"primaryKey": list(self.key)} if self.key else {})}


def state(engine: Engine, world: World) -> TableState:
    relation = load_text(engine, [field.name for field in world.fields], world.rows)
    return TableState(world.name, relation, world.schema, world.key)


@contextmanager
def engine_in(folder: Path, **settings: Any) -> Iterator[Engine]:
    folder.mkdir(parents=True, exist_ok=True)
    with open_engine(folder, **settings) as engine:
        yield engine


def draw_rows(
    draw: st.DrawFn, fields: tuple[Field, ...], key: tuple[str, ...], most: int
) -> tuple[tuple[str | None, ...], ...]:
    columns = []
    for field in fields:
        values = VALUES[field.type]
        if field.name in key:
            values = KEYS.get(field.type, values)
            if len(key) > 1:
                values = st.one_of(st.none(), values)
        columns.append(values)
    rows = draw(st.lists(st.tuples(*columns), max_size=most))
    if not key:
        return tuple(rows)
    places = [index for index, field in enumerate(fields) if field.name in key]
    return tuple({tuple(row[place] for place in places): row for row in rows}.values())


@st.composite
def first_worlds(draw: st.DrawFn, name: str = "things") -> World:
    width = draw(st.integers(1, 4))
    fields = tuple(Field(f"f{index}", draw(st.sampled_from([*VALUES]))) for index in range(width))
    keys = draw(st.integers(0, min(2, width)))
    fields = tuple(
        Field(field.name, draw(st.sampled_from([*KEYS]))) if index < keys else field
        for index, field in enumerate(fields)
    )
    key = tuple(field.name for field in fields[:keys])
    return World(name, fields, key, draw_rows(draw, fields, key, 8))


@st.composite
def next_worlds(draw: st.DrawFn, world: World) -> World:
    """The table a release later: columns renamed, retyped, dropped, added, moved; some rows kept, changed, gone, new."""
    kept: list[tuple[Field, int | None]] = []
    taken = {field.name for field in world.fields} | {past for field in world.fields for past in field.former}
    for index, field in enumerate(world.fields):
        act = draw(st.sampled_from(["keep"] * 6 + ["rename", "retype", "drop"]))
        if act == "rename":
            fresh = next(name for name in (f"g{number}" for number in range(99)) if name not in taken)
            taken.add(fresh)
            field = Field(fresh, field.type, (field.name, *field.former))
        elif act == "retype" and world.fields[index].name not in world.key:
            field = Field(field.name, "string", field.former)
        elif act == "drop" and world.fields[index].name not in world.key:
            continue
        kept.append((field, index))
    if draw(st.booleans()):
        spare = [name for name in ("h0", "h1", "f3") if name not in taken]
        if spare:
            kept.insert(draw(st.integers(0, len(kept))), (Field(spare[0], draw(st.sampled_from([*VALUES]))), None))
    if not kept:
        kept.append((Field("only", "string"), None))
    if draw(st.integers(0, 4)) == 0:
        kept = draw(st.permutations(kept))
    fields = tuple(field for field, _ in kept)
    names = {index: field.name for field, index in kept if index is not None}
    key = tuple(names[index] for index, field in enumerate(world.fields) if field.name in world.key)
    if key and draw(st.integers(0, 9)) == 0:
        key = ()
    old = [tuple(None if index is None else row[index] for _, index in kept) for row in world.rows]
    fresh_rows = draw_rows(draw, fields, key, 4)
    stay = [row for row in old if draw(st.integers(0, 3))]
    rows: list[tuple[str | None, ...]] = []
    for row in stay:
        if fresh_rows and draw(st.integers(0, 3)) == 0:
            other = draw(st.sampled_from(fresh_rows))
            row = tuple(
                value if field.name in key or draw(st.booleans()) else new
                for field, value, new in zip(fields, row, other, strict=True)
            )
        rows.append(row)
    rows += fresh_rows
    if key:
        places = [fields.index(next(field for field in fields if field.name == name)) for name in key]
        rows = list({tuple(row[place] for place in places): row for row in rows}.values())
    return World(world.name, fields, key, tuple(rows))


@st.composite
def histories(draw: st.DrawFn, length: int) -> list[list[World]]:
    """Releases that follow each other, each a list of tables; a second table comes and goes."""
    world = draw(first_worlds())
    other: World | None = draw(st.one_of(st.none(), first_worlds("others")))
    releases: list[list[World]] = []
    for _ in range(length):
        releases.append([world, *([other] if other else [])])
        world = draw(next_worlds(world))
        other = draw(st.one_of(st.none(), next_worlds(other) if other else first_worlds("others")))
    return releases
