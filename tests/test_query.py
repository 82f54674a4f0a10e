"""Queries: one SELECT with an order, over the package's tables alone, its result validated like any table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from publisher.engine import Engine
from publisher.errors import InvalidData, ProjectError
from publisher.model import Check, Tables
from publisher.query import derive
from publisher.query.statement import functions_of_chance, read_statement
from tests.package.making import checked, opened, package, publish, query, table

PEOPLE: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "share", "type": "number"},
        {"name": "born", "type": "date"},
    ],
    "primaryKey": ["id"],
}
ROWS: list[list[str | None]] = [
    ["3", "Cleo", "0.5", None],
    ["1", "Ann", "9.50", "2000-02-29"],
    ["2", None, None, "1999-12-31"],
]
RESULT: dict[str, Any] = {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]}


def run(engine: Engine, schema: dict[str, Any], sql: str, **how: Any) -> Tables:
    of = package(table("people", PEOPLE), query("result", schema, sql))
    return derive(checked(engine, of, {"people": ROWS}), engine, **how)


def result(folder: Path, schema: dict[str, Any], sql: str) -> list[tuple[Any, ...]]:
    with opened(folder) as engine:
        return engine.rows(f"SELECT * FROM {run(engine, schema, sql).tables[-1].relation}")


def fields(**kinds: str) -> dict[str, Any]:
    return {"fields": [{"name": name, "type": kind} for name, kind in kinds.items()]}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with opened(tmp_path) as engine:
        yield engine


def refused(engine: Engine, sql: str, schema: dict[str, Any] = RESULT) -> str:
    with pytest.raises(ProjectError) as caught:
        run(engine, schema, sql)
    assert str(caught.value).startswith("queries/result.sql")
    assert caught.value.remedy
    return caught.value.message


def test_tables_are_typed_views_and_canonical_text(engine: Engine) -> None:
    tables = run(engine, RESULT, "SELECT id, name FROM people ORDER BY id")
    assert [(item.resource.name, item.relation, item.rows) for item in tables.tables] == [
        ("people", 'canonical."people"', 3),
        ("result", 'canonical."result"', 3),
    ]
    assert engine.rows("SELECT * FROM canonical.people")[0] == ("1", "Ann", "9.50", "2000-02-29")
    assert engine.rows("SELECT typeof(id), typeof(share), typeof(born) FROM people LIMIT 1") == [
        ("HUGEINT", "DOUBLE", "DATE")
    ]
    assert tables.validation["valid"] is True
    assert [task["name"] for task in tables.validation["tasks"]] == ["result"]


def test_a_result_with_a_key_is_sorted_by_it_and_one_without_by_its_own_order(tmp_path: Path) -> None:
    sql = "SELECT id, name FROM people ORDER BY id DESC"
    assert [row[0] for row in result(tmp_path / "a", RESULT, sql)] == ["3", "2", "1"]
    assert [row[0] for row in result(tmp_path / "b", RESULT | {"primaryKey": ["id"]}, sql)] == ["1", "2", "3"]


@pytest.mark.parametrize("kind", ["integer", "string"])
@pytest.mark.parametrize("late", [None, "0", "-5", "2998"])
def test_a_table_that_is_in_order_until_late_is_sorted_all_the_same(
    tmp_path: Path, kind: str, late: str | None
) -> None:
    schema = {**fields(id=kind, name="string"), "primaryKey": ["id"]}
    keys = [str(number) if kind == "integer" else f"{number:05}" for number in range(1, 6000, 2)]
    written = keys if late is None else [*keys[:2900], late, *keys[2900:]]
    expected = sorted(written, key=int if kind == "integer" else str)
    with opened(tmp_path) as engine:
        derive(checked(engine, package(table("t", schema)), {"t": [(key, "x") for key in written]}), engine)
        assert [key for key, _ in engine.rows("SELECT * FROM canonical.t")] == expected


def test_equals_are_ordered_by_all_columns(tmp_path: Path) -> None:
    sql = "SELECT i % 3 AS id, CAST(i AS VARCHAR) AS name FROM range(1000) AS r (i) ORDER BY id DESC LIMIT 400"
    rows = result(tmp_path, RESULT, sql)
    assert rows == sorted(rows, key=lambda row: (-int(row[0]), row[1]))
    assert len(rows) == 400


def test_a_query_reads_earlier_queries(engine: Engine) -> None:
    count = query("count", fields(people="integer"), "SELECT count(*) AS people FROM first ORDER BY people")
    of = package(table("people", PEOPLE), query("first", RESULT, "SELECT id, name FROM people ORDER BY id"), count)
    tables = derive(checked(engine, of, {"people": ROWS}), engine)
    assert engine.rows(f"SELECT * FROM {tables.tables[-1].relation}") == [("3",)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT id, name FROM people", "no ORDER BY"),
        ("SELECT * FROM (SELECT id, name FROM people ORDER BY id)", "no ORDER BY"),
        ("SELECT id, name FROM people -- ORDER BY id", "no ORDER BY"),
        ("SELECT 1 AS id; SELECT 2 AS id", "holds 2 statements"),
        ("", "holds 0 statements"),
        ("-- nothing", "holds 0 statements"),
        ("SELEC id", "syntax error"),
        ("DELETE FROM people", "not a SELECT"),
        ("COPY people TO 'x.csv'", "not a SELECT"),
        ("SET threads = 1", "not a SELECT"),
        ("INSTALL httpfs", "not a SELECT"),
        ("ATTACH 'x.db'", "not a SELECT"),
        ("SELECT $1 AS id ORDER BY id", "parameters"),
        ("SELECT id, name FROM 'people.csv' ORDER BY id", "reads people.csv"),
        ("SELECT id, name FROM 'https://example.org/x.parquet' ORDER BY id", "no table of the package"),
        ("SELECT * FROM read_csv('people.csv') ORDER BY ALL", r"reads from read_csv\(\)"),
        ("SELECT * FROM read_text('/etc/hostname') ORDER BY ALL", r"reads from read_text\(\)"),
        ("SELECT * FROM glob('*') ORDER BY ALL", r"reads from glob\(\)"),
        ("SELECT * FROM duckdb_settings() ORDER BY ALL", r"reads from duckdb_settings\(\)"),
        ("SELECT * FROM query('SELECT 1') ORDER BY ALL", r"reads from query\(\)"),
        ("SELECT * FROM information_schema.tables ORDER BY ALL", "reads tables"),
        ("SELECT * FROM duckdb_tables ORDER BY ALL", "reads duckdb_tables"),
        ("SELECT * FROM canonical.people ORDER BY ALL", "reads people"),
        ("SELECT id, name FROM poeple ORDER BY id", "reads poeple"),
        ("SELECT id, name FROM people USING SAMPLE 2 ORDER BY id", "sample"),
        ("SELECT id, name FROM people TABLESAMPLE 50% ORDER BY id", "sample"),
        ("SELECT id, CAST(current_date AS VARCHAR) AS name FROM people ORDER BY id", "current_date"),
        ("SELECT id, CAST(now() AS VARCHAR) AS name FROM people ORDER BY id", r"now\(\)"),
        ("SELECT id, CAST(random() AS VARCHAR) AS name FROM people ORDER BY id", r"random\(\)"),
        ("SELECT id, name FROM people ORDER BY random()", r"random\(\)"),
        ("SELECT id, uuid() AS name FROM people ORDER BY id", r"uuid\(\)"),
        ("SELECT id, current_setting('threads') AS name FROM people ORDER BY id", "current_setting"),
        ("SELECT 1 AS id, string_agg(name, ',') AS name FROM people ORDER BY id", "string_agg"),
        ("SELECT 1 AS id, any_value(name) AS name FROM people ORDER BY id", "any_value"),
        ("SELECT row_number() OVER () AS id, name FROM people ORDER BY id", "row_number"),
        (
            "WITH x AS (SELECT * FROM read_csv('y')) SELECT id, name FROM people ORDER BY (SELECT count(*) FROM x)",
            "read_csv",
        ),
        ("SELECT id, nosuch AS name FROM people ORDER BY id", "nosuch"),
        ("SELECT id, name, share FROM people ORDER BY id", "the schema does not have share"),
        ("SELECT id FROM people ORDER BY id", "it does not return name"),
        ("SELECT name, id FROM people ORDER BY id", "order id, name, the query name, id"),
        ("SELECT id, CAST('x' AS INTEGER) AS name FROM people ORDER BY id", "x"),
    ],
)
def test_what_a_query_may_not_do(engine: Engine, sql: str, message: str) -> None:
    assert re.search(message, refused(engine, sql))


@pytest.mark.parametrize(
    "sql",
    [
        "FROM people SELECT id, name ORDER BY id; -- done",
        "(SELECT id, name FROM people ORDER BY id)",
        "WITH p AS (SELECT * FROM people) SELECT id, name FROM p ORDER BY ALL",
        "SELECT id, name FROM people UNION ALL SELECT 9, 'x' ORDER BY 1",
        "VALUES (1, 'a') ORDER BY 1",
        "SELECT 1 AS id, string_agg(name, ',' ORDER BY name) AS name FROM people ORDER BY id",
        "SELECT row_number() OVER (ORDER BY name, id) AS id, name FROM people ORDER BY id",
        "SELECT i AS id, NULL AS name FROM range(3) AS r (i) ORDER BY id",
        "SELECT unnest([1, 2]) AS id, 'x' AS name ORDER BY id",
        "WITH RECURSIVE r AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM r WHERE id < 3) SELECT id, '' AS name FROM r ORDER BY id",
    ],
)
def test_what_a_query_may_do(tmp_path: Path, sql: str) -> None:
    schema = RESULT if not sql.startswith("VALUES") else fields(col0="integer", col1="string")
    assert result(tmp_path, schema, sql)


def test_what_is_wrong_is_shown_in_the_query_as_written(engine: Engine) -> None:
    message = refused(engine, "SELECT id, name, nobody FROM people ORDER BY id")
    assert 'column "nobody" not found' in message
    assert "DESCRIBE" not in message


def test_nothing_outside_can_be_reached_even_by_sql_that_slips_through(engine: Engine, tmp_path: Path) -> None:
    run(engine, RESULT, "SELECT id, name FROM people ORDER BY id")
    for sql in (
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY people TO '/tmp/x.csv'",
        "SET threads = 1",
        "ATTACH '/tmp/x.db'",
    ):
        with pytest.raises(Exception, match=r"disabled by configuration|locked|Permission|not allowed"):
            engine.run(sql)


def test_a_query_that_does_not_end_is_stopped(engine: Engine) -> None:
    sql = "SELECT count(*) AS id, 'x' AS name FROM range(100000000) AS a, range(100000000) AS b ORDER BY id"
    with pytest.raises(ProjectError, match=r"queries/result.sql: ran longer than 0.3 seconds"):
        run(engine, RESULT, sql, seconds=0.3)
    assert engine.value("SELECT 1") == 1


def test_a_query_that_needs_too_much_memory_is_stopped(tmp_path: Path) -> None:
    sql = "SELECT 1 AS id, string_agg(repeat(CAST(i AS VARCHAR), 1000), '' ORDER BY i) AS name FROM range(1000000) AS r (i) ORDER BY id"
    with opened(tmp_path, memory="60MB") as engine, pytest.raises(ProjectError, match="needs more memory"):
        run(engine, RESULT, sql)


def test_findings_in_a_result_stop_the_release(engine: Engine) -> None:
    schema: dict[str, Any] = {
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "name", "type": "string", "constraints": {"required": True}},
        ],
        "primaryKey": ["id"],
        "foreignKeys": [{"fields": ["id"], "reference": {"resource": "people", "fields": ["id"]}}],
    }
    with pytest.raises(InvalidData) as caught:
        run(engine, schema, "SELECT id + 1 AS id, name FROM people ORDER BY id")
    found = caught.value.report.flatten(["resource", "fieldNumber", "type"])  # type: ignore[attr-defined]
    assert sorted(found, key=str) == [["result", 2, "constraint-error"], ["result", None, "foreign-key"]]


def test_findings_of_checks_stop_the_release_before_any_query(engine: Engine) -> None:
    check = Check(
        "named",
        Path("checks/named.sql"),
        "SELECT 'people' AS resource, id AS key, 'no name' AS message FROM people WHERE name IS NULL",
    )
    of = package(table("people", PEOPLE), query("result", RESULT, "not even SQL"), checks=[check])
    with pytest.raises(InvalidData) as caught:
        derive(checked(engine, of, {"people": ROWS}), engine)
    assert caught.value.report.flatten(["type", "note"]) == [["check", "no name"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", ["NaN", "INF", "-INF"])
def test_numbers_that_json_does_not_have_are_findings(engine: Engine, number: str) -> None:
    of = package(table("people", PEOPLE))
    with pytest.raises(InvalidData) as caught:
        derive(checked(engine, of, {"people": [["1", None, number, None]]}), engine)
    (finding,) = caught.value.report.findings  # type: ignore[attr-defined]
    assert (finding.name, finding.cell, finding.key) == ("share", number, (("id", "1"),))


@pytest.mark.parametrize(
    ("kind", "sql", "text"),
    [
        ("integer", "170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
        ("number", "CAST(9.5 AS DECIMAL(9, 2))", "9.50"),
        ("number", "0.1 + 0.2", "0.3"),
        ("number", "CAST(1 AS DOUBLE) / 3", "0.3333333333333333"),
        ("boolean", "1 = 1", "true"),
        ("date", "DATE '0099-02-01'", "0099-02-01"),
        ("datetime", "TIMESTAMP '2024-01-01 10:20:30'", "2024-01-01T10:20:30"),
        ("datetime", "TIMESTAMP '2024-01-01 10:20:30.5'", "2024-01-01T10:20:30.500000"),
        ("datetime", "TIMESTAMPTZ '2024-01-01 10:20:30+02'", "2024-01-01T08:20:30Z"),
        ("time", "TIME '10:20:30'", "10:20:30"),
        ("year", "44", "0044"),
        ("yearmonth", "strftime(DATE '2024-05-06', '%Y-%m')", "2024-05"),
        ("array", "[1, 2]", "[1,2]"),
        ("object", "{'a': 1, 'b': 'x'}", '{"a":1,"b":"x"}'),
        ("string", "''", None),
        ("string", "'x'", "x"),
        ("any", "NULL", None),
    ],
)
def test_values_become_canonical_text(tmp_path: Path, kind: str, sql: str, text: str | None) -> None:
    assert result(tmp_path, fields(id="integer", value=kind), f"SELECT 1 AS id, {sql} AS value ORDER BY id") == [
        ("1", text)
    ]


@pytest.mark.parametrize(
    "field",
    [
        {"type": "date", "format": "%d/%m/%Y"},
        {"type": "number", "decimalChar": ","},
        {"type": "boolean", "trueValues": ["ja"]},
        {"type": "string", "missingValues": ["NA"]},
        {"type": "list"},
    ],
)
def test_a_schema_of_a_query_says_nothing_of_cells(engine: Engine, field: dict[str, Any]) -> None:
    refused(engine, "SELECT 1 AS x ORDER BY x", {"fields": [{"name": "x", **field}]})


def test_columns_that_differ_by_case_alone_are_refused(engine: Engine) -> None:
    with pytest.raises(ProjectError, match="'a' and 'A'"):
        derive(checked(engine, package(table("t", fields(a="string", A="string"))), {"t": []}), engine)


def test_a_column_without_a_name_is_refused(engine: Engine) -> None:
    with pytest.raises(ProjectError, match="no name"):
        derive(checked(engine, package(table("t", {"fields": [{"name": "", "type": "string"}]})), {"t": []}), engine)


@pytest.mark.parametrize("threads", [1, 4])
def test_results_do_not_depend_on_threads(tmp_path: Path, threads: int) -> None:
    def rows(folder: Path, threads: int) -> Sequence[str]:
        of = package(
            table("people", PEOPLE),
            query(
                "groups",
                RESULT,
                "SELECT id % 7 AS id, string_agg(name, ' ' ORDER BY name) AS name FROM people GROUP BY 1 ORDER BY 1",
            ),
        )
        publish(folder, of, {"people": [[str(i), f"n{i}", None, None] for i in range(3000)]}, threads=threads)
        return (folder / "release" / "groups.csv").read_text(encoding="utf-8").splitlines()

    assert rows(tmp_path / "a", threads) == rows(tmp_path / "b", 2)


def test_chance_is_what_duckdb_says_it_is(engine: Engine) -> None:
    chance = functions_of_chance(engine)
    assert {"random", "now", "uuid", "current_setting", "nextval", "today"} <= chance
    assert not {"lower", "sum", "strftime", "error"} & chance
    assert read_statement(engine, query("q", RESULT | {"primaryKey": ["id"]}, "SELECT 1 AS id ORDER BY 1"), [], chance)
