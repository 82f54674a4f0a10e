"""changes.json and changes.ndjson: what a line says, the same bytes everywhere, damage that is noticed, changes that do not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publisher import diff
from publisher.diff.report import markdown, samples, table_rows, to_json
from publisher.diff.state import LONGEST_LINE, TableState, load_text
from publisher.engine import Engine
from publisher.errors import UsageError
from tests.diff.worlds import engine_in

SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "price", "type": "number"},
        {"name": "open", "type": "boolean"},
        {"name": "extra", "type": "object"},
    ],
    "primaryKey": ["id"],
}
BEFORE = [
    ("1", "one", "9.50", "true", '{"a":1.10}'),
    ("2", "two", None, None, None),
    ("10", "ten", "0.1", "false", None),
]
AFTER = [
    ("1", "One", "9.5", "true", '{"a":1.100}'),
    ("9", 'ni"ne', "1e5", None, None),
    ("10", "ten", "0.1", "false", None),
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_in(tmp_path / "engine") as found:
        yield found


def table(engine: Engine, rows: Any, schema: dict[str, Any] = SCHEMA, name: str = "t") -> TableState:
    return TableState(
        name,
        load_text(engine, [item["name"] for item in schema["fields"]], rows),
        schema,
        tuple(schema.get("primaryKey", ())),
    )


def lines(engine: Engine, changes: diff.ChangeSet, folder: Path) -> list[str]:
    _, rows = diff.write(engine, changes, folder)
    assert rows.path is not None
    return rows.path.read_text(encoding="utf-8").splitlines()


def test_lines(engine: Engine, tmp_path: Path) -> None:
    changes = diff.compare(engine, [table(engine, BEFORE)], [table(engine, AFTER)])
    assert lines(engine, changes, tmp_path) == [
        (
            '{"table":"t","op":"change","key":{"id":1},'
            '"before":{"id":1,"name":"one","price":9.50,"open":true,"extra":{"a":1.10}},'
            '"after":{"id":1,"name":"One","price":9.5,"open":true,"extra":{"a":1.100}},"changed":["name","price","extra"]}'
        ),
        (
            '{"table":"t","op":"remove","key":{"id":2},'
            '"before":{"id":2,"name":"two","price":null,"open":null,"extra":null},"after":null,"changed":[]}'
        ),
        (
            '{"table":"t","op":"add","key":{"id":9},"before":null,'
            '"after":{"id":9,"name":"ni\\"ne","price":1e5,"open":null,"extra":null},"changed":[]}'
        ),
    ]


def test_values_that_json_cannot_hold_are_strings(engine: Engine, tmp_path: Path) -> None:
    odd = ("007", "x", ".5", "maybe", '{"a":\n1}')
    changes = diff.compare(engine, [table(engine, [])], [table(engine, [odd])])
    (line,) = lines(engine, changes, tmp_path)
    assert json.loads(line)["after"] == dict(zip(SCHEMA_NAMES, odd, strict=True))
    again = diff.read(engine, tmp_path / "changes.json", tmp_path / "changes.ndjson")
    (replayed,) = diff.apply(engine, [table(engine, [])], again)
    assert engine.rows(f"FROM {replayed.relation_sql}") == [odd]


SCHEMA_NAMES = [item["name"] for item in SCHEMA["fields"]]


def test_rows_without_a_key_are_counted(engine: Engine, tmp_path: Path) -> None:
    plain = {"fields": [{"name": "a", "type": "string"}]}
    before, after = (
        table(engine, [("x",)] * 3 + [("y",), (None,)], plain),
        table(engine, [("x",), ("z",), ("z",), (None,)], plain),
    )
    changes = diff.compare(engine, [before], [after])
    assert lines(engine, changes, tmp_path) == [
        '{"table":"t","op":"remove","key":null,"before":{"a":"x"},"after":null,"changed":[],"count":2}',
        '{"table":"t","op":"remove","key":null,"before":{"a":"y"},"after":null,"changed":[],"count":1}',
        '{"table":"t","op":"add","key":null,"before":null,"after":{"a":"z"},"changed":[],"count":2}',
    ]
    assert (changes.counts.added, changes.counts.removed) == (2, 3)


def test_the_summary(engine: Engine, tmp_path: Path) -> None:
    same = table(engine, BEFORE, name="u")
    changes = diff.compare(
        engine,
        [table(engine, BEFORE), same],
        [table(engine, AFTER), same],
        ["u"],
        from_version="1.0.0",
        to_version="1.1.0",
    )
    diff.write(engine, changes, tmp_path, {"bump": "minor", "notes": {"en": ["x"]}})
    document = json.loads((tmp_path / "changes.json").read_text())
    assert (document["from"], document["to"], document["bump"]) == ("1.0.0", "1.1.0", "minor")
    assert document["unchanged"] == ["u"]
    (found,) = document["tables"]
    assert (found["table"], found["status"], found["key"]) == ("t", "changed", ["id"])
    assert (found["rows_before"], found["rows_after"]) == (3, 3)
    assert found["counts"] == document["counts"]
    assert [found["counts"][name] for name in ("added", "returned", "changed", "removed")] == [1, 0, 1, 1]
    assert found["changed_fields"] == {"name": 1, "price": 1, "extra": 1}


def test_a_first_release_follows_nothing(engine: Engine, tmp_path: Path) -> None:
    first = diff.begin(engine, [table(engine, BEFORE)], to_version="1.0.0")
    diff.write(engine, first, tmp_path)
    assert json.loads((tmp_path / "changes.json").read_text())["from"] is None
    found = diff.read(engine, tmp_path / "changes.json", tmp_path / "changes.ndjson")
    assert (found.from_version, found.to_version) == ("", "1.0.0")


def test_an_empty_change_is_written_too(engine: Engine, tmp_path: Path) -> None:
    changes = diff.compare(
        engine, [table(engine, BEFORE)], [table(engine, BEFORE)], from_version="1.0.0", to_version="1.0.1"
    )
    summary, rows = diff.write(engine, changes, tmp_path)
    assert rows.bytes == 0
    assert json.loads((tmp_path / "changes.json").read_text())["unchanged"] == ["t"]
    assert summary.bytes == (tmp_path / "changes.json").stat().st_size
    assert diff.apply(
        engine, [table(engine, BEFORE)], diff.read(engine, tmp_path / "changes.json", tmp_path / "changes.ndjson")
    )


def test_a_first_release_lists_tables_but_no_rows(engine: Engine, tmp_path: Path) -> None:
    changes = diff.begin(engine, [table(engine, BEFORE)], "1.0.0")
    diff.write(engine, changes, tmp_path)
    assert (tmp_path / "changes.ndjson").read_bytes() == b""
    again = diff.read(engine, tmp_path / "changes.json", tmp_path / "changes.ndjson")
    assert [(item.name, item.status, item.rows_after) for item in again.tables] == [("t", "added", 3)]
    assert again.from_version == ""


def test_equal_bytes_are_not_read(engine: Engine) -> None:
    nowhere = TableState("t", "read_csv('/nowhere.csv')", SCHEMA, ("id",), rows=3)
    assert diff.compare(engine, [nowhere], [nowhere], ["t"]).empty
    titled = TableState("t", "read_csv('/nowhere.csv')", SCHEMA, ("id",), {"title": "T"}, rows=3)
    (found,) = diff.compare(engine, [nowhere], [titled], ["t"]).tables
    assert [item.kind for item in found.schema] == ["metadata_changed"]
    assert (found.rows_before, found.rows_after, found.counts.total) == (3, 3, 0)


def test_nothing_outside_the_engines_folder_is_needed(engine: Engine) -> None:
    before, after = table(engine, BEFORE), table(engine, AFTER)
    path = engine.folder / "parent.csv"
    path.write_text("id,name,price,open,extra\n2,two,,,\n")
    engine.lock(engine.folder)
    published = TableState("t", diff.read_published(path, SCHEMA), SCHEMA, ("id",))
    for one in (before, published):
        changes = diff.compare(engine, [one], [after])
        diff.write(engine, changes, engine.folder)
        again = diff.read(engine, engine.folder / "changes.json", engine.folder / "changes.ndjson")
        (replayed,) = diff.apply(engine, [one], again)
        assert engine.value(f"SELECT count(*) FROM {replayed.relation_sql}") == len(AFTER)


def test_the_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    found = set()
    for threads in (1, 2, 5):
        folder = tmp_path / str(threads)
        with engine_in(folder, threads=threads) as engine:
            many = [(str(number), f"n{number % 7}", None, None, None) for number in range(30_000)]
            later = [
                (key, "other" if int(key) % 11 == 0 else name, *rest) for key, name, *rest in many if int(key) % 13
            ]
            changes = diff.compare(engine, [table(engine, many)], [table(engine, later)])
            diff.write(engine, changes, folder)
            found.add(((folder / "changes.json").read_bytes(), (folder / "changes.ndjson").read_bytes()))
    assert len(found) == 1


def test_changes_of_another_release_are_refused(engine: Engine) -> None:
    changes = diff.compare(engine, [table(engine, BEFORE)], [table(engine, AFTER)])
    for other in (
        [],
        [table(engine, BEFORE[:1])],
        [table(engine, [("1", "uno", "9.50", "true", '{"a":1.10}'), *BEFORE[1:]])],
    ):
        with pytest.raises(UsageError, match="do not start from the rows of t"):
            diff.apply(engine, other, changes)
    plain = {"fields": SCHEMA["fields"]}
    counted = diff.compare(engine, [table(engine, BEFORE, plain)], [table(engine, AFTER, plain)])
    with pytest.raises(UsageError, match="do not start from the rows of t"):
        diff.apply(engine, [table(engine, BEFORE[:1], plain)], counted)


@pytest.mark.parametrize(
    "damage", ["x\n", "{}\n", '{"table":"t","op":"burn","key":null,"before":null,"after":null}\n', "\n", "[]\n"]
)
def test_damaged_rows_are_named_by_line(engine: Engine, tmp_path: Path, damage: str) -> None:
    changes = diff.compare(engine, [table(engine, BEFORE)], [table(engine, AFTER)])
    diff.write(engine, changes, tmp_path)
    path = tmp_path / "changes.ndjson"
    path.write_text(path.read_text() + damage)
    with pytest.raises(UsageError, match="line 4"):
        diff.read(engine, tmp_path / "changes.json", path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tables":[{}]}', "null"])
def test_a_damaged_summary_is_refused(engine: Engine, tmp_path: Path, text: str) -> None:
    (tmp_path / "changes.json").write_text(text)
    (tmp_path / "changes.ndjson").write_text("")
    with pytest.raises(UsageError, match="not a summary"):
        diff.read(engine, tmp_path / "changes.json", tmp_path / "changes.ndjson")


def test_files_that_do_not_belong_together(engine: Engine, tmp_path: Path) -> None:
    diff.write(engine, diff.compare(engine, [table(engine, BEFORE)], [table(engine, AFTER)]), tmp_path)
    rows = (tmp_path / "changes.ndjson").read_text()
    for text, match in (
        ("", "are missing"),
        (rows.replace('"t"', '"u"'), "not where"),
        (rows.replace('"name"', '"nom"'), "does not name"),
    ):
        (tmp_path / "changes.ndjson").write_text(text)
        with pytest.raises(UsageError, match=match):
            diff.read(engine, tmp_path / "changes.json", tmp_path / "changes.ndjson")


def test_rollups_need_every_step(engine: Engine) -> None:
    one = diff.compare(engine, [], [], from_version="1.0.0", to_version="1.1.0")
    two = diff.compare(engine, [], [], from_version="1.2.0", to_version="1.3.0")
    with pytest.raises(UsageError, match=r"followed by changes from 1\.2\.0"):
        diff.compose(engine, [one, two])
    with pytest.raises(UsageError, match="no changes"):
        diff.compose(engine, [])


def test_published_csv(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes('id,näme\n1,"a ""b"",\nc"\n2,\n3,#x\n4," \'"\n5,\u200fالتزام\n'.encode())
    schema = {"fields": [{"name": "id"}, {"name": "näme"}]}
    found = engine.rows(f"FROM {diff.read_published(path, schema)}")
    assert found == [("1", 'a "b",\nc'), ("2", None), ("3", "#x"), ("4", " '"), ("5", "\u200fالتزام")]


def test_published_csv_of_one_column(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'a\n""\nx\n""\n')
    assert engine.rows(f"FROM {diff.read_published(path, {'fields': [{'name': 'a'}]})}") == [(None,), ("x",), (None,)]


def test_published_csv_with_a_token_for_missing_values(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'a,b\nNA,\n"",NA\nx,y\n')
    schema = {"fields": [{"name": "a", "missingValues": ["NA"]}, {"name": "b"}]}
    assert engine.rows(f"FROM {diff.read_published(path, schema)}") == [(None, None), ("", "NA"), ("x", "y")]


def test_a_long_text_is_read(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    text = "x" * (LONGEST_LINE - 100)
    path.write_text(f"a,b\n1,{text}\n2,y\n")
    found = engine.rows(
        f"SELECT length(b) FROM {diff.read_published(path, {'fields': [{'name': 'a'}, {'name': 'b'}]})}"
    )
    assert found == [(len(text),), (1,)]


def test_for_people(engine: Engine) -> None:
    changes = diff.compare(
        engine, [table(engine, BEFORE)], [table(engine, AFTER)], from_version="1.0.0", to_version="1.1.0"
    )
    (row,) = table_rows(changes)
    assert (row.table, row.rows_before, row.rows_after, row.added, row.changed, row.removed) == ("t", 3, 3, 1, 1, 1)
    assert [(item.sign, item.key) for item in samples(changes)] == [("~", "1"), ("-", "2"), ("+", "9")]
    assert samples(changes)[0].text == 'name: one → One; price: 9.50 → 9.5; extra: {"a":1.10} → {"a":1.100}'
    text = markdown(changes)
    assert "| t | changed | 3 | 3 | 1 | 0 | 1 | 1 |" in text
    assert "1.0.0 to 1.1.0" in text
    assert json.loads(json.dumps(to_json(changes)))["samples"][0]["changed"] == ["name", "price", "extra"]
    assert "Nothing changed" in markdown(diff.compare(engine, [], []))


def test_markdown_shows_values_as_they_are(engine: Engine) -> None:
    changes = diff.compare(engine, [table(engine, [])], [table(engine, [("1", "a|b\n<script>*x*", None, None, None)])])
    assert r"a\|b \<script\>\*x\*" in markdown(changes)
