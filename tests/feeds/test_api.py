"""The static API: complete, linked, described, and still where nothing changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource

from publisher import layout
from publisher.store.memory import MemoryStore
from tests.feeds.conftest import BASE, PACKAGE, Library
from tests.shelf import Shelf, TableOf, derive, edit

DATA = f"{PACKAGE}/data/"


def documents(objects: Mapping[str, bytes]) -> Iterator[tuple[str, Any]]:
    return ((key, json.loads(body)) for key, body in objects.items() if key.startswith(DATA))


def test_every_row_is_a_record_and_in_one_page(library: Library) -> None:
    for table in library.latest.info.tables:
        whole = json.loads(library.objects[layout.data_whole(PACKAGE, table.name)])
        rows = list(library.latest.rows(table))
        assert whole["total"] == whole["count"] == len(whole["rows"]) == len(rows) == table.rows
        keys = [tuple(str(row[name]) for name in table.primary_key) for row in rows]
        for key, row in zip(keys, whole["rows"], strict=True):
            record = json.loads(library.objects[layout.data_record(PACKAGE, table.name, layout.record_name(key))])
            assert record["record"] == row
            assert tuple(map(str, record["key"].values())) == key


def test_a_record_holds_what_belongs_to_it(library: Library) -> None:
    record = json.loads(library.objects[layout.data_record(PACKAGE, "members", "NL")])
    commitments = json.loads(library.objects[layout.data_subset(PACKAGE, "commitments", "country_code", "NL")])
    related = record["related"]
    assert related["commitments"]["total"] == commitments["total"] == len(commitments["rows"]) > 0
    assert related["commitments"]["rows"] == commitments["rows"]
    assert related["commitments"]["links"]["all"] == commitments["links"]["self"]
    assert {row["country_code"] for row in related["national_measures"]["rows"]} == {"NL"}
    assert record["references"]["source_id"]["record"]["source_id"] == record["record"]["source_id"]
    linked = [
        row
        for row in library.latest.rows(library.latest.info.table("source_links"))
        if (row["resource"], row["record_id"]) == ("members", "NL")
    ]
    assert {row["source_id"] for row in related["sources"]["rows"]} == {row["source_id"] for row in linked} != set()


def test_a_removed_record_leaves_a_tombstone(library: Library) -> None:
    stone = json.loads(library.objects[layout.data_record(PACKAGE, "national_measures", "N028")])
    assert (stone["status"], stone["removed_in"], stone["replaced_by"]) == (410, "1.0.1", "C039")
    assert stone["reason"] == stone["detail"] == "Moved to commitments"
    assert stone["links"]["last"].endswith("/v/1.0.0/datapackage.json")


def test_versions_say_since_when_a_document_stands(library: Library) -> None:
    """C010 was corrected in 1.0.1, so it and the records that show it are of 1.0.1; nothing else but what N028 touched is."""
    found = {key: body["version"] for key, body in documents(library.objects) if "record" in body}
    changed = {key.removeprefix(DATA) for key, version in found.items() if version == "1.0.1"}
    assert {"commitments/C010.json", "members/CA.json", "members/NL.json", "policy_targets/T2.json"} <= changed
    assert len(changed) < 10
    assert found[layout.data_record(PACKAGE, "members", "BE")] == "1.0.0"
    assert found[layout.data_record(PACKAGE, "events", "E25")] == "1.1.0"


def test_only_what_changed_gets_other_bytes(library: Library, tmp_path: Path) -> None:
    """The version of a document moves exactly when its bytes do."""
    store = MemoryStore()
    shelf = Shelf(store, tmp_path / "shelf")
    tables = small()
    shelf.publish({"name": "p"}, tables, "1.0.0")
    before = derive(store, "p", tmp_path / "a")
    shelf.publish(
        {"name": "p"},
        edit(tables, "items", lambda rows: [{**row, "text": "new"} if row["id"] == "3" else row for row in rows]),
        "1.0.1",
    )
    after = derive(store, "p", tmp_path / "b")
    records = {key for key in before if re.fullmatch(r"p/data/(items|lands)/[^/]+\.json", key)}
    assert {key for key in records if before[key] != after[key]} == {
        "p/data/items/3.json",
        "p/data/items/4.json",
        "p/data/items/1.json",
        "p/data/lands/B.json",
    }
    assert {key for key in records if json.loads(after[key])["version"] == "1.0.1"} == {
        key for key in records if before[key] != after[key]
    }


def small() -> list[TableOf]:
    lands = {"fields": [{"name": "land", "type": "string"}], "primaryKey": ["land"], "missingValues": [""]}
    items = {
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "land", "type": "string"},
            {"name": "parent", "type": "integer"},
            {"name": "text", "type": "string"},
        ],
        "primaryKey": ["id"],
        "missingValues": [""],
        "foreignKeys": [
            {"fields": ["land"], "reference": {"resource": "lands", "fields": ["land"]}},
            {"fields": ["parent"], "reference": {"fields": ["id"]}},
        ],
    }
    rows = [
        {"id": str(n), "land": "AB"[n % 2], "parent": parent, "text": f"text {n}"}
        for n, parent in ((1, None), (2, None), (3, "1"), (4, "3"), (5, None))
    ]
    return [
        TableOf({"name": "lands"}, lands, [{"land": "A"}, {"land": "B"}]),
        TableOf({"name": "items", "pageSize": 2}, items, rows),
    ]


def test_pages_can_be_walked_both_ways_and_say_when_they_are_gone(tmp_path: Path) -> None:
    store = MemoryStore()
    shelf = Shelf(store, tmp_path / "shelf")
    shelf.publish({"name": "p"}, small(), "1.0.0")
    found = derive(store, "p", tmp_path / "a", BASE)
    key = layout.data_page("p", "items", 1)
    ids, back = [], []
    while key:
        page = json.loads(found[key])
        ids += [row["id"] for row in page["rows"]]
        last, key = key, page["links"].get("next", "").removeprefix(BASE)
    while last:
        page = json.loads(found[last])
        back.append(page["page"])
        last = page["links"].get("prev", "").removeprefix(BASE)
    assert (ids, back) == ([1, 2, 3, 4, 5], [3, 2, 1])
    shelf.publish({"name": "p"}, edit(small(), "items", lambda rows: rows[:2]), "1.1.0")
    page = json.loads(derive(store, "p", tmp_path / "b", BASE)[layout.data_page("p", "items", 3)])
    assert (page["rows"], page["pages"], page["total"]) == ([], 1, 2)


def test_a_release_that_was_taken_back_leaves_no_record_behind(tmp_path: Path) -> None:
    store = MemoryStore()
    shelf = Shelf(store, tmp_path / "shelf")
    tables = small()
    shelf.publish({"name": "p"}, tables, "1.0.0")
    shelf.publish(
        {"name": "p"},
        edit(tables, "items", lambda rows: [*rows, {"id": "9", "land": "A", "parent": None, "text": "x"}]),
        "1.1.0",
    )
    shelf.yank("p", "1.1.0", "A number was wrong")
    found = derive(store, "p", tmp_path / "a")
    assert json.loads(found["p/data/items/9.json"])["status"] == 410
    feed = json.loads(found["p/feeds/releases.en.json"])
    assert [item["title"] for item in feed["items"]] == [
        "Release 1.1.0 was withdrawn",
        "Release 1.1.0, withdrawn",
        "Release 1.0.0",
    ]
    assert "A number was wrong" in feed["items"][0]["content_text"]
    assert json.loads(found["p/data/index.json"])["version"] == "1.0.0"


def test_subsets_hold_all_rows_of_a_value_and_stay_when_they_empty(tmp_path: Path) -> None:
    store = MemoryStore()
    shelf = Shelf(store, tmp_path / "shelf")
    shelf.publish({"name": "p"}, small(), "1.0.0")
    found = derive(store, "p", tmp_path / "a", BASE)
    values = json.loads(found[layout.data_facet("p", "items", "land")])["values"]
    assert [(item["value"], item["total"]) for item in values] == [("A", 2), ("B", 3)]
    first, second = (json.loads(found[layout.data_subset("p", "items", "land", "B", number)]) for number in (1, 2))
    assert [row["id"] for page in (first, second) for row in page["rows"]] == [1, 3, 5]
    assert first["links"]["next"] == second["links"]["self"]
    shelf.publish(
        {"name": "p"}, edit(small(), "items", lambda rows: [row for row in rows if row["land"] == "B"]), "1.1.0"
    )
    empty = json.loads(derive(store, "p", tmp_path / "b", BASE)[layout.data_subset("p", "items", "land", "A")])
    assert (empty["total"], empty["rows"], empty["version"]) == (0, [], "1.1.0")


def test_every_link_leads_somewhere(library: Library) -> None:
    """Absolute and relative links alike; pages, catalogues and the status are made by others."""
    for base, objects in ((BASE, library.objects), ("", library.relative)):
        published = {stat.key for stat in library.store.list()}
        for key, body in objects.items():
            if not key.endswith(".json") or "/schemas/" in key:
                continue
            for target in set(links(json.loads(body))):
                if "{" in target:
                    continue
                place = (
                    target.removeprefix(base) if base else urljoin(f"http://x/{key}", target).removeprefix("http://x/")
                )
                place = unquote(place.partition("#")[0])
                others = (layout.CATALOG, layout.CATALOG_JSON, layout.STATUS, layout.dataset_card(PACKAGE), "")
                made = place in objects or place in published or place in others
                assert made or place.endswith((".html", "/")), f"{key} links to {target}"


def links(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name in {"links", "generated_from", "schema", "href", "anchor", "next_url", "feed_url"}:
                yield from strings(item)
            else:
                yield from links(item)
    elif isinstance(value, list):
        for item in value:
            yield from links(item)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "creativecommons" not in value and not value.startswith("application/") and "/" in value:
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)


def registry(objects: Mapping[str, bytes]) -> Registry[Any]:
    schemas = {BASE + key: json.loads(body) for key, body in objects.items() if "/schemas/" in key}
    return Registry().with_resources((address, Resource.from_contents(schema)) for address, schema in schemas.items())


def test_every_document_fulfils_the_schema_it_names(library: Library) -> None:
    known = registry(library.objects)
    checked = 0
    for key, body in documents(library.objects):
        validator = Draft202012Validator(
            {"$ref": body["schema"]}, registry=known, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        errors = list(validator.iter_errors(body))
        assert not errors, f"{key}: {errors[0].message[:300]}"
        checked += 1
    assert checked > 400


def test_schemas_are_schemas_and_refuse_what_they_should(library: Library) -> None:
    for key, body in library.objects.items():
        if "/schemas/" in key:
            Draft202012Validator.check_schema(json.loads(body))
    address = BASE + layout.data_schema(PACKAGE, "tables/members") + "#/$defs/row"
    validator = Draft202012Validator({"$ref": address}, registry=registry(library.objects))
    row = json.loads(library.objects[layout.data_record(PACKAGE, "members", "BE")])["record"]
    assert validator.is_valid(row)
    assert not validator.is_valid({**row, "status": "no such status"})
    assert not validator.is_valid({**row, "country_code": None})
    assert not validator.is_valid({name: value for name, value in row.items() if name != "note"})


def test_changes_and_the_pointer_fulfil_their_schemas(library: Library) -> None:
    known = registry(library.objects)

    def check(name: str, value: Any) -> None:
        Draft202012Validator({"$ref": BASE + layout.data_schema(PACKAGE, name)}, registry=known).validate(value)

    check("pointer", json.loads(library.store.read(layout.pointer(PACKAGE))[0]))
    for version in ("1.0.0", "1.0.1", "1.1.0"):
        check("changes", json.loads(library.store.read(layout.release_file(PACKAGE, version, layout.CHANGES))[0]))
        for line in library.store.read(layout.release_file(PACKAGE, version, layout.CHANGE_ROWS))[0].splitlines():
            check("change", json.loads(line))


def test_openapi_is_valid_and_names_every_document(library: Library) -> None:
    """tests/feeds/test_walk.py holds what is published to what it says."""
    document = json.loads(library.objects[layout.OPENAPI])
    validate(document)
    paths = {
        path: re.compile(re.sub(r"\\\{[^}]*\\\}", r"([^/]+?)", re.escape(path.lstrip("/"))))
        for path in document["paths"]
    }
    for key in library.objects:
        if key != layout.OPENAPI:
            fitting = [path for path, pattern in paths.items() if pattern.fullmatch(key)]
            assert fitting, f"{key} is described by no path"


def test_the_same_releases_give_the_same_bytes(library: Library, tmp_path: Path) -> None:
    again = derive(library.store, PACKAGE, tmp_path / "a", BASE)
    assert again == {key: library.objects[key] for key in again}


@given(st.text(), st.text())
def test_segments_are_safe_and_different(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*", layout.segment(one))
    assert len(layout.segment(one)) < 200
    assert (layout.segment(one) == layout.segment(other)) == (one == other)


@pytest.mark.parametrize("key", [("a", "b"), ("a,b",), ("a", ""), ("التزام", "/../x")])
def test_record_names_tell_keys_apart(key: tuple[str, ...]) -> None:
    name = layout.record_name(key)
    assert "/" not in name
    assert name.count(",") == len(key) - 1
