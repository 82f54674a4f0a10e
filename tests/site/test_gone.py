"""Rows that are gone keep their addresses: what was there, since when it is not, which release still has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from publisher import layout
from publisher.diff.tombstones import Removal
from publisher.store.memory import MemoryStore
from tests.shelf import Shelf, TableOf
from tests.site.test_pages import Reader
from tests.site.world import World, build_site

DECLARED = {"records": [{"table": "t", "title": "name"}]}


def table(*keys: str) -> TableOf:
    schema = {"fields": [{"name": "id", "type": "string"}, {"name": "name", "type": "string"}], "primaryKey": ["id"]}
    return TableOf({"name": "t"}, schema, [{"id": key, "name": f"Entry {key}"} for key in keys])


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def shelf(store: MemoryStore, tmp_path: Path) -> Shelf:
    return Shelf(store, tmp_path / "shelf")


def package(**more: Any) -> dict[str, Any]:
    return {"name": "p", "title": "P", "site": DECLARED, **more}


def words(body: bytes) -> str:
    return " ".join(" ".join(Reader(body.decode()).text).split())


def test_a_removed_row_has_a_page(store: MemoryStore, shelf: Shelf, tmp_path: Path) -> None:
    shelf.publish(package(), [table("a", "b", "c")], "1.0.0")
    shelf.publish(package(), [table("a", "c")], "1.0.1", Removal("t", ("b",), "Counted twice", "c"))
    found = build_site(store, tmp_path / "site", languages=("en", "fr"))
    page = words(found["p/records/t/b.html"])
    assert "Entry b" in page
    assert "Removed in version 1.0.1 . Reason: Counted twice. In its place: Entry c . Last in version 1.0.0 ." in page
    french = words(found["fr/p/records/t/b.html"])
    assert "Retiré dans la version 1.0.1" in french
    links = {item.get("href") for item in Reader(found["p/records/t/b.html"].decode()).of("a")}
    assert {"../../v/1.0.0/index.html", "../../v/1.0.1/index.html", "c.html"} <= links
    listed = Reader(found["p/tables/t.html"].decode())
    assert {"a", "b", "c", "removed"} <= set(listed.ids)
    assert "b.html" not in {key.rpartition("/")[2] for key in found if "/records/" not in key}


def test_a_row_that_comes_back_has_its_own_page_again(store: MemoryStore, shelf: Shelf, tmp_path: Path) -> None:
    shelf.publish(package(), [table("a", "b")], "1.0.0")
    shelf.publish(package(), [table("a")], "1.0.1", Removal("t", ("b",), "Not found"))
    shelf.publish(package(), [table("a", "b")], "1.1.0")
    found = build_site(store, tmp_path / "site", languages=("en",))
    assert b"removed" not in found["p/records/t/b.html"].lower()


def test_a_row_of_a_release_that_was_taken_back(store: MemoryStore, shelf: Shelf, tmp_path: Path) -> None:
    shelf.publish(package(), [table("a")], "1.0.0")
    shelf.publish(package(), [table("a", "x")], "1.1.0")
    shelf.yank("p", "1.1.0", "Wrong")
    found = build_site(store, tmp_path / "site", languages=("en",))
    page = words(found["p/records/t/x.html"])
    assert "Only a release that was taken back had it." in page
    assert "Entry x" in page
    assert "Last in version" not in page, "no release that may be used has it"


def test_where_the_release_is_gone_too(store: MemoryStore, shelf: Shelf, tmp_path: Path) -> None:
    """Removal by law leaves neither files nor changes of a release; the row's address stays."""
    shelf.publish(package(), [table("a", "b")], "1.0.0")
    shelf.publish(package(), [table("a")], "1.0.1", Removal("t", ("b",), "By law"))
    for version, name in (("1.0.0", None), ("1.0.1", layout.CHANGE_ROWS)):
        for item in list(store.list(layout.release_folder("p", version))):
            if name is None or item.key.endswith(name):
                store.delete(item.key)
    if (sums := store.read("p/v/1.0.1/SHA256SUMS")[0]) and b"changes.ndjson" in sums:
        kept = b"\n".join(line for line in sums.split(b"\n") if b"changes.ndjson" not in line)
        store.delete("p/v/1.0.1/SHA256SUMS")
        shelf._put("p/v/1.0.1/SHA256SUMS", kept)
    found = build_site(store, tmp_path / "site", languages=("en",))
    page = words(found["p/records/t/b.html"])
    assert "Entry b" not in page
    assert "Last in version" not in page
    assert "By law" in page


def test_rows_without_pages_are_told_of_below_their_table(past: World) -> None:
    page = Reader(past.page("tables", "national_measures"))
    assert "N028" in page.ids
    told = " ".join(" ".join(page.text).split())
    assert "Removed in version 1.0.1 . Reason: Moved to commitments. In its place: C039 . Last in version 1.0.0" in told
