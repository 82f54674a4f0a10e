"""Removed records: kept with their reasons, derived from the parent's file and the changes, given back to rows that return."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from publisher import diff
from publisher.diff.state import TableState, load_text
from publisher.engine import Engine
from publisher.errors import ProjectError, UsageError
from publisher.version import rule
from tests.diff.worlds import engine_in

SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "code", "type": "string"},
        {"name": "year", "type": "integer"},
        {"name": "note", "type": "string"},
    ],
    "primaryKey": ["code", "year"],
}
KEYS = {"t": ("code", "year")}
A, B, N = ("A", "1", "x"), ("B", "1", None), ("N", None, "z")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_in(tmp_path / "engine") as found:
        yield found


def table(engine: Engine, *rows: tuple[str | None, ...], name: str = "t", former: str = "") -> TableState:
    descriptor = {"publisher": {"renamed_from": former}} if former else {}
    return TableState(name, load_text(engine, ["code", "year", "note"], rows), SCHEMA, ("code", "year"), descriptor)


def release(
    engine: Engine,
    parent: Path | None,
    before: list[TableState],
    after: list[TableState],
    to: str,
    *removals: diff.Removal,
) -> diff.ChangeSet:
    """Compare and write removed.ndjson beside the parent's, as `<to>.ndjson`."""
    stones = diff.read_tombstones(parent) if parent else ()
    notes = diff.load_notes(engine, stones, removals)
    changes = diff.compare(engine, before, after, notes=notes, from_version="0", to_version=to)
    diff.write_tombstones(engine, parent, changes, notes, engine.folder).path.rename(engine.folder / f"{to}.ndjson")
    return changes


def stones(engine: Engine, version: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (engine.folder / f"{version}.ndjson").read_text().splitlines()]


def test_a_row_goes_and_comes_back(engine: Engine) -> None:
    why = diff.Removal("t", ("A", "1"), "Named twice", "B/1")
    gone = release(engine, None, [table(engine, A, B, N)], [table(engine, B)], "1.1.0", why)
    assert (gone.counts.removed, gone.counts.explained) == (2, 1)
    assert [fact.kind for fact in gone.facts] == ["rows_withdrawn", "rows_removed"]
    assert stones(engine, "1.1.0") == [
        {
            "table": "t",
            "key": {"code": "A", "year": 1},
            "removed_in": "1.1.0",
            "reason": "Named twice",
            "replaced_by": "B/1",
        },
        {"table": "t", "key": {"code": "N", "year": None}, "removed_in": "1.1.0", "reason": None, "replaced_by": None},
    ]
    parent = engine.folder / "1.1.0.ndjson"
    later = release(engine, parent, [table(engine, B)], [table(engine, B, N, ("C", "2", "c"))], "1.2.0")
    assert (later.counts.added, later.counts.returned) == (1, 1)
    assert [row.key for row in later.tables[0].samples if row.op == "return"] == [{"code": "N", "year": None}]
    assert {fact.kind for fact in later.facts} == {"rows_added", "rows_returned"}
    assert [stone["key"]["code"] for stone in stones(engine, "1.2.0")] == ["A"]
    assert diff.keys_of(engine, later.tables[0], "return") == [("N", None)]


def test_explained_removals_alone_are_a_patch(engine: Engine) -> None:
    why = diff.Removal("t", ("A", "1"), "Named twice")
    changes = release(engine, None, [table(engine, A, B)], [table(engine, B)], "1.0.1", why)
    assert rule(changes.facts).level == "patch"
    _, rows = diff.write(engine, changes, engine.folder)
    assert rows.path is not None
    assert json.loads(rows.path.read_text())["reason"] == "Named twice"


def test_the_last_of_several_reasons_holds(engine: Engine) -> None:
    first, last = (diff.Removal("t", ("A", "1"), reason) for reason in ("old", "new"))
    release(engine, None, [table(engine, A)], [table(engine)], "1.0.1", first, last)
    assert [stone["reason"] for stone in stones(engine, "1.0.1")] == ["new"]


