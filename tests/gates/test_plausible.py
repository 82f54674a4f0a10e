"""Gates of a release: what each refuses, what lets it pass, and that the refusal names the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from publisher import diff
from publisher.diff.state import TableState, load_text
from publisher.engine import Engine
from publisher.errors import GateRefused, UsageError
from publisher.gates import Gate, check, refuse
from publisher.version import rule
from tests.diff.worlds import engine_in

TODAY = date(2026, 11, 24)
SCHEMA: dict[str, Any] = {
    "fields": [{"name": "id", "type": "string"}, {"name": "iso", "type": "string"}, {"name": "note", "type": "string"}],
    "primaryKey": ["id"],
}
ROWS = [(key, key.upper(), None) for key in "abcdefghij"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_in(tmp_path / "engine") as found:
        yield found


def table(engine: Engine, rows: Any = ROWS, schema: dict[str, Any] = SCHEMA, **descriptor: Any) -> TableState:
    names = [item["name"] for item in schema["fields"]]
    return TableState("t", load_text(engine, names, rows), schema, ("id",), descriptor)


def gates(
    engine: Engine,
    settings: dict[str, Any],
    before: TableState,
    after: TableState | None,
    allowed: Collection[str] = (),
    package: dict[str, Any] | None = None,
    **notes: Any,
) -> dict[str, Gate]:
    said = diff.load_notes(engine, notes.get("stones", ()), notes.get("removals", ()))
    changes = diff.compare(engine, [before], [after] if after else [], notes=said)
    rows = {"t": engine.value(f"SELECT count(*) FROM {after.relation_sql}")} if after else {}
    found = check(
        engine,
        changes,
        rule(changes.facts),
        rows=rows,
        tables={"t": settings},
        package=package or {},
        today=TODAY,
        allowed=allowed,
    )
    return {gate.name: gate for gate in found}


def test_floors_and_ceilings_hold_for_the_first_release_too(engine: Engine) -> None:
    found = check(
        engine,
        None,
        None,
        rows={"t": 3, "u": 3},
        tables={"t": {"min_rows": 4, "max_rows": 9}, "u": {"max_rows": 2}},
        package={},
        today=TODAY,
    )
    assert {gate.name: gate.passed for gate in found} == {"t.min_rows": False, "t.max_rows": True, "u.max_rows": False}
    with pytest.raises(GateRefused, match="t has 3 rows, at least 4 are expected; u has 3 rows, at most 2") as refused:
        refuse(found)
    assert "--allow t.min_rows --allow u.max_rows" in refused.value.remedy
    assert refused.value.exit_code == 6


@pytest.mark.parametrize(("limit", "passed"), [(30, True), (29.9, False), (0, False), (100, True)])
def test_the_share_that_goes(engine: Engine, limit: float, passed: bool) -> None:
    found = gates(engine, {"max_removed_percent": limit}, table(engine), table(engine, ROWS[3:]))
    assert found["t.max_removed_percent"].passed is passed
    assert "3 of 10 rows of t are removed (30.0 %)" in found["t.max_removed_percent"].message


def test_removals_without_a_reason(engine: Engine) -> None:
    settings = {"allow_removals": False}
    assert not gates(engine, settings, table(engine), table(engine, ROWS[1:]))["t.removals"].passed
    assert gates(engine, settings, table(engine), table(engine, [*ROWS, ("z", None, None)]))["t.removals"].passed
    why = [diff.Removal("t", ("a",), "merged")]
    assert gates(engine, settings, table(engine), table(engine, ROWS[1:]), removals=why)["t.removals"].passed
    assert gates(engine, {}, table(engine), table(engine, ROWS[1:])) == {}


def test_returns_are_allowed_by_name_or_for_the_table(engine: Engine) -> None:
    stones = [diff.Tombstone("t", (key,), "1.0.0") for key in "ab"]

    def gate(settings: dict[str, Any], *allowed: str) -> Gate:
        return gates(engine, settings, table(engine, ROWS[2:]), table(engine), allowed, stones=stones)["t.returns"]

    assert not gate({}).passed
    assert "retired keys: a, b" in gate({}).message
    assert gate({"allow_returns": True}).passed
    assert gate({"allow_returns": ["a", "b"]}).passed
    assert gate({"allow_returns": [["a"], "b"]}).passed
    assert not gate({"allow_returns": ["a"]}).passed
    assert gate({"allow_returns": "a"}, "t.returns:b").passed
    assert gate({}, "t.returns").allowed
    refuse([gate({}, "t.returns")])


def test_frozen_columns(engine: Engine) -> None:
    settings = {"frozen": ["iso"]}
    changed = [("a", "Å", None), *ROWS[1:]]
    assert not gates(engine, settings, table(engine), table(engine, changed))["t.frozen"].passed
    noted = [("a", "A", "x"), *ROWS[1:-1], ("z", "Z", None)]
    assert gates(engine, settings, table(engine), table(engine, noted))["t.frozen"].passed
    without = {**SCHEMA, "fields": [SCHEMA["fields"][0], SCHEMA["fields"][2]]}
    assert not gates(engine, settings, table(engine), table(engine, [(row[0], None) for row in ROWS], without))[
        "t.frozen"
    ].passed
    retyped = {**SCHEMA, "fields": [SCHEMA["fields"][0], {"name": "iso", "type": "any"}, SCHEMA["fields"][2]]}
    assert not gates(engine, settings, table(engine), table(engine, ROWS, retyped))["t.frozen"].passed
    added = gates(engine, settings, table(engine, [(row[0], None) for row in ROWS], without), table(engine))
    assert added["t.frozen"].passed


@pytest.mark.parametrize("place", ["column", "table"])
def test_an_end_is_announced_with_a_date(engine: Engine, place: str) -> None:
    """While it is announced, not when it is too late."""
    ends = {"until": "next year"}
    column = {**SCHEMA, "fields": [*SCHEMA["fields"][:2], {**SCHEMA["fields"][2], "deprecated": ends}]}
    after = table(engine, ROWS, column) if place == "column" else table(engine, deprecated=ends)
    with pytest.raises(UsageError, match="next year"):
        gates(engine, {}, table(engine), after)


@pytest.mark.parametrize(
    ("until", "passed"), [("2026-11-24", True), ("2026-11-25", False), ("2026-11-23", True), (date(2027, 1, 1), False)]
)
def test_nothing_ends_before_its_date(engine: Engine, until: Any, passed: bool) -> None:
    ends = {"since": "2026-01-01", "until": until}
    announced = {**SCHEMA, "fields": [*SCHEMA["fields"][:2], {**SCHEMA["fields"][2], "deprecated": ends}]}
    shorter = {**SCHEMA, "fields": SCHEMA["fields"][:2]}
    rows = [row[:2] for row in ROWS]
    found = gates(engine, {}, table(engine, ROWS, announced), table(engine, rows, shorter))
    assert found["t.note.deprecation"].passed is passed
    assert gates(engine, {}, table(engine, deprecated=ends), None)["t.deprecation"].passed is passed
    if not passed:
        allowed = gates(
            engine, {}, table(engine, ROWS, announced), table(engine, rows, shorter), ["t.note.deprecation"]
        )
        refuse(allowed.values())
        assert allowed["t.note.deprecation"].allowed


def test_an_unannounced_end_is_said(engine: Engine) -> None:
    shorter = {**SCHEMA, "fields": SCHEMA["fields"][:2]}
    found = gates(engine, {}, table(engine), table(engine, [row[:2] for row in ROWS], shorter))
    assert found["t.note.deprecation"].passed
    assert "without having been announced" in found["t.note.deprecation"].message


def test_an_unexpected_level(engine: Engine) -> None:
    shorter = {**SCHEMA, "fields": SCHEMA["fields"][:2]}
    found = gates(
        engine, {}, table(engine), table(engine, [row[:2] for row in ROWS], shorter), package={"max_level": "minor"}
    )
    assert not found["level"].passed
    assert "a column was removed (t.note)" in found["level"].message
    assert gates(engine, {}, table(engine), table(engine, ROWS[1:]), package={"max_level": "minor"})["level"].passed


@pytest.mark.parametrize(
    "settings", [{"min_rows": "ten"}, {"max_rows": -1}, {"min_rows": True}, {"max_removed_percent": "5 %"}]
)
def test_settings_that_cannot_be_meant(engine: Engine, settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="Write a number"):
        gates(engine, settings, table(engine), table(engine, ROWS[1:]))
    with pytest.raises(UsageError, match="max_level"):
        gates(engine, {}, table(engine), table(engine, ROWS[1:]), package={"max_level": "big"})


def test_dates_that_cannot_be_meant(engine: Engine) -> None:
    with pytest.raises(UsageError, match="Write a date"):
        gates(engine, {}, table(engine, deprecated={"until": "soon"}), None)


def test_an_override_that_nothing_needs_is_a_mistake(engine: Engine) -> None:
    with pytest.raises(UsageError, match=r"nothing here needs --allow t\.min_row") as wrong:
        gates(engine, {"min_rows": 99}, table(engine), table(engine, ROWS[1:]), ["t.min_row"])
    assert "t.min_rows" in wrong.value.remedy


def test_what_passes_needs_no_override() -> None:
    assert Gate("t.min_rows", True, "").override == ""
    refuse([Gate("t.min_rows", True, ""), Gate("t.max_rows", False, "", allowed=True)])
