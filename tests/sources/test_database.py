"""Tables out of a real PostgreSQL: values as canonical text, one state for all tables, nothing written, no secret told."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from publisher.errors import InvalidData, SourceError
from publisher.model import Package
from tests.servers.postgres import Cluster, find_postgres, run_postgres
from tests.sources.world import World
from tests.tools import require


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    programs = find_postgres()
    require(programs, "no PostgreSQL here: apt-get install postgresql")
    assert programs is not None
    with run_postgres(programs) as found:
        yield found


@pytest.fixture
def database(cluster: Cluster, world: World) -> Iterator[psycopg.Connection]:
    """A connection to a database with an empty schema, whose address the program has in SOURCE_DB."""
    world.environment["SOURCE_DB"] = cluster.dsn
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute("CREATE TABLE members (id int, name text)")
        connection.execute("INSERT INTO members VALUES (2, 'لبنان'), (10, NULL), (1, 'Belgium, \"BE\"\nline')")
        yield connection


def table(world: World, query: str, *more: dict[str, Any], **resource: Any) -> Package:
    source(world, "q.sql", query)
    return world.package({"publisher": {"source": {"database": "SOURCE_DB", "query": "q.sql"}}, **resource}, *more)


def source(world: World, name: str, query: str) -> None:
    folder = world.root / "datasets" / "p"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(query, encoding="utf-8")


def test_a_query_is_published(world: World, database: psycopg.Connection) -> None:
    package = table(world, "SELECT id, name FROM members -- all of them")
    assert world.text(package) == 'id,name\n1,"Belgium, ""BE""\nline"\n10,\n2,لبنان\n'
    assert world.publish(package).version == "1.0.0"
    assert world.store.read("p/v/1.0.0/t.csv")[0].decode() == 'id,name\n1,"Belgium, ""BE""\nline"\n2,لبنان\n10,\n'
    (origin,) = world.release("1.0.0").descriptor["resources"][0]["origin"]
    assert (origin["kind"], origin.keys()) == ("database", {"kind", "readAt", "bytes", "hash"})
    assert world.publish(package).outcome == "unchanged"
    database.execute("INSERT INTO members VALUES (3, 'France')")
    assert world.publish(package).version == "1.1.0"


def test_rows_that_moved_inside_the_database_change_nothing(
    world: World, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = table(world, "SELECT id, name FROM members")
    world.publish(package)
    database.execute("CREATE TABLE again AS SELECT * FROM members ORDER BY id DESC")
    database.execute("DROP TABLE members")
    database.execute("ALTER TABLE again RENAME TO members")
    monkeypatch.setattr("publisher.run.pipeline.prepare", lambda *_: pytest.fail("parsed"))
    assert world.publish(package).outcome == "unchanged"


TYPES = [
    ("true", "boolean", "true"),
    ("false", "boolean", "false"),
    ("12345678901234567890.50::numeric", "number", "12345678901234567890.50"),
    ("0.1::float8 + 0.2::float8", "number", "0.30000000000000004"),
    ("'NaN'::float8", "string", "NaN"),
    ("9223372036854775807", "integer", "9223372036854775807"),
    ("DATE '2012-12-05'", "date", "2012-12-05"),
    ("TIMESTAMP '2012-12-05 10:30:00.25'", "string", "2012-12-05T10:30:00.25"),
    ("TIMESTAMP '2012-12-05 10:30:00'", "datetime", "2012-12-05T10:30:00"),
    ("TIMESTAMPTZ '2012-12-05 10:30:00+02'", "string", "2012-12-05T08:30:00Z"),
    ("TIME '10:30:00'", "time", "10:30:00"),
    ("INTERVAL '1 day 2 hours'", "duration", "P1DT2H"),
    ("'{\"a\": [1, 2]}'::jsonb", "object", '{"a": [1, 2]}'),
    ("ARRAY['a', NULL, 'ب']", "array", '["a",null,"ب"]'),
    ("ROW(1, 'x')::members", "object", '{"id":1,"name":"x"}'),
    ("'\\xdeadbeef'::bytea", "string", "\\xdeadbeef"),
    ("'x'::char(5)", "string", "x"),
    ("'{4a5c1d3e-0000-4000-8000-000000000001}'::uuid", "string", "4a5c1d3e-0000-4000-8000-000000000001"),
    ("NULL::int", "integer", ""),
]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Beirut"])
def test_values_become_the_text_of_a_table_schema(world: World, database: psycopg.Connection, zone: str) -> None:
    database.execute(f"ALTER ROLE owner SET timezone = '{zone}'")
    database.execute("ALTER ROLE owner SET datestyle = 'German'")
    columns = ", ".join(f'{value} AS "c {number}"' for number, (value, _, _) in enumerate(TYPES))
    fields = [{"name": f"c {number}", "type": kind} for number, (_, kind, _) in enumerate(TYPES)]
    package = table(world, f"SELECT {columns}", schema={"fields": fields})
    header, line = world.text(package).splitlines()
    assert header.split(",") == [f"c {number}" for number in range(len(TYPES))]

    assert next(csv.reader([line])) == [text for _, _, text in TYPES]
    assert world.publish(package).outcome == "published", "and they are valid"
    database.execute("ALTER ROLE owner RESET ALL")


def test_all_tables_show_one_state(world: World, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that arrive between two queries are in neither."""
    import publisher.sources.database as module

    copy, queries = module._copy, []

    def busy(connection: psycopg.Connection, item: Any) -> str:
        queries.append(item.table)
        statement = copy(connection, item)
        if len(queries) == 2:
            database.execute("INSERT INTO members VALUES (99, 'late')")
        return statement

    monkeypatch.setattr(module, "_copy", busy)
    source(world, "count.sql", "SELECT count(*) AS id, 'rows' AS name FROM members")
    counted = {"name": "n", "publisher": {"source": {"database": "SOURCE_DB", "query": "count.sql"}}}
    package = table(world, "SELECT id, name FROM members", counted)
    brought = world.bring(package).package
    texts = [item.paths[0].read_text(encoding="utf-8") for item in brought.resources]
    assert queries == ["t", "n"]
    assert "late" not in texts[0]
    assert texts[1] == "id,name\n3,rows\n"


