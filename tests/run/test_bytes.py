"""What a small correction costs: of ten equal tables one changed, and of the tables' files only that one's are sent again; of tables
that are too large for workbooks and the zip, which hold all of them, nothing else is."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from publisher.model import Package
from publisher.package import office
from publisher.package.workbook import write_workbook
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, building, publish_package
from publisher.store.base import Stat
from publisher.store.memory import MemoryStore
from publisher.store.retry import NEVER

TABLES = [f"table_{number}" for number in range(10)]
ROWS = 500


class Counting(MemoryStore):
    """Counts the bytes of every object that is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, int] = {}

    def put(self, key: str, *arguments: Any, **more: Any) -> Stat:
        stat = super().put(key, *arguments, **more)
        self.sent[key] = self.sent.get(key, 0) + stat.size
        return stat

    def copy(self, source: str, key: str, *, headers: Any, replace: bool = False) -> bool:
        data, stat = self.read(source)
        super().put(key, data, sha256=stat.sha256, headers=headers, if_absent=not replace)
        return False


def make(folder: Path, changed: str = "", rows: int = ROWS) -> Package:
    schema = {
        "fields": [{"name": "id", "type": "integer"}, {"name": "said", "type": "string"}],
        "primaryKey": "id",
    }
    for name in TABLES:
        said = "corrected" if name == changed else "as before"
        lines = [f"{row},{said if row == 7 else 'as before'} in row {row}" for row in range(rows)]
        (folder / f"{name}.csv").write_text("\n".join(["id,said", *lines, ""]))
    resources = [{"name": name, "path": f"{name}.csv", "schema": schema} for name in TABLES]
    (folder / "datapackage.json").write_text(json.dumps({"name": "ten", "resources": resources}))
    return read_package(folder / "datapackage.json", project_root=None)


def test_one_of_ten_large_tables_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "ARCHIVE_LIMIT", 0)
    monkeypatch.setattr(office, "write_workbook", partial(write_workbook, limit=0))
    store = Counting()
    first = publish_package(Run(store, Settings(), retry=NEVER), make(tmp_path, rows=5_000), Wishes())
    package = make(tmp_path, changed="table_3", rows=5_000)
    second = publish_package(Run(store, Settings(), retry=NEVER), package, Wishes())
    assert second.bytes <= 1.1 * first.bytes / 10


def test_one_of_ten_tables_changed(tmp_path: Path) -> None:
    store = Counting()
    publish_package(Run(store, Settings(), retry=NEVER), make(tmp_path), Wishes())
    before = {key: size for key, size in store.sent.items() if key.startswith("ten/v/1.0.0/table_")}
    store.sent.clear()
    receipt = publish_package(Run(store, Settings(), retry=NEVER), make(tmp_path, changed="table_3"), Wishes())
    folder = f"ten/v/{receipt.version}/"
    sent = {key.removeprefix(folder): size for key, size in store.sent.items() if key.startswith(folder)}
    of_tables = {name: size for name, size in sent.items() if name.startswith("table_")}
    assert {name.split(".")[0] for name in of_tables} == {"table_3"}
    share = sum(size for key, size in before.items() if "/table_3." in key)
    assert share * 10 <= sum(before.values()) * 1.01, "the tables are equal"
    assert sum(of_tables.values()) <= 1.1 * share
    assert receipt.bytes == sum(size for name, size in sent.items() if name != "release.json" and ".html" not in name)