def test_tombstones_follow_a_table_to_its_new_name(engine: Engine) -> None:
    release(engine, None, [table(engine, A, B)], [table(engine, B)], "1.1.0")
    changes = release(
        engine, engine.folder / "1.1.0.ndjson", [table(engine, B)], [table(engine, name="u", former="t")], "2.0.0"
    )
    assert changes.tables[0].status == "renamed"
    assert [(stone["table"], stone["key"]["code"]) for stone in stones(engine, "2.0.0")] == [("u", "A"), ("u", "B")]
    back = release(
        engine, engine.folder / "2.0.0.ndjson", [table(engine, name="u")], [table(engine, A, name="u")], "2.1.0"
    )
    assert back.counts.returned == 1


def test_a_table_that_goes_leaves_its_rows_tombstones(engine: Engine) -> None:
    release(engine, None, [table(engine, A, B)], [], "2.0.0")
    assert [stone["key"]["code"] for stone in stones(engine, "2.0.0")] == ["A", "B"]
    back = release(engine, engine.folder / "2.0.0.ndjson", [], [table(engine, A, ("Z", "9", None))], "3.0.0")
    assert (back.counts.added, back.counts.returned) == (1, 1)
    assert [stone["key"]["code"] for stone in stones(engine, "3.0.0")] == ["B"]


def test_a_rollup_knows_returns_and_reasons(engine: Engine) -> None:
    release(engine, None, [table(engine, A, B)], [table(engine, B)], "1.0.0")
    parent = engine.folder / "1.0.0.ndjson"
    ends = [table(engine, B, N), table(engine, A, B), table(engine, ("A", "1", "new"), N)]
    why = diff.Removal("t", ("B", "1"), "Merged")
    steps = []
    for number, (before, after) in enumerate(pairwise(ends), start=1):
        notes = diff.load_notes(engine, diff.read_tombstones(parent), [why])
        changes = diff.compare(
            engine, [before], [after], notes=notes, from_version=f"1.{number - 1}.0", to_version=f"1.{number}.0"
        )
        parent = diff.write_tombstones(engine, parent, changes, notes, engine.folder).path or parent
        steps.append(changes)
    direct_notes = diff.load_notes(engine, diff.read_tombstones(engine.folder / "1.0.0.ndjson"), [why])
    direct = diff.compare(engine, ends[:1], ends[2:], notes=direct_notes, from_version="1.0.0", to_version="1.2.0")
    composed = diff.compose(engine, steps)
    assert composed.tables[0].samples == direct.tables[0].samples
    assert composed.counts == direct.counts
    assert {row.op: (row.key or {})["code"] for row in direct.tables[0].samples} == {"return": "A", "remove": "B"}


def test_reasons_as_people_write_them() -> None:
    text = """
    t:
      - {key: [VN, 1], reason: Launch list only}
      - key: {year: 2, code: "NO"}
        reason: " Twice "
        replaced_by: SE
    """
    assert diff.read_removals(yaml.safe_load(text), KEYS, "removals.yaml") == (
        diff.Removal("t", ("VN", "1"), "Launch list only"),
        diff.Removal("t", ("NO", "2"), "Twice", "SE"),
    )
    assert diff.read_removals({"u": [{"key": "VN", "reason": "x"}]}, {"u": ("code",)}, "") == (
        diff.Removal("u", ("VN",), "x"),
    )


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("t: {key: x}", "must be a list"),
        ("v: [{key: x, reason: y}]", "no table v"),
        ("t: [{key: [a, b]}]", "needs `key` and `reason`"),
        ("t: [{key: [a, b], reason: ' '}]", "needs `key` and `reason`"),
        ("t: [{key: a, reason: y}]", "is not a value for code, year"),
        ("t: [{key: [NO, 1], reason: y}]", "in quotes"),
        ("t: [{key: {code: a}, reason: y}]", "is not a value for code, year"),
        ("t: [{key: [a, b], reason: y, raeson: z}]", "knows nothing of raeson"),
    ],
)
def test_reasons_that_cannot_be_meant(text: str, match: str) -> None:
    with pytest.raises(ProjectError, match=match):
        diff.read_removals(yaml.safe_load(text), KEYS, "removals.yaml")


def test_a_damaged_file_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "removed.ndjson"
    path.write_text(
        '{"table":"t","key":{"code":"A"},"removed_in":"1.0.0","reason":null,"replaced_by":null}\n{"table":"t"}\n'
    )
    with pytest.raises(UsageError, match="line 2"):
        list(diff.read_tombstones(path))
