"""Lists of records become tables: names become columns, numbers keep their digits, and what is no table says why."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.load import Plain, make_plain


def plain(folder: Path, text: str | bytes, kind: str = "json", encoding: str = "utf-8", **dialect: Any) -> Plain:
    path = folder / f"t.{kind}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return make_plain([path], encoding, folder, header=True, where="t", kind=kind, dialect=dialect)


def read(
    folder: Path, text: str | bytes, kind: str = "json", encoding: str = "utf-8", **dialect: Any
) -> list[list[str]]:
    made = plain(folder, text, kind, encoding, **dialect)
    assert made.damage == ""
    with made.path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_values_become_canonical_text(tmp_path: Path) -> None:
    text = '[{"a": 9.50, "b": 12345678901234567890, "c": true, "d": null, "e": "é\\n"}, {"f": [1, 2.5], "a": 1e3, "g": {"x": "ل"}}]'
    assert read(tmp_path, text) == [
        ["a", "b", "c", "d", "e", "f", "g"],
        ["9.50", "12345678901234567890", "true", "", "é\n", "", ""],
        ["1e3", "", "", "", "", "[1,2.5]", '{"x":"ل"}'],
    ]


def test_a_list_below_a_name(tmp_path: Path) -> None:
    text = '{"meta": {}, "result": {"items": [{"a": 1}]}}'
    assert read(tmp_path, text, property="result.items") == [["a"], ["1"]]
    assert plain(tmp_path, text, property="result.rows").damage == "the document has no 'rows': it has items"
    assert "is not a list" in plain(tmp_path, text).damage


def test_lists_of_cells_and_lines_of_records(tmp_path: Path) -> None:
    assert read(tmp_path, '[["a", "b"], [1, null]]') == [["a", "b"], ["1", ""]]
    assert read(tmp_path, '{"a": 1}\n\n{"a": 2}\n', "ndjson") == [["a"], ["1"], ["2"]]
    assert read(tmp_path, "\ufeff[]") == []
    assert read(tmp_path, '[{"a": "é"}]'.encode("latin-1"), encoding="latin-1") == [["a"], ["é"]]


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("[1", "json", "is not JSON"),
        ('[{"a": NaN}]', "json", "NaN, which is not a JSON value"),
        ('[{"a": 1}, 2]', "json", "record 2 is not an object"),
        ('[{"a": 1}, [2]]', "json", "record 2 is not an object"),
        ('[["a"], {"a": 2}]', "json", "record 2 is not a list like the first"),
        ('{"a": 1}\n{"a"\n', "ndjson", "line 2 is not JSON"),
        (b"\xff\xfe", "json", "not text in the encoding"),
        ("[" * 100_000, "json", "nested too deeply"),
    ],
)
def test_what_is_no_table_is_a_finding(tmp_path: Path, text: str | bytes, kind: str, says: str) -> None:
    made = plain(tmp_path, text, kind)
    assert says in made.damage
    assert made.code == "source-error"


NAMES = st.sampled_from(["id", "name", "الاسم", "with space"])
VALUES = st.one_of(st.text(st.characters(codec="utf-8"), max_size=9), st.integers(), st.booleans(), st.none())


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(NAMES, VALUES, min_size=1), min_size=1, max_size=5))
def test_what_goes_in_comes_out(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    header, *found = read(tmp_path, json.dumps(records))
    assert len(found) == len(records)
    for row, record in zip(found, records, strict=True):
        for name, text in zip(header, row, strict=True):
            value = record.get(name)
            given_text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
            assert text == given_text
