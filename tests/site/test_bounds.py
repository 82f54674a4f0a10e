"""However much there is, no page exceeds 200 kB, every page can be reached, and what did not change is not made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publisher.package import series
from publisher.site import build
from publisher.store.memory import MemoryStore
from tests.shelf import Shelf, TableOf
from tests.site.test_pages import Reader
from tests.site.world import plan_site

LIMIT = 200_000


def pages_of(store: MemoryStore, folder: Path, languages: tuple[str, ...] = ("en",)) -> dict[str, bytes]:
    found = {page.key: page.make() for page in plan_site(store, folder, languages=languages)}
    heavy = {key: len(body) for key, body in found.items() if key.endswith(".html") and len(body) >= LIMIT}
    assert not heavy
    return found


def table(name: str, fields: list[dict[str, Any]], rows: list[dict[str, str | None]], **more: Any) -> TableOf:
    return TableOf({"name": name, **more}, {"fields": fields, "primaryKey": [fields[0]["name"]]}, rows)


def test_a_wide_table(tmp_path: Path) -> None:
    """700 columns with descriptions and categories."""
    values = [{"value": f"v{n}", "label": f"Value number {n}"} for n in range(200)]
    fields = [{"name": "id", "type": "string"}] + [
        {
            "name": f"c{n}",
            "type": "string",
            "description": "Some words on it. " * 8,
            "categories": values if n % 7 == 0 else [],
        }
        for n in range(700)
    ]
    rows = [{"id": str(n), **{f"c{m}": f"v{n % 50}" for m in range(700)}} for n in range(60)]
    store = MemoryStore()
    Shelf(store, tmp_path / "shelf").publish({"name": "p"}, [table("wide", fields, rows)], "1.0.0")
    page = pages_of(store, tmp_path / "site")["p/tables/wide.html"].decode()
    assert "columns; the metadata hold all of them" in page


def test_long_texts_and_many_references(tmp_path: Path) -> None:
    """A cell of 3 MB, a source on which 3,000 rows rest, an entry to which they all refer."""
    text = {"name": "text", "type": "string"}
    source = TableOf(
        {"name": "sources"},
        {
            "fields": [{"name": "source_id", "type": "string"}, {"name": "title", "type": "string"}],
            "primaryKey": ["source_id"],
        },
        [{"source_id": f"S{n}", "title": f"Source {n} " * 20} for n in range(900)],
    )
    keys = [{"fields": ["source_id"], "reference": {"resource": "sources", "fields": ["source_id"]}}]
    rows: list[dict[str, str | None]] = [
        {"id": f"{n:05}", "text": f"Words {n} " * 30, "source_id": "S1"} for n in range(3_000)
    ]
    rows[0]["text"] = "long " * 600_000
    facts = TableOf(
        {"name": "facts"},
        {
            "fields": [{"name": "id", "type": "string"}, text, {"name": "source_id", "type": "string"}],
            "primaryKey": ["id"],
            "foreignKeys": keys,
        },
        rows,
    )
    declared = {
        "sources": {"table": "sources", "title": "title"},
        "records": [{"table": "sources", "title": "title", "lists": [{"table": "facts", "text": "text"}]}],
    }
    store = MemoryStore()
    Shelf(store, tmp_path / "shelf").publish({"name": "p", "site": declared}, [source, facts], "1.0.0")
    found = pages_of(store, tmp_path / "site")
    assert "sources; the files hold all of them" in found["p/sources.html"].decode()
    assert "All 3,000 in the table" in found["p/records/sources/S1.html"].decode()


def test_many_tables(tmp_path: Path) -> None:
    tables = [
        table(f"t{n:03}", [{"name": "id", "type": "string"}], [{"id": "a"}], title=f"Table {n}") for n in range(250)
    ]
    store = MemoryStore()
    Shelf(store, tmp_path / "shelf").publish({"name": "p"}, tables, "1.0.0")
    page = Reader(pages_of(store, tmp_path / "site")["p/index.html"].decode())
    assert len({item["href"] for item in page.of("a") if item["href"].startswith("tables/")}) == 250


def test_many_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "NAMED", 20)
    store = MemoryStore()
    shelf = Shelf(store, tmp_path / "shelf")
    small = [table("t", [{"name": "id", "type": "string"}], [{"id": "a"}])]
    for number in range(23):
        shelf.publish({"name": f"p{number:03}", "title": f"Package {number}"}, small, "1.0.0")
    pages = {page.key: page for page in plan_site(store, tmp_path / "site", languages=("en",))}
    home, status, search = (pages[key].make() for key in ("index.html", "status.html", "search.json"))
    assert len({item["href"] for item in Reader(home.decode()).of("a") if item["href"].startswith("p")}) == 20
    assert "The first 20 of 23 packages." in home.decode()
    assert b"p022/index.html" in search
    assert len(home) / 20 * 400 < LIMIT
    assert len(status) / 10 * 200 < LIMIT


def releases(store: MemoryStore, folder: Path, count: int) -> Iterator[str]:
    shelf = Shelf(store, folder)
    for number in range(count):
        version = f"1.{number}.0"
        shelf.publish(
            {"name": "p"},
            [table("t", [{"name": "id", "type": "string"}], [{"id": f"{n}"} for n in range(number + 1)])],
            version,
        )
        yield version


def test_many_releases_are_listed_on_pages_that_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "SIZE", 5)
    store = MemoryStore()
    versions = releases(store, tmp_path / "shelf", 13)
    for _ in range(12):
        next(versions)
    before = pages_of(store, tmp_path / "site")
    assert {"p/releases.html", "p/releases/0001.html", "p/releases/0002.html"} <= set(before)
    assert "p/releases/0003.html" not in before
    next(versions)
    after = pages_of(store, tmp_path / "more")
    assert before["p/releases/0001.html"] == after["p/releases/0001.html"]
    assert before["p/releases/0002.html"] == after["p/releases/0002.html"]
    names = ("p/releases.html", "p/releases/0002.html", "p/releases/0001.html")
    listed = [item["href"].removeprefix("../") for name in names for item in Reader(after[name].decode()).of("a")]
    assert {f"v/1.{n}.0/index.html" for n in range(13)} <= set(listed)


def test_the_page_of_an_older_release_stays_as_it_is(tmp_path: Path) -> None:
    """`source` tells without making a page whether it would be another: equal sources, equal bytes, and only two differ after a release."""
    store = MemoryStore()
    versions = releases(store, tmp_path / "shelf", 6)
    for _ in range(5):
        next(versions)
    before = {page.key: page for page in plan_site(store, tmp_path / "before") if "/v/" in page.key}
    made = {key: page.make() for key, page in before.items()}
    next(versions)
    after = {page.key: page for page in plan_site(store, tmp_path / "after") if "/v/" in page.key}
    same = {key for key in before if before[key].source == after[key].source}
    assert len(same) == 3 * 4
    assert all(after[key].make() == made[key] for key in same)
    assert all(page.source for page in after.values())
    assert after["p/v/1.4.0/index.html"].make() != made["p/v/1.4.0/index.html"], "it is not the current one any more"
