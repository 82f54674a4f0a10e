"""Packages and tables from outside: references, relations, checks, canonical text."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publisher import validate_package, validate_table
from publisher.engine import Engine, open_engine
from publisher.errors import InvalidData, ProjectError
from publisher.load import load
from publisher.model import Check, Package, Resource
from publisher.validate import Checked, check, check_relation, keys, lanes, run_checks
from publisher.validate.reference import reference_table
from publisher.validate.scan import stream

MEMBERS = {
    "fields": [{"name": "id", "type": "integer"}, {"name": "name", "constraints": {"unique": True}}],
    "primaryKey": "id",
}
ACTS = {
    "fields": [
        {"name": "member", "type": "integer"},
        {"name": "amount", "type": "number", "groupChar": ","},
        {"name": "done", "type": "boolean"},
    ],
    "foreignKeys": [{"fields": "member", "reference": {"resource": "members", "fields": "id"}}],
}


def resource(folder: Path, name: str, text: str, schema: dict[str, Any], **more: Any) -> Resource:
    path = folder / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return Resource(name, (path,), schema, {}, "utf-8", {"name": name, **more})


def package(folder: Path, members: str, acts: str, **more: Any) -> Package:
    tables = (resource(folder, "members", members, MEMBERS, **more), resource(folder, "acts", acts, ACTS))
    return Package("p", folder, {"name": "p"}, tables)


def test_keys_between_tables(tmp_path: Path) -> None:
    found = validate_package(package(tmp_path, "id,name\n1,A\n2,B\n2,A\n", "member,amount,done\n2,1,1\n3,2,0\n,1,1\n"))
    assert found.flatten(["resource", "rowNumber", "fieldNumber", "type"]) == [
        ["members", 4, 2, "unique-error"],
        ["members", 4, None, "primary-key"],
        ["acts", 3, None, "foreign-key"],
    ]


@pytest.mark.parametrize(("member", "told", "asked"), [("1", 0, 2), ("3", 101, 101)], ids=["kept", "broken"])
def test_a_key_that_is_declared_again_is_told_again_and_asked_again_only_where_it_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str, told: int, asked: int
) -> None:
    """As often as frictionless tells it; a hundred equal keys and one that differs."""
    queries = []

    def counted(engine: Engine, sql: str) -> Iterator[tuple[Any, ...]]:
        queries.append(sql)
        return stream(engine, sql)

    monkeypatch.setattr(keys, "stream", counted)
    another = {"fields": "amount", "reference": {"resource": "members", "fields": "id"}}
    schema = {**ACTS, "foreignKeys": [*ACTS["foreignKeys"] * 100, another]}
    for name, text, its in (
        ("members", "id,name\n1,A\n", MEMBERS),
        ("acts", f"member,amount,done\n{member},{member},1\n", schema),
    ):
        (tmp_path / f"{name}.csv").write_text(text)
        (tmp_path / f"{name}.json").write_text(json.dumps(its))
    given: Any = {
        "path": tmp_path / "acts.csv",
        "schema": tmp_path / "acts.json",
        "references": {"members": (tmp_path / "members.csv", tmp_path / "members.json")},
    }
    found = validate_table(**given, limit=None).flatten(["rowNumber", "type"])
    assert found == reference_table(**given).flatten(["rowNumber", "type"]) == [[2, "foreign-key"]] * told
    assert len(queries) == asked


def found_in(folder: Path, text: str, schema: dict[str, Any], members: Resource | None = None) -> list[list[Any]]:
    """(record, field, code) of the findings in one table, which are frictionless' too."""
    table = resource(folder, "t", text, schema)
    references = {"members": (members.paths[0], members.schema)} if members else None
    wanted = ["rowNumber", "fieldNumber", "type"]
    found = validate_table(table.paths[0], schema, references=references).flatten(wanted)
    assert found == reference_table(table.paths[0], schema, references=references).flatten(wanted)
    return found


def test_of_a_table_that_is_only_referred_to_nothing_but_keys_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = []
    monkeypatch.setattr(lanes, "judge_records", lambda _engine, scan, _keyed: judged.append(scan.source.name) or "")
    joined = {"name": "joined", "type": "date", "constraints": {"required": True}}
    schema = {**MEMBERS, "fields": [*MEMBERS["fields"], joined]}
    members = resource(tmp_path, "members", 'id,name,joined\n1,A,soon\n2,A,"""\n"\n', schema)
    assert found_in(tmp_path, "member,amount,done\n2,1,1\n3,2,0\n1,2,0\n", ACTS, members) == [[3, None, "foreign-key"]]
    assert not judged


def test_keys_of_a_table_that_is_only_referred_to_are_equal_by_value(tmp_path: Path) -> None:
    members = resource(tmp_path, "members", "id,name\n+1,A\n02,B\nx,C\n", MEMBERS)
    assert found_in(tmp_path, "member,amount,done\n1,1,1\n2,2,0\n3,2,0\n", ACTS, members) == [[4, None, "foreign-key"]]


