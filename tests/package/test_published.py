"""What was published is read back as it was: what is missing, and what is an empty text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import frictionless
import pytest

from publisher import layout
from publisher.diff import read_published
from publisher.package.published import read_folder
from publisher.store.files import FileStore
from tests.package.making import opened, publish_one

Rows = list[list[str | None]]
TEXT = {"name": "a", "type": "string"}
NUMBER = {"name": "n", "type": "integer"}


@pytest.mark.parametrize(
    ("fields", "tokens", "rows"),
    [
        ([TEXT, NUMBER], [""], [[None, "1"], ["x", None]]),
        ([TEXT, NUMBER], ["NA", "-"], [["", "1"], [None, None], ["-", "2"]]),
        ([TEXT, NUMBER], [], [["", "1"], ["NA", "2"]]),
        ([TEXT], [""], [[None], ["x"]]),
        ([TEXT], ["NA"], [[""], [None], ["x"]]),
        ([TEXT], [], [[""], ["x"]]),
    ],
)
def test_missing_values_and_empty_text(
    tmp_path: Path, fields: list[dict[str, Any]], tokens: list[str], rows: Rows
) -> None:
    publish_one(tmp_path, {"fields": fields, "missingValues": tokens}, rows)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    published = read_folder(FileStore(tmp_path / "release", layout.headers), scratch)
    table = published.info.tables[0]
    assert [list(row.values()) for row in published.rows(table)] == rows
    with opened(scratch) as engine:
        found = engine.rows(f"FROM {read_published(published.csv_paths(table), table.schema)}")
    assert [list(row) for row in found] == rows


def test_other_readers_see_the_same(tmp_path: Path) -> None:
    publish_one(tmp_path, {"fields": [TEXT, NUMBER], "missingValues": []}, [["", "1"], ["NA", "2"]])
    package = frictionless.Package(str(tmp_path / "release" / "datapackage.json"))
    assert package.validate().valid
    assert [row["a"] for row in package.get_resource("t").read_rows()] == ["", "NA"]
