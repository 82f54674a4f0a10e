"""SQL that would read, write, ask, load, set or never end. Out: attacks by queries and by checks."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.engine import SPARE
from tests.security.sandbox import HARMLESS, REFUSED, Attack, package, project, resource

EITHER = (REFUSED, HARMLESS)
READING = [
    "SELECT 1 AS id, content AS name FROM read_text('/etc/passwd')",
    "SELECT * FROM read_text('../../../outside/secret.csv')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('t.csv')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_parquet('/etc/passwd')",
    "SELECT * FROM parquet_scan('x')",
    "SELECT * FROM parquet_metadata('x')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM '../../../outside/secret.csv'",
    'SELECT * FROM "/etc/passwd"',
    "SELECT * FROM 't.csv'",
    "SELECT * FROM 'https://example.org/x.csv'",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM read_csv('https://example.org/x.csv')",
    "FROM '/etc/passwd'",
    "TABLE '/etc/passwd'",
    "SELECT (SELECT content FROM read_text('/etc/passwd')) AS name, 1 AS id",
    "SELECT id, name FROM t WHERE name IN (SELECT content FROM read_text('/etc/passwd'))",
    "WITH x AS (FROM read_text('/etc/passwd')) SELECT 1 AS id, content AS name FROM x",
    "WITH t AS (SELECT 1 AS id, 'x' AS name) SELECT * FROM t UNION ALL SELECT 1, content FROM read_text('/etc/passwd')",
    "SELECT id, name FROM t, LATERAL (SELECT * FROM read_text('/etc/passwd'))",
    "SELECT * FROM query('SELECT 1 AS id')",
    "SELECT * FROM query_table('t')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_functions()",
    "SELECT * FROM duckdb_temporary_files()",
    "SELECT * FROM duckdb_memory()",
    "SELECT * FROM pragma_table_info('t')",
    "SELECT * FROM pragma_version()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM canonical.t",
    "SELECT * FROM canonical.main.t",
    "SELECT * FROM private.t",
    "SELECT * FROM work.main.t",
    "SELECT * FROM memory.main.t",
    "SELECT * FROM narrow0",
    "SELECT * FROM sqlite_scan('x.db', 't')",
    "SELECT * FROM postgres_scan('host=127.0.0.1', 'public', 't')",
    "SELECT * FROM mysql_scan('x', 'y', 'z')",
    "SELECT * FROM st_read('/etc/passwd')",
    "SELECT * FROM read_xlsx('x.xlsx')",
    "SELECT * FROM iceberg_scan('x')",
    "SELECT * FROM delta_scan('x')",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM python_map_function(1)",
    "SELECT * FROM df",
    "SELECT * FROM os",
    "SELECT * FROM seq_scan('t')",
    "SELECT * FROM test_all_types()",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM force_checkpoint()",
    "SELECT * FROM summary((SELECT 1))",
    "SELECT * FROM which_secret('x', 's3')",
    "SELECT * FROM json_execute_serialized_sql('{}')",
    "SELECT * FROM from_substrait('x'::BLOB)",
    "SELECT 1 AS id, getenv('HOME') AS name",
    "SELECT 1 AS id, getvariable('x') AS name",
    "SELECT 1 AS id, current_setting('temp_directory') AS name",
    "SELECT 1 AS id, current_database() AS name",
    "SELECT 1 AS id, current_query() AS name",
    "SELECT 1 AS id, version() AS name",
    "SELECT 1 AS id, now()::VARCHAR AS name",
    "SELECT 1 AS id, current_date::VARCHAR AS name",
    "SELECT 1 AS id, random()::VARCHAR AS name",
    "SELECT 1 AS id, uuid()::VARCHAR AS name",
    "SELECT 1 AS id, nextval('diff_tables')::VARCHAR AS name",
    "SELECT 1 AS id, txid_current()::VARCHAR AS name",
    "SELECT 1 AS id, read_text('/etc/passwd') AS name",
    "SELECT 1 AS id, write_log('x') AS name",
    "SELECT 1 AS id, pg_read_file('/etc/passwd') AS name",
    "SELECT 1 AS id, load_extension('x') AS name",
    "SELECT 1 AS id, set_config('x', 'y', false) AS name",
]
ACTING = [
    "COPY t TO '../../../outside/new.csv'",
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "COPY t FROM '/etc/passwd'",
    "EXPORT DATABASE '../../../outside'",
    "IMPORT DATABASE '/tmp'",
    "ATTACH '/tmp/x.db'",
    "ATTACH 'https://example.org/x.db'",
    "ATTACH ':memory:' AS other",
    "DETACH canonical",
    "USE canonical",
    "INSTALL httpfs",
    "FORCE INSTALL httpfs",
    "INSTALL '/tmp/x.duckdb_extension'",
    "LOAD httpfs",
    "LOAD '/tmp/x.duckdb_extension'",
    "UPDATE EXTENSIONS",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET enable_external_access",
    "SET GLOBAL memory_limit = '100GB'",
    "SET allowed_directories = ['/']",
    "SET temp_directory = '/tmp'",
    "PRAGMA enable_external_access",
    "PRAGMA database_list",
    "PRAGMA disable_checkpoint_on_shutdown",
    "CALL pragma_version()",
    "CALL duckdb_settings()",
    "CREATE TABLE x AS SELECT 1 AS id",
    "CREATE TEMP TABLE x (id INTEGER)",
    "CREATE OR REPLACE VIEW t AS SELECT 1 AS id, 'x' AS name",
    "CREATE MACRO f() AS 1",
    "CREATE OR REPLACE MACRO upper(x) AS 'evil'",
    "CREATE FUNCTION f() AS TABLE SELECT 1",
    "CREATE SECRET s (TYPE s3)",
    "CREATE PERSISTENT SECRET s (TYPE s3)",
    "CREATE SEQUENCE s",
    "CREATE TYPE x AS ENUM ('a')",
    "CREATE SCHEMA x",
    "DROP TABLE canonical.t",
    "DROP VIEW t",
    "ALTER TABLE canonical.t RENAME TO x",
    "INSERT INTO canonical.t VALUES ('9', 'evil')",
    "UPDATE canonical.t SET name = 'evil'",
    "DELETE FROM canonical.t",
    "TRUNCATE canonical.t",
    "MERGE INTO canonical.t USING t ON false WHEN NOT MATCHED THEN INSERT VALUES ('9', 'x')",
    "BEGIN",
    "COMMIT",
    "CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "EXPLAIN SELECT 1",
    "DESCRIBE t",
    "SUMMARIZE t",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "PREPARE x AS SELECT 1",
    "EXECUTE x",
    "DEALLOCATE x",
    "VALUES (1)",
    "SELECT 1 AS id, 'x' AS name; SELECT 2 AS id, 'y' AS name",
    "SELECT 1 AS id, 'x' AS name ORDER BY 1; DROP VIEW t",
    "SELECT $1 AS id, 'x' AS name",
    "SELECT ? AS id, 'x' AS name",
    "WITH x AS (DELETE FROM canonical.t RETURNING *) SELECT * FROM x",
    "",
    ";",
    "-- nothing",
    "/* nothing",
    "SELECT",
    "SELEKT 1",
    "SELECT 1 AS id, 'x AS name",
    "\0",
    "SELECT 1 AS id\0, 'x' AS name",
    "\u202eSELECT 1",
]
ENDLESS = [
    "WITH RECURSIVE x(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM x) SELECT id, 'x' AS name FROM x ORDER BY id",
    "WITH RECURSIVE x(id) AS (SELECT 1 UNION ALL SELECT id FROM x) SELECT max(id) AS id, 'x' AS name FROM x ORDER BY 1",
    "SELECT count(*) AS id, 'x' AS name FROM range(100000000000) ORDER BY 1",
    "SELECT sum(a.range * b.range) AS id, 'x' AS name FROM range(1000000) a, range(1000000) b ORDER BY 1",
    "SELECT a.range AS id, repeat('x', 1000000) AS name FROM range(1000000) a ORDER BY name, id",
    "SELECT 1 AS id, repeat('x', 4000000000) AS name ORDER BY 1",
    "SELECT 1 AS id, repeat(repeat('x', 100000), 100000) AS name ORDER BY 1",
    "SELECT 1 AS id, list_sum(range(1000000000))::VARCHAR AS name ORDER BY 1",
    "SELECT 1 AS id, lpad('x', 2000000000, 'y') AS name ORDER BY 1",
    "SELECT unnest(range(2000000000)) AS id, 'x' AS name ORDER BY id",
    "SELECT range AS id, md5(range::VARCHAR) AS name FROM range(100000000) ORDER BY name",
    "SELECT string_agg(range::VARCHAR, ',' ORDER BY range) AS name, 1 AS id FROM range(1000000000) ORDER BY 1",
    "SELECT 1 AS id, list_aggregate(list_transform(range(100000000), lambda x: x * x), 'max')::VARCHAR AS name ORDER BY 1",
    "SELECT 1 AS id, regexp_replace(repeat('a', 100000000), 'a', repeat('b', 1000), 'g') AS name ORDER BY 1",
    "SELECT 1 AS id, to_json(range(100000000))::VARCHAR AS name ORDER BY 1",
    "SELECT range AS id, 'x' AS name FROM generate_series(1, 100000000000) AS x(range) ORDER BY 1",
    "SELECT 1 AS id, " + "(" * 5000 + "1" + ")" * 5000 + " AS name ORDER BY 1",
    "SELECT 1 AS id, " + " + ".join(["1"] * 20_000) + " AS name ORDER BY 1",
    "SELECT 1 AS id, 'x' AS name" + " UNION ALL SELECT 1, 'x'" * 3000 + " ORDER BY 1",
    "SELECT " + ", ".join(f"1 AS c{n}" for n in range(5000)) + " ORDER BY 1",
    "SELECT 1 AS id, 'x' AS name FROM " + ", ".join(f"t AS t{n}" for n in range(60)) + " ORDER BY 1",
    "WITH "
    + ", ".join(f"x{n} AS (SELECT * FROM {f'x{n - 1} a, x{n - 1} b' if n else 't'})" for n in range(30))
    + " SELECT 1 AS id, 'x' AS name FROM x29 ORDER BY 1",
    "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000)) AS id, 'x' AS name ORDER BY 1",
    "SELECT id, levenshtein(repeat(name, 300000), repeat(name || 'x', 300000))::VARCHAR AS name FROM t ORDER BY 1",
    "SELECT range AS id, lpad('x', 2000000 + range::INTEGER, 'y') AS name FROM range(100000) ORDER BY name, id",
    "SELECT 1 AS id, error('canary-error') AS name ORDER BY 1",
    "SELECT 1 // 0 AS id, CAST('x' AS INTEGER)::VARCHAR AS name ORDER BY 1",
]
LIMITS = {"PUBLISHER_QUERY_SECONDS": "1", "PUBLISHER_MEMORY": "128MB"}
MIB = 384 + (SPARE >> 20)
"""What a run with these limits takes at most: Python and DuckDB, its memory, the spare of engine.py."""


def attacks() -> Iterator[Attack]:
    described = package(
        resource(), {"name": "q", "query": "q.sql", "schema": {"fields": resource()["schema"]["fields"]}}
    )
    for number, sql in enumerate((*READING, *ACTING)):
        ordered = sql if " ORDER BY" in sql or not sql.startswith(("SELECT", "WITH", "FROM")) else f"{sql} ORDER BY 1"
        yield Attack(f"query {number} {sql[:60]!r}", project(described, **{"q.sql": ordered}), env=LIMITS, mib=MIB)
    for number, sql in enumerate(READING):
        # A check must return other columns: what it returns is wrapped into them, so that nothing but its reading is refused.
        if sql.startswith("SELECT * FROM ") or "content" in sql:
            wrapped = f"SELECT 't' AS resource, '1' AS key, CAST(x AS VARCHAR) AS message FROM ({sql}) x"
            yield Attack(
                f"check {number} {sql[:60]!r}",
                project(package(resource()), **{"checks/c.sql": wrapped}),
                env=LIMITS,
                mib=MIB,
            )
    for number, sql in enumerate(ACTING):
        yield Attack(
            f"check {number} {sql[:60]!r}", project(package(resource()), **{"checks/c.sql": sql}), env=LIMITS, mib=MIB
        )
    for number, sql in enumerate(ENDLESS):
        yield Attack(
            f"endless {number} {sql[:60]!r}", project(described, **{"q.sql": sql}), ends=EITHER, env=LIMITS, mib=MIB
        )
    for number in (0, 2, 3, 4, 8, 10):
        wrapped = f"SELECT 't' AS resource, id AS key, name AS message FROM ({ENDLESS[number]})"
        yield Attack(
            f"endless check {number}", project(package(resource()), **{"checks/c.sql": wrapped}), env=LIMITS, mib=MIB
        )
