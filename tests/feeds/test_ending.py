"""The end of a column, a table, a package is announced before anything breaks: wherever programs and people look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from publisher import layout
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, plan_package, publish_package
from publisher.store.memory import MemoryStore

COLUMN = {"since": "2026-11-24", "until": "2027-06-30", "replaced_by": "name", "reason": "Nobody uses it"}
TABLE = {"since": "2026-11-24", "until": "2027-01-31"}
PACKAGE = {"until": "2028-01-01", "replaced_by": "other"}
SETTINGS = Settings(languages=("en", "ar", "fr"), base_url="https://data.example.org/")


def write(folder: Path, *, announced: bool) -> Path:
    def said(value: Mapping[str, str]) -> dict[str, Any]:
        return {"publisher": {"deprecated": value}} if announced else {}

    fields = [{"name": "id", "type": "integer"}, {"name": "old", "type": "string", **said(COLUMN)}]
    (folder / "cats.csv").write_text("id,old\n1,x\n")
    (folder / "dogs.csv").write_text("id\n1\n")
    cats = {"name": "cats", "path": "cats.csv", "schema": {"fields": fields, "primaryKey": "id"}}
    dogs = {"name": "dogs", "path": "dogs.csv", **said(TABLE)}
    document = {"name": "pets", "title": "Pets", "resources": [cats, dogs], **said(PACKAGE)}
    (folder / "datapackage.json").write_text(json.dumps(document))
    return folder / "datapackage.json"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    folder, store = tmp_path_factory.mktemp("pets"), MemoryStore()
    run = Run(store, SETTINGS)
    publish_package(run, read_package(write(folder, announced=False), project_root=None), Wishes())
    package = read_package(write(folder, announced=True), project_root=None)
    planned = plan_package(run, package, Wishes()).planned
    assert planned is not None
    assert planned.bump.level == "patch"
    publish_package(run, package, Wishes())
    return store


def read(store: MemoryStore, key: str) -> Any:
    return json.loads(store.read(key)[0])


def test_indexes_list_what_will_end(store: MemoryStore) -> None:
    wanted = [PACKAGE, {"table": "cats", "column": "old", **COLUMN}, {"table": "dogs", **TABLE}]
    index = read(store, layout.data_index("pets"))
    assert index["deprecations"] == wanted
    assert read(store, layout.INDEX)["packages"][0]["deprecations"] == wanted
    Draft202012Validator(read(store, layout.data_schema("pets", "index"))).validate(index)


def test_schemas_and_the_description_mark_it(store: MemoryStore) -> None:
    row = read(store, layout.data_schema("pets", "tables/cats"))["$defs"]["row"]
    assert "deprecated" not in row
    assert {name: item.get("deprecated") for name, item in row["properties"].items()} == {"id": None, "old": True}
    assert read(store, layout.data_schema("pets", "tables/dogs"))["$defs"]["row"]["deprecated"] is True
    paths = read(store, layout.OPENAPI)["paths"]
    assert paths[f"/{layout.data_whole('pets', 'dogs')}"]["get"]["deprecated"] is True


def test_the_descriptor_says_it(store: MemoryStore) -> None:
    descriptor = read(store, layout.release_file("pets", "1.0.1", layout.DESCRIPTOR))
    assert descriptor["deprecated"] == PACKAGE
    assert "publisher" not in descriptor


def test_the_feed_tells_programs_and_people(store: MemoryStore) -> None:
    item = read(store, layout.feed("pets", "releases", "en", "json"))["items"][0]
    assert item["_publisher"]["deprecations"] == [
        PACKAGE,
        {"table": "cats", "column": "old", **COLUMN},
        {"table": "dogs", **TABLE},
    ]
    for words in (
        "column old will end on 30 June 2027; use name",
        "the table will end on 31 January 2027",
        "The package will end on 1 January 2028; use other",
    ):
        assert words in plain(item["content_text"])
    assert "Description of the package revised" not in item["content_text"]
    for language, words, day in (
        ("ar", "تنتهي الحزمة في", "1 يناير 2028"),
        ("fr", "Le jeu de données prendra fin le", "1 janvier 2028"),
    ):
        assert words in read(store, layout.feed("pets", "releases", language, "json"))["items"][0]["content_text"]
        assert day in plain(store.read(layout.feed("pets", "releases", language, "atom"))[0].decode())


def plain(text: str) -> str:
    """Without the marks that keep words of another direction apart."""
    return "".join(char for char in text if char not in "\u2066\u2067\u2068\u2069")
