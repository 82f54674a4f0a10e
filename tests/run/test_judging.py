"""Validation of tables of many parts: the findings of the joined table, read part by part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from publisher.project import Settings
from publisher.run.judging import judge_package
from publisher.run.part import work
from publisher.sources import Outside
from publisher.validate import validate_package
from tests.run.test_parts import World
from tests.tools import load


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, monkeypatch)
    made.part("a", [[1, "2026-01-01", "9.50", "b"], [2, "2026-01-01", 1, "x"]])
    made.part("b", [[3, "2026-01-02", "1e1", ""]])
    made.part("c", [[4, "2026-01-03", "2.25", "d"]])
    return made


BROKEN: Mapping[str, list[list[Any]]] = {
    "cells": [[5, "x", "NaN", "d"], [6, "2026-01-02", 1, " e"]],
    "keys": [[3, "2026-01-02", 1, ""], [3, "2026-01-02", 1, ""]],
    "personal data": [[5, "2026-01-02", 1, "write to jane.doe@example.org"]],
    "shape": [[5, "2026-01-02", 1], [6, "2026-01-02", 1, "e", "f"]],
}


@pytest.mark.parametrize("rows", [pytest.param(rows, id=name) for name, rows in BROKEN.items()])
@pytest.mark.parametrize("limit", [1, 50])
def test_the_findings_are_those_of_the_joined_table(world: World, rows: list[list[Any]], limit: int) -> None:
    world.part("b", rows)
    expected, found = both(world, ["a", "b", "c"], limit=limit)
    assert not found.valid
    assert found.to_dict() == expected.to_dict()


def test_known_parts_are_not_read_again_and_nothing_is_made_of_them(world: World) -> None:
    assert both(world, ["a", "b"])[1].valid
    assert sorted(world.read) == ["a.csv", "b.csv"]
    assert not [path for path in (world.folder / "cache").rglob("*") if path.name in {"rows.parquet", "part.csv"}]
    world.read.clear()
    expected, found = both(world, ["a", "b", "c"])
    assert (world.read, found.to_dict()) == (["c.csv"], expected.to_dict())
    assert world.publish(["a", "b", "c"]).version == "1.0.0"
    world.read.clear()
    both(world, ["a", "b", "c"])
    assert world.read == []


def test_other_processes_judge_alike(world: World) -> None:
    load("distributed")
    world.part("c", BROKEN["cells"])
    world.settings = Settings(cache=str(world.folder / "cache"), cluster="local:2")
    world.patch.setattr("publisher.run.divide.work", work)
    expected, found = both(world, ["a", "b", "c"])
    assert found.to_dict() == expected.to_dict()


def both(world: World, names: list[str], limit: int = 50) -> tuple[Any, Any]:
    """The report of the joined table, and that of its parts."""
    package = world.package(names)
    found = judge_package(
        package, Outside(world.settings), limit=limit, reveal=True, progress=lambda _stage, _done, _total: None
    )
    return validate_package(package, limit=limit, reveal=True), found
