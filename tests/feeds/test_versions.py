"""The law of the static API's versions: a release that leaves a record's content as it was leaves its bytes as they were."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.store.memory import MemoryStore
from tests.shelf import Shelf, TableOf, derive

LANDS = {
    "fields": [{"name": "land", "type": "string"}, {"name": "text", "type": "string"}],
    "primaryKey": ["land"],
    "missingValues": [""],
}
ITEMS = {
    "fields": [{"name": name, "type": "string"} for name in ("id", "land", "parent", "text")],
    "primaryKey": ["id"],
    "missingValues": [""],
    "foreignKeys": [
        {"fields": ["land"], "reference": {"resource": "lands", "fields": ["land"]}},
        {"fields": ["parent"], "reference": {"fields": ["id"]}},
    ],
}
LINKS = {
    "fields": [{"name": name, "type": "string"} for name in ("kind", "record", "land")],
    "primaryKey": ["kind", "record", "land"],
    "missingValues": [""],
    "foreignKeys": [{"fields": ["land"], "reference": {"resource": "lands", "fields": ["land"]}}],
}
IDS, CODES = ("1", "2", "3", "4"), ("A", "B", "C")
TEXTS = st.sampled_from(["x", "y", None])


@st.composite
def worlds(draw: st.DrawFn) -> list[TableOf]:
    lands = [{"land": code, "text": draw(TEXTS)} for code in CODES]
    ids = sorted(draw(st.sets(st.sampled_from(IDS), min_size=1)))
    items = [
        {
            "id": item,
            "land": draw(st.sampled_from([*CODES, None])),
            "parent": draw(st.sampled_from([*ids, None])),
            "text": draw(TEXTS),
        }
        for item in ids
    ]
    links = sorted(draw(st.sets(st.tuples(st.sampled_from(ids), st.sampled_from(CODES)), max_size=3)))
    return [
        TableOf({"name": "lands"}, LANDS, lands),
        TableOf({"name": "items", "pageSize": 2}, ITEMS, items),
        TableOf(
            {"name": "links", "rowLinks": {"table": "kind", "key": "record"}},
            LINKS,
            [{"kind": "items", "record": item, "land": code} for item, code in links],
        ),
    ]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(worlds(), min_size=2, max_size=4))
def test_bytes_move_exactly_with_the_content(states: list[list[TableOf]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, store = Path(name), MemoryStore()
        shelf = Shelf(store, folder / "shelf")
        before: dict[str, bytes] = {}
        for number, tables in enumerate(states):
            shelf.publish({"name": "p"}, tables, f"1.{number}.0")
            after = derive(store, "p", folder / f"derived{number}", languages=("en",))
            for key in (item for item in before if "~p" not in item):
                assert key in after, f"{key} is gone without a trace"
            for key in (item for item in before if re.fullmatch(r"p/data/[^/]+/(by/[^/]+/)?[^/]+\.json", item)):
                if before[key] != after.get(key, before[key]):
                    assert content(before[key]) != content(after[key]), f"{key} moved and says the same"
                    assert json.loads(after[key]).get("version", f"1.{number}.0") == f"1.{number}.0"
            before = after


def content(body: bytes) -> dict[str, Any]:
    return {name: value for name, value in json.loads(body).items() if name not in {"version", "generated_from"}}