def test_a_connection_that_dies_is_opened_again(
    world: World, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    import publisher.sources.database as module

    copy, killed = module._copy, []

    def kill(connection: psycopg.Connection, item: Any) -> str:
        statement = copy(connection, item)
        if not killed:
            killed.append(connection.info.backend_pid)
            database.execute("SELECT pg_terminate_backend(%s)", killed)
        return statement

    monkeypatch.setattr(module, "_copy", kill)
    assert world.text(table(world, "SELECT id, name FROM members")).startswith("id,name\n1,")
    assert killed


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("DELETE FROM members RETURNING id, name", "syntax error"),
        ("WITH gone AS (DELETE FROM members RETURNING id, name) SELECT * FROM gone", "data-modifying"),
        ("SELECT nextval('s') AS id, '' AS name", "read-only transaction"),
        ("SELECT 1 AS id, '' AS name) AS q; DELETE FROM members; SELECT * FROM (SELECT 1", "multiple commands"),
        ("SELECT 1 AS id, 2 AS id", "names a column id twice"),
        ("SELECT id, name FROM nowhere", "nowhere"),
        ("SELECT 1/0 AS id, '' AS name", "division by zero"),
        ("", "syntax error"),
    ],
)
def test_a_query_that_cannot_be_published(world: World, database: psycopg.Connection, query: str, says: str) -> None:
    database.execute("CREATE SEQUENCE s")
    with pytest.raises(SourceError, match=r"table t: the query of t ") as caught:
        world.bring(table(world, query))
    assert says in str(caught.value)
    assert database.execute("SELECT count(*) FROM members").fetchone() == (3,)


def test_time_and_size_are_limited(world: World, database: psycopg.Connection) -> None:
    world.allow(source_seconds=1)
    with pytest.raises(SourceError, match=r"(stopped after 1 s|took too long)\n.*source_seconds"):
        world.bring(table(world, "SELECT 1 AS id, pg_sleep(60)::text AS name"))
    world.allow(source_megabytes=1, source_seconds=60)
    with pytest.raises(SourceError, match="more than 1 MB"):
        world.bring(table(world, "SELECT generate_series(1, 1000000) AS id, 'name of a row' AS name"))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://owner:hush@127.0.0.1:1/postgres", "does not answer"),
        ("postgresql://owner:hush2@127.0.0.1:{port}/postgres", "password authentication failed"),
        ("postgresql://owner:hush@127.0.0.1:{port}/none?password=hush", "does not exist"),
        ("postgresql//owner:hush@127.0.0.1", "no PostgreSQL connection string"),
        ("host=127.0.0.1 password='hush", "no PostgreSQL connection string"),
        ("", "variable SOURCE_DB is not set"),
    ],
)
def test_no_secret_is_told(world: World, cluster: Cluster, address: str, says: str) -> None:
    world.environment["SOURCE_DB"] = address.format(port=cluster.port)
    with pytest.raises(SourceError) as caught:
        world.bring(table(world, "SELECT 1 AS id, '' AS name"))
    assert says in str(caught.value)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "hush" not in str(chain).replace("hush2", "")
        assert "127.0.0.1" not in str(chain)
        chain = chain.__cause__


def test_findings_name_the_variable(world: World, database: psycopg.Connection) -> None:
    package = table(world, "SELECT 'x' AS id, name FROM members WHERE id = 1")
    with pytest.raises(InvalidData) as caught:
        world.publish(package)
    assert caught.value.report.findings[0].path == "the database in SOURCE_DB"  # type: ignore[attr-defined]


def test_the_last_release_stays_where_the_database_is_gone(world: World, database: psycopg.Connection) -> None:
    package = table(world, "SELECT id, name FROM members")
    world.publish(package)
    database.execute("DROP TABLE members")
    with pytest.raises(SourceError, match="what was published before stays"):
        world.publish(package)
    assert json.loads(world.store.read("p/versions.json")[0])["latest"] == "1.0.0"