def test_a_record_is_blank_only_where_every_cell_is_missing(tmp_path: Path) -> None:
    schema = {"fields": [{"name": "a", "constraints": {"required": True}}, {"name": "b"}, {"name": "c"}]}
    assert found_in(tmp_path, "a,b,c\n,x,\n,,\n,,y\nz,,\n", schema) == [
        [2, 1, "constraint-error"],
        [3, None, "blank-row"],
        [4, 1, "constraint-error"],
    ]


def test_a_schema_may_say_what_our_sql_says(tmp_path: Path) -> None:
    missing = ["", "TRY_CAST(c1 AS BIGINT)", "{t}", "{v}"]
    year = {"name": "year", "type": "integer", "constraints": {"minimum": 2000, "maximum": 2030}}
    schema = {"fields": [year, {"name": "b"}], "missingValues": missing}
    rows = "".join(f"{cell},x\n" for cell in (*missing, "t1", "c1", "2001", "1999"))
    assert found_in(tmp_path, f"year,b\n{rows}", schema) == [
        [6, 1, "type-error"],
        [7, 1, "type-error"],
        [9, 1, "constraint-error"],
    ]


def test_canonical_text(tmp_path: Path) -> None:
    given = package(tmp_path, "id,name\n007,é\n+8, x\n", 'member,amount,done\n7,"1,234.50",TRUE\n,1e3,0\n8,-0.0,\n')
    with open_engine(tmp_path) as engine:
        checked = check(load(given, read_at="2025-01-01T00:00:00Z"), engine, checks=None)
        assert engine.rows(checked.relations["members"]) == [("7", "é"), ("8", " x")]
        assert engine.rows(checked.relations["acts"]) == [
            ("7", "1234.50", "true"),
            (None, "1000", "false"),
            ("8", "0.0", None),
        ]


def test_checked_needs_a_passing_report(tmp_path: Path) -> None:
    given = load(package(tmp_path, "id,name\nx,A\n", "member,amount,done\n"), read_at="")
    with open_engine(tmp_path) as engine, pytest.raises(InvalidData) as caught:
        check(given, engine)
    report = caught.value.report
    with pytest.raises(ValueError, match="passing"):
        Checked(given, report, {})  # type: ignore[arg-type]


def test_relations_are_judged_like_files(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        engine.run(
            "CREATE TABLE t AS SELECT * FROM (VALUES ('1', '2', 'true'), ('9', 'x', NULL)) AS t(member, amount, done)"
        )
        given = Resource("acts", (), ACTS, {}, "utf-8", {}, query="...")
        report = check_relation(engine, "SELECT * FROM t", given, {"members": "SELECT '1' AS id"})
    assert report.flatten(["rowNumber", "fieldNumber", "type"]) == [[3, 2, "type-error"], [3, None, "foreign-key"]]


def test_sql_checks(tmp_path: Path) -> None:
    good = Check(
        "dates", tmp_path / "dates.sql", "SELECT 'members' AS resource, '7' AS key, 'left before it joined' AS message"
    )
    with open_engine(tmp_path) as engine:
        report = run_checks(engine, [good])
        assert [(item.type, item.note, item.key) for item in report.findings] == [
            ("check", "left before it joined", (("key", "7"),))
        ]
        for sql in ("SELECT 1", "SELEC"):
            with pytest.raises(ProjectError, match=r"dates\.sql"):
                run_checks(engine, [Check("dates", tmp_path / "dates.sql", sql)])


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"fields": [{"name": "a", "constraints": {"pattern": "("}}]}, "regular expression"),
        ({"fields": [{"name": "a", "type": "integer", "constraints": {"minimum": "x"}}]}, "not a value"),
        ({"fields": [{"name": "a", "type": "nothing"}]}, "nothing"),
        (
            {
                "fields": [{"name": "a"}],
                "foreignKeys": [{"fields": ["a"], "reference": {"resource": "z", "fields": ["a"]}}],
            },
            "does not exist",
        ),
    ],
)
def test_a_wrong_rule_is_an_error_of_the_project(tmp_path: Path, schema: dict[str, Any], message: str) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n2\n")
    with pytest.raises(ProjectError, match=message):
        validate_table(tmp_path / "t.csv", schema)


def test_json_schema_constraint(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a\n"{""n"": 1}"\n"{""n"": ""x""}"\n')
    rule = {"type": "object", "properties": {"n": {"type": "integer"}}}
    schema = {"fields": [{"name": "a", "type": "object", "constraints": {"jsonSchema": rule}}]}
    assert validate_table(tmp_path / "t.csv", schema).flatten(["rowNumber", "type"]) == [[3, "constraint-error"]]


def test_packed_and_parted(tmp_path: Path) -> None:
    rows = b"id,name\n1,A\n"
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(rows))
    with zipfile.ZipFile(tmp_path / "b.csv.zip", "w") as archive:
        archive.writestr("b.csv", "id,name\n2,B")
    for name in ("a.csv.gz", "b.csv.zip"):
        assert validate_table(tmp_path / name, MEMBERS).valid
    whole = Resource("t", (tmp_path / "a.csv.gz", tmp_path / "b.csv.zip"), MEMBERS, {}, "utf-8", {})
    report = validate_package(Package("p", tmp_path, {}, (whole,)))
    assert report.valid
    assert report.tasks[0].rows == 2


