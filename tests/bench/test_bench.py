"""The tables that are measured can be published: a gate that refused them would only show when somebody measures."""

from __future__ import annotations

from pathlib import Path

from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package
from publisher.store.memory import MemoryStore
from tests.bench.__main__ import page
from tests.bench.pipeline import make_package


def test_the_tables_pass_the_gates(tmp_path: Path) -> None:
    make_package(tmp_path, 10)
    package = read_package(tmp_path / "datapackage.json", project_root=None)
    assert publish_package(Run(MemoryStore(), Settings()), package, Wishes()).outcome == "published"


def test_a_page_keeps_the_sections_of_benches_that_were_not_run() -> None:
    before = page({"parts": (0, "old parts", []), "diff": (0, "old diff", [])}, "")
    after = page({"diff": (0, "new diff", []), "commands": (0, "first", [])}, before)
    assert [line for line in after.splitlines() if line.startswith("## ")] == ["## Commands", "## Diff", "## Parts"]
    assert "old parts" in after
    assert "new diff" in after
    assert "old diff" not in after
