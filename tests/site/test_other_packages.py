"""Packages that declare nothing, hold hostile text, or are large: the generic pages serve them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from publisher import layout
from publisher.store.memory import MemoryStore
from tests.shelf import Shelf, TableOf
from tests.site.test_pages import Reader
from tests.site.world import build_site

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
LICENCE = [{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}]


def table(name: str, rows: list[dict[str, str | None]], **fields: Any) -> TableOf:
    schema = {"fields": [{"name": field, **more} for field, more in fields.items()], "primaryKey": [next(iter(fields))]}
    return TableOf({"name": name}, schema, rows)


def site_of(
    folder: Path, descriptor: dict[str, Any], *tables: TableOf, languages: tuple[str, ...] = ("en",)
) -> dict[str, bytes]:
    store = MemoryStore()
    Shelf(store, folder / "shelf").publish({"licenses": LICENCE, **descriptor}, tables, "1.0.0")
    return build_site(store, folder / "scratch", languages=languages)


def test_a_package_that_declares_nothing(tmp_path: Path) -> None:
    rows = [{"id": "a", "n": "1"}, {"id": "b", "n": None}]
    found = site_of(tmp_path, {"name": "plain"}, table("t", rows, id={"type": "string"}, n={"type": "integer"}))
    assert {
        "plain/index.html",
        "plain/tables/t.html",
        "plain/v/1.0.0/index.html",
        "plain/sources.html",
        "index.html",
    } <= set(found)
    page = found["plain/tables/t.html"].decode()
    assert 'id="b"' in page
    assert "Empty: not known, or does not apply" in page
    assert "No contact" not in page


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    rows: list[dict[str, str | None]] = [
        {"id": HOSTILE, "link": "javascript:alert(1)", "label": "a"},
        {"id": "</script>", "link": 'https://x.example/"onmouseover="alert(3)', "label": HOSTILE},
        {"id": "../../x", "link": "https://x.example/ok", "label": "a"},
    ]
    category = [{"value": "a", "label": HOSTILE}, {"value": HOSTILE, "label": "b"}]
    fields = {
        "id": {"type": "string", "title": HOSTILE},
        "link": {"type": "string"},
        "label": {"type": "string", "categories": category},
    }
    declared = {
        "records": [{"table": "t", "title": "id", "facts": ["link"]}],
        "numbers": [{"name": "n", "table": "t", "label": HOSTILE}],
        "charts": [
            {
                "name": "c",
                "kind": "bars",
                "table": "t",
                "bar": "label",
                "part": "label",
                "value": "label",
                "title": HOSTILE,
            }
        ],
    }
    descriptor = {
        "name": "hostile",
        "title": HOSTILE,
        "description": f"{HOSTILE}. {HOSTILE}",
        "site": declared | {"charts": []},
    }
    found = site_of(tmp_path, descriptor, table("t", rows, **fields))
    for key, body in found.items():
        if key.endswith(".html"):
            page = Reader(body.decode())
            assert [
                item for item in page.of("script") if item.get("type") != "application/ld+json" and "src" not in item
            ] == [], key
            assert all(item.get("src") != "x" for item in page.of("img")), key
            assert not any(name.startswith("on") for _, item in page.elements for name in item), key
            assert not any(item.get("href", "").startswith("javascript:") for item in page.of("a")), key
    records = [key for key in found if key.startswith("hostile/records/t/")]
    assert len(records) == 3
    assert not any(part in {"..", "."} for key in found for part in key.split("/"))


def test_hostile_addresses_of_the_descriptor_are_not_linked(tmp_path: Path) -> None:
    descriptor = {
        "name": "p",
        "sources": [{"title": "s", "path": "javascript:alert(1)"}],
        "licenses": [{"name": "x", "path": "javascript:1"}],
    }
    found = site_of(tmp_path, descriptor, table("t", [{"id": "a"}], id={"type": "string"}))
    for key, body in found.items():
        assert b'href="javascript:' not in body, key


@pytest.mark.parametrize("rows", [19_000, 25_000])
def test_large_tables_get_a_sample(tmp_path: Path, rows: int) -> None:
    data: list[dict[str, str | None]] = [{"id": f"{number:07}", "text": "x" * 40} for number in range(rows)]
    declared = {"records": [{"table": "t", "title": "id"}]} if rows > 20_000 else {}
    found = site_of(
        tmp_path, {"name": "large", "site": declared}, table("t", data, id={"type": "string"}, text={"type": "string"})
    )
    page = found["large/tables/t.html"]
    assert len(page) < 200_000
    assert b"rows; the files hold all of them" in page
    assert not [key for key in found if key.startswith("large/records/")]
    assert found[layout.page("", "large", "tables", "t")] is page