def test_house_checks(tmp_path: Path) -> None:
    schema = {
        "fields": [
            {"name": "key", "constraints": {"unique": True}},
            {"name": "text"},
            {"name": "n", "type": "integer"},
            {"name": "kind", "categories": ["a", "b"]},
        ],
        "uniqueKeys": [["text", "n"]],
    }
    lines = [
        "key,text,n,kind",
        "Ab,x,1,a",
        "ab,y\u200f,2,b",
        "c,z\u00a0,3,a",
        "d,e\u0301,٤,c",
        "e,write to a@b.org,5,a",
        "f,x,1,b",
    ]
    given = resource(tmp_path, "t", "\n".join(lines) + "\n", schema)
    codes = [item[1] for item in validate_package(Package("p", tmp_path, {}, (given,))).flatten(["rowNumber", "type"])]
    assert sorted(codes) == [
        "bidi-control",
        "category",
        "foreign-digits",
        "invisible-space",
        "near-duplicate",
        "not-nfc",
        "personal-data",
        "unique-key",
    ]
    off = {"checks": dict.fromkeys(set(codes), False)}
    quiet = Resource("t", given.paths, schema, {}, "utf-8", {"publisher": off})
    assert validate_package(Package("p", tmp_path, {}, (quiet,))).valid
    assert validate_table(given.paths[0], schema).valid


def test_counts_are_exact_where_samples_are_capped(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n" + "x\n" * 500)
    report = validate_table(tmp_path / "t.csv", {"fields": [{"name": "a", "type": "integer"}]}, limit=3)
    assert report.counts == {"type-error": 500}
    assert len(report.findings) == 3
    assert json.loads(json.dumps(report.to_dict()))["stats"]["errors"] == 500


def test_did_you_mean(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,status,day\n1,Dine,2020/1/5\n")
    schema = {
        "fields": [
            {"name": "id"},
            {"name": "status", "constraints": {"enum": ["done", "planned"]}},
            {"name": "day", "type": "date"},
        ],
        "primaryKey": "id",
    }
    found = validate_table(tmp_path / "t.csv", schema).findings
    assert [(item.nearest, item.expected) for item in found] == [
        ("done", "done, planned"),
        ("2020-01-05", "2025-03-01"),
    ]
    assert found[0].key == (("id", "1"),)


def test_a_checklist_is_applied_as_frictionless_applies_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,name\n1,a\n\n2,b\n2,b\n")
    schema = {"fields": [{"name": "id", "type": "integer"}, {"name": "name"}], "primaryKey": ["id"]}
    checklist = {"checks": [{"type": "duplicate-row"}], "skipErrors": ["blank-row"]}
    report = validate_table(tmp_path / "t.csv", schema, checklist=checklist)
    assert report.flatten(["rowNumber", "type"]) == [[3, "primary-key"], [5, "primary-key"], [5, "duplicate-row"]]
    assert report.counts == {"duplicate-row": 1, "primary-key": 2}
    with pytest.raises(ProjectError, match="checklist"):
        validate_table(tmp_path / "t.csv", schema, checklist={"checks": [{"type": "no-such-check"}]})


def test_text_that_says_nan_is_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\nNaN\nNaN\n")
    schema = {"fields": [{"name": "a", "constraints": {"unique": True, "pattern": "(?=N)NaN"}}]}
    assert validate_table(tmp_path / "t.csv", schema).counts == {"unique-error": 1}


def test_a_finding_names_the_part_and_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,x\n1,2\n2,"a\nb"')
    (tmp_path / "b.csv").write_text("id,x\n3,4\n1,z\n")
    schema = {"fields": [{"name": "id", "type": "integer"}, {"name": "x", "type": "number"}], "primaryKey": ["id"]}
    whole = Resource("m", (tmp_path / "a.csv", tmp_path / "b.csv"), schema, {}, "utf-8", {})
    report = validate_package(Package("p", tmp_path, {}, (whole,)))
    assert [(Path(item.path).name, item.row, item.line, item.type) for item in report.findings] == [
        ("a.csv", 3, 3, "type-error"),
        ("b.csv", 5, 3, "type-error"),
        ("b.csv", 5, 3, "primary-key"),
    ]


def test_a_table_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text("a\n")
    with pytest.raises(ProjectError, match=r"member\.csv: there is no such file"):
        validate_table(tmp_path / "member.csv")


@pytest.mark.parametrize(
    "given", [{"missingValues": ["\ud800"]}, {"fields": [{"name": "a", "constraints": {"enum": ["\ud800"]}}]}]
)
def test_a_descriptor_given_in_python_is_held_to_what_a_file_could_hold(tmp_path: Path, given: dict[str, Any]) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(ProjectError, match="half a letter"):
        validate_table(tmp_path / "t.csv", {"fields": [{"name": "a", "type": "string"}], **given})
