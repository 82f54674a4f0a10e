"""The gate over columns and descriptions: what it finds is named by its place, never by its value, and passes by name alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from publisher.engine import Engine
from publisher.errors import GateRefused
from publisher.gates import Gate, look_for_secrets, look_through, refuse
from publisher.model import Table
from tests.cli.program import publisher
from tests.diff.worlds import engine_in
from tests.package.making import table

LONG = "In the course of the conference, held in Washington on 29 and 30 September 2014, "


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_in(tmp_path / "engine") as found:
        yield found


def look(engine: Engine, rows: Sequence[Sequence[str | None]], *fields: Any, key: Sequence[str] = ()) -> list[Gate]:
    schema = {"fields": list(fields), "primaryKey": list(key)}
    columns = ", ".join(f"{item['name']} VARCHAR" for item in fields)
    engine.run(f"CREATE OR REPLACE TABLE t ({columns})")
    for row in rows:
        engine.run(f"INSERT INTO t VALUES ({', '.join('?' * len(fields))})", list(row))
    return list(look_through(engine, [Table(table("t", schema), "t", len(rows))]))


def column(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def test_a_finding_names_column_kind_and_records_and_the_way_out(engine: Engine) -> None:
    rows = [(f"K{number}", f"write to person{number}@example.org") for number in range(7)]
    (gate,) = look(engine, rows, column("id"), column("note"), key=["id"])
    assert (gate.name, gate.passed, gate.override) == ("t.note.email", False, "")
    assert gate.message == "t.note holds what looks like e-mail addresses in 7 records: K0, K1, K2, K3, K4 and 2 more"
    assert "person" not in gate.message + gate.remedy
    with pytest.raises(GateRefused, match=r"t\.note holds") as refusal:
        refuse([gate])
    assert "`publisher: {allow: [email]}` in the schema's field note" in refusal.value.remedy
    assert "--allow" not in refusal.value.remedy


def test_what_is_allowed_by_name_passes_and_nothing_else_does(engine: Engine) -> None:
    rows = [("a@example.org, +352 621 123 456",)]
    assert [gate.name for gate in look(engine, rows, column("note"))] == ["t.note.email", "t.note.phone"]
    assert [gate.name for gate in look(engine, rows, column("note", publisher={"allow": ["email"]}))] == [
        "t.note.phone"
    ]
    assert look(engine, rows, column("note", publisher={"allow": ["phone", "email"]})) == []


def test_columns_that_allow_different_things_are_not_taken_for_each_other(engine: Engine) -> None:
    open_to_all = {"publisher": {"allow": ["email"]}}
    fields = [column("a", **open_to_all), column("b"), column("c", **open_to_all)]
    assert [gate.name for gate in look(engine, [("x", "b@example.org", "z")], *fields)] == ["t.b.email"]
    assert look(engine, [("a@example.org", "y", "c@example.org")], *fields) == []


def test_a_key_that_is_itself_personal_is_not_told(engine: Engine) -> None:
    (gate,) = look(engine, [("b", "x"), ("a@example.org", "x")], column("id"), column("note"), key=["id"])
    assert gate.message.endswith("in 1 record: row 2")


def test_types_that_cannot_hold_it_are_not_read(engine: Engine) -> None:
    number = "4111111111111111"
    assert [gate.name for gate in look(engine, [(number,)], column("n", "integer"))] == ["t.n.card"]
    assert look(engine, [(number,)], column("n", "number")) == []
    assert look(engine, [("a@example.org",)], column("n", constraints={"enum": ["a@example.org"]})) == []
    found = look(
        engine, [('{"mail": "a@example.org"}', '["+352 621 123 456"]')], column("o", "object"), column("l", "array")
    )
    assert [gate.name for gate in found] == ["t.o.email", "t.l.phone"]


def test_what_stands_in_the_cells_beside_it_hides_nothing(engine: Engine) -> None:
    rows = [
        ("a", "+352 621 123 456", "b"),
        ("1", "4111111111111111", "2"),
        (None, "tel 020 7946 0958", None),
        ("00", "35", "2"),
    ]
    found = look(engine, rows, column("a"), column("note"), column("b", publisher={"allow": ["phone"]}))
    assert [(gate.name, gate.message.partition(" in ")[2]) for gate in found] == [
        ("t.note.card", "1 record: row 2"),
        ("t.note.phone", "2 records: row 1, row 3"),
    ]


def test_missing_cells_and_empty_tables_are_no_matter(engine: Engine) -> None:
    assert look(engine, [(None,), (None,)], column("note")) == []
    assert look(engine, [], column("note")) == []


def test_names_of_persons_are_left_to_review(engine: Engine) -> None:
    text = LONG + "Commissioner Cecilia Malmström spoke."
    (gate,) = look(engine, [(text,)], column("note"))
    assert (gate.passed, gate.review) == (True, True)
    assert "Malmström" not in gate.message
    refuse([gate])
    assert look(engine, [(text,)], column("note", publisher={"allow": ["names"]})) == []


def test_secrets_in_descriptions_are_found_by_place() -> None:
    said = {
        "package": {"sources": [{"path": "https://user:secret@example.org/"}]},
        "t": {"query": "SELECT 'AKIAIOSFODNN7EXAMPLE'"},
    }
    gates = look_for_secrets(said, {})
    assert [gate.name for gate in gates] == ["description.password", "description.aws-key"]
    assert "package.sources[0].path" in gates[0].message
    assert "secret@" not in gates[0].message
    assert look_for_secrets(said, {"allow": ["password", "aws-key"]}) == ()
    assert look_for_secrets({"package": {"contributors": [{"email": "office@example.org"}]}}, {}) == ()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "datasets" / "p"
    folder.mkdir(parents=True)
    (folder / "t.csv").write_text("id,note\n1,fine\n2,call +352 621 123 456\n")
    (folder / "q.sql").write_text("SELECT id, 'mail office' || chr(64) || 'example.org' AS note FROM t ORDER BY id")
    (tmp_path / "pyproject.toml").write_text('[tool.publisher]\ntarget = "public"\n')
    describe(tmp_path)
    return tmp_path


def describe(project: Path, *allowed: str, **package: Any) -> None:
    fields = [
        {"name": "id", "type": "integer"},
        {"name": "note", "type": "string", "publisher": {"allow": list(allowed)}},
    ]
    schema = {"fields": fields, "primaryKey": "id"}
    tables = [{"name": "t", "path": "t.csv", "schema": schema}, {"name": "q", "query": "q.sql", "schema": schema}]
    text = json.dumps({"name": "p", "resources": tables, **package})
    (project / "datasets/p/datapackage.json").write_text(text)


def test_publish_and_plan_refuse_what_is_not_allowed_by_name(project: Path) -> None:
    told = publisher(project, "validate", "p")
    assert (told.returncode, "personal-data" in told.stdout) == (1, True)
    planned = publisher(project, "plan", "p")
    assert planned.returncode == 0
    assert "t.note holds what looks like telephone numbers in 1 record: 2" in planned.stdout
    assert "q.note holds what looks like e-mail addresses in 2 records: 1, 2" in planned.stdout
    refused = publisher(project, "publish", "p")
    assert refused.returncode == 6
    assert "Traceback" not in refused.stderr
    for said in ("telephone numbers", "allow: [phone]", "allow: [email]"):
        assert said in refused.stderr
    for value in ("621 123", "office"):
        assert value not in planned.stdout + refused.stderr
    assert not list((project / "public").glob("p/**/*"))

    describe(project, "phone", "email")
    assert publisher(project, "validate", "p").returncode == 0
    assert publisher(project, "publish", "p").returncode == 0


def test_a_secret_in_the_description_is_refused(project: Path) -> None:
    describe(project, "phone", "email", description="as read from https://user:hunter2@example.org/")
    refused = publisher(project, "publish", "p")
    assert refused.returncode == 6
    assert "package.description" in refused.stderr
    assert "hunter2" not in refused.stderr + refused.stdout


def test_a_word_that_allows_nothing_is_refused(project: Path) -> None:
    describe(project, "emails")
    refused = publisher(project, "publish", "p")
    assert refused.returncode == 2
    assert "'emails' is no kind of data" in refused.stderr
