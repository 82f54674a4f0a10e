"""Packages as strangers write them: no keys, odd names, odd keys, every type, deprecated columns, several packages in one store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource

from publisher import catalog, layout
from publisher.engine import open_engine
from publisher.package.published import Published, read_release
from publisher.store.memory import MemoryStore
from tests.feeds.conftest import root_of
from tests.shelf import Shelf, TableOf, derive

BASE = "https://data.example.org/"
NAME = "odd data"


def field(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def tables() -> list[TableOf]:
    keyless = {"fields": [field("any thing"), field("n", "integer")], "missingValues": [""]}
    odd = {
        "fields": [
            field("ключ/код"),
            field("ع"),
            field("n", "number"),
            field("b", "boolean"),
            field("o", "object"),
            field("y", "year"),
        ],
        "primaryKey": ["ключ/код", "ع"],
        "missingValues": [""],
    }
    links = {
        "fields": [field("id", "integer"), field("x"), field("y")],
        "primaryKey": ["id"],
        "foreignKeys": [{"fields": ["x", "y"], "reference": {"resource": "جدول", "fields": ["ключ/код", "ع"]}}],
        "missingValues": [""],
    }
    rows = [
        {"ключ/код": "../../x", "ع": "a,b", "n": "9.50", "b": "true", "o": '{"a":1.50}', "y": "2012"},
        {"ключ/код": "k" * 300, "ع": ".", "n": None, "b": None, "o": None, "y": None},
        {
            "ключ/код": '"quoted"\nline',
            "ع": "التزام",
            "n": "12345678901234567890.5",
            "b": "false",
            "o": "{}",
            "y": "0999",
        },
    ]
    return [
        TableOf({"name": "no key"}, keyless, [{"any thing": "a", "n": "1"}, {"any thing": "a", "n": "1"}]),
        TableOf({"name": "جدول"}, odd, rows),
        TableOf({"name": "by"}, links, [{"id": "1", "x": "../../x", "y": "a,b"}, {"id": "2", "x": None, "y": "a,b"}]),
        TableOf({"name": "empty"}, keyless, []),
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Published, dict[str, bytes]]:
    folder, store = tmp_path_factory.mktemp("odd"), MemoryStore()
    shelf = Shelf(store, folder / "shelf")
    shelf.publish({"name": NAME}, tables(), "1.0.0")
    shelf.publish({"name": NAME, "title": "Odd"}, tables()[:-1], "2.0.0")
    published = read_release(store, NAME, "2.0.0", folder)
    found = derive(store, NAME, folder / "derived", BASE, ("en",))
    (folder / "root").mkdir()
    with open_engine(folder / "root") as engine:
        found |= root_of(engine, published, BASE, ("en",))
    return published, found


def test_every_record_lies_below_its_table(made: tuple[Published, dict[str, bytes]]) -> None:
    published, found = made
    table = published.info.table("جدول")
    for row in published.rows(table):
        key = layout.data_record(NAME, table.name, layout.record_name([str(row[name]) for name in table.primary_key]))
        body = json.loads(found[key])
        assert body["record"]["ع"] == row["ع"]
        assert unquote(body["links"]["self"]) == unquote(BASE + key)
    assert all(".." not in key.split("/") for key in found)
    assert not [key for key in found if key.startswith(f"{NAME}/data/no key/") and "/pages/" not in key]


def test_digits_and_documents_stay_as_published(made: tuple[Published, dict[str, bytes]]) -> None:
    text = made[1][layout.data_whole(NAME, "جدول")].decode()
    assert '"n":9.50' in text
    assert '"n":12345678901234567890.5' in text
    assert '"o":{"a":1.50}' in text
    assert '"y":999' in text


def test_keys_of_several_columns_tie_records(made: tuple[Published, dict[str, bytes]]) -> None:
    _, found = made
    record = json.loads(found[layout.data_record(NAME, "by", "1")])
    assert record["key"] == {"id": 1}
    assert record["references"]["x,y"]["record"]["n"] == 9.5
    assert json.loads(found[layout.data_record(NAME, "by", "2")])["references"] == {}
    other = json.loads(found[layout.data_record(NAME, "جدول", layout.record_name(("../../x", "a,b")))])
    assert [row["id"] for row in other["related"]["by"]["rows"]] == [1]


def test_documents_fulfil_their_schemas_and_the_description_is_valid(made: tuple[Published, dict[str, bytes]]) -> None:
    _, found = made
    schemas = [json.loads(body) for key, body in found.items() if "/schemas/" in key]
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas)
    for key, body in found.items():
        if "/data/" in key:
            document = json.loads(body)
            Draft202012Validator({"$ref": document["schema"]}, registry=registry).validate(document)
    validate(json.loads(found[layout.OPENAPI]))


def test_a_catalogue_of_several_packages_is_built(made: tuple[Published, dict[str, bytes]], tmp_path: Path) -> None:
    """Packages without licence, publisher, theme or keywords, too."""
    published, _ = made
    how: dict[str, Any] = {"base_url": BASE, "languages": ("en",)}
    cards = [catalog.make_card(published.info, [], True, whole=True, **how) for _ in range(2)]
    bodies = dict(catalog.build_root(cards, **how))
    assert b"Open data" in bodies[layout.CATALOG]
