"""Tables beyond what single records are good for are left to their files, which the entry of the API leads to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from publisher import layout
from publisher.engine import open_engine
from publisher.feeds import served
from publisher.feeds.served import ROWS
from publisher.package.published import read_release
from publisher.store.memory import MemoryStore
from tests.feeds.conftest import root_of
from tests.feeds.test_api import small
from tests.shelf import Shelf, TableOf, derive, three_releases


def test_large_tables_are_read_as_files(tmp_path: Path) -> None:
    store = MemoryStore()
    three_releases(store, tmp_path)
    published = read_release(store, "global-alliance", "1.1.0", tmp_path)
    assert served.served(published) is published
    first, *others = published.info.tables
    large = replace(published, info=replace(published.info, tables=(replace(first, rows=ROWS + 1), *others)))
    assert served.served(large).info.tables == tuple(others)


def make(tmp_path: Path, tables: list[TableOf]) -> dict[str, Any]:
    """All documents of a package, its openapi.json among them."""
    store = MemoryStore()
    Shelf(store, tmp_path / "shelf").publish({"name": "p"}, tables, "1.0.0")
    found = derive(store, "p", tmp_path / "one")
    published = read_release(store, "p", "1.0.0", tmp_path / "one")
    (tmp_path / "two").mkdir()
    with open_engine(tmp_path / "two") as engine:
        found |= root_of(engine, published, "", ("en",))
    return {key: json.loads(body) for key, body in found.items() if not key.endswith(".atom")}


@pytest.mark.parametrize("only", [False, True])
def test_the_entry_and_the_description_tell_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only: bool
) -> None:
    """Also where a package has nothing else."""
    monkeypatch.setattr(served, "ROWS", 3)
    tables = [table for table in small() if table.name == "items" or not only]
    found = make(tmp_path, tables)
    index = found[layout.data_index("p")]
    assert [table["name"] for table in index["files"]] == ["items"]
    assert index["files"][0]["links"] == {"csv": "../v/1.0.0/items.csv"}
    assert [table["name"] for table in index["tables"]] == ([] if only else ["lands"])
    assert not [key for key in found if key.startswith("p/data/items/")]
    Draft202012Validator(found[layout.data_schema("p", "index")]).validate(index)
    description = found[layout.OPENAPI]
    validate(description)
    assert not [path for path in description["paths"] if "/data/items/" in path]
    assert "items (5 rows)" in description["tags"][1]["description"]
    assert "data/index.json" in description["info"]["description"]
    assert [item["name"] for item in found[layout.INDEX]["packages"][0]["tables"]] == [item.name for item in tables]
