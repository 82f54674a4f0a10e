"""What is written is what is read: for every format, every type, every text."""

from __future__ import annotations

import csv
import datetime as dt
import errno
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from publisher.engine import SqlError
from publisher.model import Table
from publisher.package import tables
from tests.package.making import document, opened, publish_one, sums, table
from tests.tools import ROOT

HOSTILE = [
    'quote " and, comma',
    "two\nlines",
    "carriage\rreturn",
    "both\r\nof them",
    "\x01\x02\x1f\x7f",
    "nul\x00inside",
    "=1+1",
    "@SUM(A1)",
    "-2+3",
    "\ttab",
    " spaces ",
    "# no comment",
    "\u202eright to left\u202c",
    "\u200bzero width",
    "\ufeffmark",
    "\u2028line separator\u0085",
    "😀👩‍👩‍👧 \U0010ffff",
    "e\u0301 and é",
    "\\N",
    "NULL",
    "NA",
    "</script><!--",
    "'; DROP TABLE t; --",
    '"',
    '""',
    ",",
    "ألبانيا",
]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(HOSTILE)
NUMBER = st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda value: f"{value:f}")
VALUES: dict[str, st.SearchStrategy[str]] = {
    "string": TEXT,
    "any": TEXT,
    "integer": st.integers(-(10**40), 10**40).map(str) | st.integers(-9, 9).map(str),
    "number": st.sampled_from(["9.50", "0.10", "-0.5", "12E70", "100"]) | NUMBER,
    "boolean": st.sampled_from(["true", "false"]),
    "date": st.dates().map(dt.date.isoformat),
    "datetime": st.datetimes().map(dt.datetime.isoformat),
    "time": st.times().map(dt.time.isoformat),
    "year": st.integers(0, 9999).map(lambda value: f"{value:04d}"),
    "yearmonth": st.dates().map(lambda value: f"{value:%Y-%m}".rjust(7, "0")),
    "duration": st.sampled_from(["P1D", "PT2H", "P1Y2M"]),
    "object": st.dictionaries(TEXT, TEXT, max_size=2).map(lambda value: json.dumps(value, ensure_ascii=False)),
    "array": st.lists(st.integers(), max_size=3).map(json.dumps),
    "geopoint": st.sampled_from(["90.50,45.50", "-1,0"]),
}
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6) | st.sampled_from(
    ['a "b"', "a,b", "select", "العربية", "😀", "{x}", "'"]
)


@st.composite
def random_tables(draw: st.DrawFn) -> tuple[dict[str, Any], list[list[str | None]]]:
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.lower).filter(_tellable))
    kinds = [draw(st.sampled_from(sorted(VALUES))) for _ in names]
    cells = st.tuples(*(st.none() | VALUES[kind] for kind in kinds)).map(list)
    rows = draw(st.lists(cells, max_size=6))
    return {"fields": [{"name": name, "type": kind} for name, kind in zip(names, kinds, strict=True)]}, rows


def _tellable(names: Sequence[str]) -> bool:
    """DuckDB folds case its own way; what it cannot tell apart is refused elsewhere (tests/test_query.py)."""
    return len({name.casefold() for name in names} | {name.upper() for name in names}) >= len(names) and all(
        one.casefold() != other.casefold() for number, one in enumerate(names) for other in names[:number]
    )


def read_csv(path: Path) -> list[list[str | None]]:
    text = path.read_bytes().decode()
    assert not text.startswith("\ufeff")
    found = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert text.endswith("\n")
    return [[cell or None for cell in row] for row in found[1:]]


def as_text(value: Any, kind: str) -> str | None:
    """A JSON value, read without interpreting numbers, as canonical text."""
    if value is None or kind in {"object", "array"}:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).zfill(4) if kind == "year" else str(value)


def parsed(cell: str | None, kind: str) -> Any:
    return (
        json.loads(cell, parse_float=str, parse_int=str) if cell is not None and kind in {"object", "array"} else cell
    )


def typed(cell: str | None, kind: str, stored: Any) -> Any:
    """The value that Parquet must hold for canonical text, in the type it has there."""
    if cell is None or isinstance(stored, str):
        return cell
    match kind:
        case "integer" | "number":
            return type(stored)(cell)
        case "boolean":
            return cell == "true"
        case "year":
            return int(cell)
        case "date":
            return dt.date.fromisoformat(cell)
        case "time":
            return dt.time.fromisoformat(cell)
        case "datetime":
            moment = dt.datetime.fromisoformat(cell)
            return moment if moment.tzinfo is None else moment.astimezone(dt.UTC)
    return cell


def check_formats(folder: Path, schema: dict[str, Any], rows: list[list[str | None]]) -> None:
    names = [field["name"] for field in schema["fields"]]
    kinds = [field["type"] for field in schema["fields"]]
    release = folder / "release"
    assert read_csv(release / "t.csv") == [[cell or None for cell in row] for row in rows]
    whole = json.loads((release / "t.json").read_bytes(), parse_float=str, parse_int=str)
    lines = [
        json.loads(line, parse_float=str, parse_int=str)
        for line in (release / "t.ndjson").read_bytes().split(b"\n")[:-1]
    ]
    assert whole["count"] == str(len(rows))
    assert whole["rows"] == lines
    assert all(list(line) == names for line in lines)
    found = [[as_text(value, kind) for value, kind in zip(line.values(), kinds, strict=True)] for line in lines]
    assert found == [[parsed(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows]
    parquet = pyarrow.parquet.read_table(release / "t.parquet")
    assert parquet.column_names == names
    for number, kind in enumerate(kinds):
        stored = parquet.column(number).to_pylist()
        assert stored == [typed(row[number], kind, value) for row, value in zip(rows, stored, strict=True)]


@pytest.mark.parametrize("threads", [1, 2])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random=random_tables())
@example(random=({"fields": [{"name": "only", "type": "string"}]}, [[None], ["x"], [None]]))
@example(
    random=(
        {"fields": [{"name": "text", "type": "string"}, {"name": "n", "type": "integer"}]},
        [[text, "1"] for text in HOSTILE],
    )
)
@example(random=({"fields": [{"name": "n", "type": "number"}]}, [["9.50"], [None], ["1" + "0" * 37]]))
@example(random=({"fields": [{"name": "n", "type": "number"}]}, [["1E400"]]))
@example(random=({"fields": [{"name": "at", "type": "datetime"}]}, [["2024-01-01T00:00:00Z"], ["2024-01-01T00:00:00"]]))
@example(random=({"fields": [{"name": "at", "type": "datetime"}]}, [["2024-01-01T00:00:00+02:00"]]))
@example(random=({"fields": [{"name": "at", "type": "time"}]}, [["12:00:00+02:00"], ["12:00:00"]]))
def test_every_format_reads_back_as_it_was(random: tuple[dict[str, Any], list[list[str | None]]], threads: int) -> None:
    schema, rows = random
    with tempfile.TemporaryDirectory() as name:
        publish_one(Path(name), schema, rows, threads=threads)
        check_formats(Path(name), schema, rows)


PLAIN = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "amount", "type": "number"},
        {"name": "day", "type": "date"},
        {"name": "at", "type": "datetime"},
        {"name": "done", "type": "boolean"},
        {"name": "name", "type": "string"},
    ],
    "primaryKey": ["id"],
}
ROWS: list[list[str | None]] = [
    [str(number), f"{number}.50", "2024-02-29", "2024-01-01T10:20:30", "true" if number % 2 else "false", text]
    for number, text in enumerate(["plain", *(text for text in HOSTILE if "\x00" not in text)])
]
ROWS.append(["900", None, None, None, None, None])


def test_duckdb_pandas_and_polars_read_equal_values_and_types_from_every_format(tmp_path: Path) -> None:
    publish_one(tmp_path, PLAIN, ROWS)
    expected = [
        (
            int(row[0] or 0),
            row[1] and Decimal(row[1]),
            row[2] and dt.date.fromisoformat(row[2]),
            row[3] and dt.datetime.fromisoformat(row[3]),
            row[4] and row[4] == "true",
            row[5],
        )
        for row in ROWS
    ]
    release = tmp_path / "release"
    for found in (*_by_duckdb(release), *_by_polars(release), *_by_pandas(release)):
        assert found == expected


def _by_duckdb(release: Path) -> list[list[tuple[Any, ...]]]:
    types = "{'id': 'BIGINT', 'amount': 'DECIMAL(18,2)', 'day': 'DATE', 'at': 'TIMESTAMP', 'done': 'BOOLEAN', 'name': 'VARCHAR'}"
    row = 'STRUCT(id BIGINT, amount DECIMAL(18,2), "day" DATE, "at" TIMESTAMP, done BOOLEAN, "name" VARCHAR)'
    with duckdb.connect() as connection:
        sources = [
            f"read_csv('{release}/t.csv', columns = {types}, auto_detect = false, quote = '\"', header = true)",
            f"read_json('{release}/t.ndjson', columns = {types})",
            f"(SELECT unnest(rows, recursive := true) FROM read_json('{release}/t.json', columns = {{'rows': '{row}[]'}}))",
            f"'{release}/t.parquet'",
        ]
        found = [connection.execute(f"SELECT * FROM {source} ORDER BY id").fetchall() for source in sources]
        kinds = [row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM '{release}/t.parquet'").fetchall()]
    assert kinds == ["BIGINT", "DECIMAL(18,2)", "DATE", "TIMESTAMP", "BOOLEAN", "VARCHAR"]
    return found


def _by_polars(release: Path) -> list[list[tuple[Any, ...]]]:
    text = {
        "id": polars.Int64,
        "amount": polars.String,
        "day": polars.Date,
        "at": polars.Datetime,
        "done": polars.Boolean,
    }
    types: Any = {**text, "name": polars.String}
    frames = [
        polars.read_csv(release / "t.csv", schema=types),
        polars.read_parquet(release / "t.parquet"),
    ]
    found = [[(row[0], row[1] and Decimal(row[1]), *row[2:]) for row in frame.rows()] for frame in frames]
    for frame in (
        polars.read_ndjson(release / "t.ndjson"),
        polars.DataFrame(document(release.parent, "t.json")["rows"]),
    ):
        frame = frame.with_columns(polars.col("day").str.to_date(), polars.col("at").str.to_datetime())
        found.append([(row[0], None if row[1] is None else Decimal(str(row[1])), *row[2:]) for row in frame.rows()])
    return found


def _by_pandas(release: Path) -> list[list[tuple[Any, ...]]]:
    how: Any = {
        "keep_default_na": False,
        "na_values": [""],
        "dtype": {"amount": "string", "done": "boolean"},
        "lineterminator": "\n",
    }
    frames = [
        pandas.read_csv(release / "t.csv", **how),
        pandas.read_parquet(release / "t.parquet"),
        pandas.read_json(release / "t.ndjson", lines=True, dtype=False),
        pandas.DataFrame(document(release.parent, "t.json")["rows"]),
    ]
    return [[_plain(tuple(row)) for row in frame.itertuples(index=False, name=None)] for frame in frames]


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    number, amount, day, at, done, name = (None if pandas.isna(value) else value for value in row)
    return (
        int(number),
        None if amount is None else Decimal(str(amount)),
        dt.date.fromisoformat(str(day)[:10]) if day is not None else None,
        dt.datetime.fromisoformat(str(at)) if at is not None else None,
        None if done is None else bool(done),
        name,
    )


def many(rows: int) -> list[list[str | None]]:
    return [
        [str(rows - number), f"{number}.5", None, "2024-01-01T00:00:00", "true", HOSTILE[number % len(HOSTILE)]]
        for number in range(rows)
    ]


@pytest.mark.parametrize("rows", [0, 3, 5000])
def test_one_thread_writes_the_files_that_several_send_through_a_pipe(tmp_path: Path, rows: int) -> None:
    found = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        with opened(folder, threads=threads) as engine:
            engine.run(
                "CREATE TABLE t AS SELECT CAST(i AS VARCHAR) AS id, CASE WHEN i % 3 > 0 THEN concat('\"ö', chr(10), i) END AS text"
                f" FROM range({rows}) AS r (i)"
            )
            schema = {"fields": [{"name": "id", "type": "integer"}, {"name": "text", "type": "string"}]}
            whole = Table(table("t", schema), "t", rows)
            made = [tables.write_csv(engine, whole, folder), tables.write_ndjson(engine, whole, folder)]
        for file in made:
            assert file.path is not None
            data = file.path.read_bytes()
            assert (file.bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
            assert not file.path.stat().st_mode & 0o222
        found.append([replace(file, path=None) for file in made])
    assert found[0] == found[1]


@pytest.mark.parametrize(("threads", "memory"), [(1, "512MB"), (2, "200MB"), (4, "1GB")])
def test_bytes_do_not_depend_on_threads_or_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, memory: str
) -> None:
    rows = many(5000)
    expected = sums(publish_one(tmp_path / "one", PLAIN, rows))
    assert sums(publish_one(tmp_path / "other", PLAIN, rows, threads=threads, memory=memory)) == expected
    monkeypatch.setattr(tables, "GROUP_BYTES", 100_000)
    grouped = sums(publish_one(tmp_path / "grouped", PLAIN, rows, threads=threads, memory=memory))
    text = {"t.csv", "t.json", "t.ndjson"}
    assert {name: grouped[name] for name in text} == {name: expected[name] for name in text}


def test_large_tables_have_equal_bytes_whatever_the_threads(tmp_path: Path) -> None:
    """Several row groups and many batches of lines, written by DuckDB's threads in whatever order they come."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.package.making import *\n"
        "folder, threads, memory = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]\n"
        "schema = {'fields': [{'name': 'id', 'type': 'integer'}, {'name': 'x', 'type': 'number'}, {'name': 't', 'type': 'string'}],"
        " 'primaryKey': ['id']}\n"
        "of = package(table('t', schema))\n"
        "with opened(folder, threads=threads, memory=memory) as engine:\n"
        "    sql = \"SELECT CAST(i AS VARCHAR) AS id, i || '.25' AS x, repeat('wörd, ', CAST(i % 40 AS INTEGER)) AS t\"\n"
        "    sql += ' FROM range(400000) AS r (i) ORDER BY hash(i)'\n"
        "    found = Checked(Loaded(of, {}, '', ''), Report(), {'t': sql})\n"
        "    print(sums(serialise(engine, derive(found, engine), folder / 'release')))\n"
    )
    places = (
        {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
        {"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"},
    )
    found = set()
    for number, (threads, memory, place) in enumerate(
        [("1", "256MB", places[0]), ("4", "512MB", places[1]), ("2", "1GB", {})]
    ):
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / str(number)), threads, memory],
            env={**os.environ, "PYTHONPATH": str(ROOT), **place},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
    assert (
        len(pyarrow.parquet.ParquetFile(tmp_path / "0" / "release" / "t.parquet").metadata.to_dict()["row_groups"]) > 1
    )


def test_rows_are_sorted_by_the_primary_keys_typed_value(tmp_path: Path) -> None:
    publish_one(tmp_path, PLAIN, [[number, None, None, None, None, None] for number in ("10", "9", "-1", "100")])
    assert [row[0] for row in read_csv(tmp_path / "release" / "t.csv")] == ["-1", "9", "10", "100"]


def test_rows_without_a_key_keep_the_order_of_the_file(tmp_path: Path) -> None:
    publish_one(
        tmp_path,
        {"fields": PLAIN["fields"]},
        [[number, None, None, None, None, None] for number in ("10", "9", "9", "1")],
    )
    assert [row[0] for row in read_csv(tmp_path / "release" / "t.csv")] == ["10", "9", "9", "1"]


def test_the_bytes_are_those_the_documentation_shows(tmp_path: Path) -> None:
    schema = {
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "amount", "type": "number"},
            {"name": "a, b", "type": "string"},
        ]
    }
    publish_one(tmp_path, schema, [["1", "9.50", 'x "y"'], ["12345678901234567890", None, None], ["3", "0.10", "z"]])
    release = tmp_path / "release"
    assert (release / "t.csv").read_bytes() == b'id,amount,"a, b"\n1,9.50,"x ""y"""\n12345678901234567890,,\n3,0.10,z\n'
    assert (release / "t.ndjson").read_bytes() == (
        b'{"id":1,"amount":9.50,"a, b":"x \\"y\\""}\n'
        b'{"id":12345678901234567890,"amount":null,"a, b":null}\n'
        b'{"id":3,"amount":0.10,"a, b":"z"}\n'
    )
    assert (release / "t.json").read_bytes() == (
        b'{\n"package": "example",\n"version": "1.0.0",\n"table": "t",\n"count": 3,\n'
        b'"links": {"csv":"t.csv","describedby":"datapackage.json","ndjson":"t.ndjson","parquet":"t.parquet"},\n"rows": [\n'
        b'{"id":1,"amount":9.50,"a, b":"x \\"y\\""},\n'
        b'{"id":12345678901234567890,"amount":null,"a, b":null},\n'
        b'{"id":3,"amount":0.10,"a, b":"z"}\n]\n}\n'
    )
    metadata = pyarrow.parquet.read_metadata(release / "t.parquet").metadata
    assert {b"package": b"example", b"version": b"1.0.0", b"table": b"t"}.items() <= metadata.items()


@pytest.mark.parametrize("threads", [1, 2])
def test_an_empty_table_has_its_header_and_types(tmp_path: Path, threads: int) -> None:
    publish_one(tmp_path, PLAIN, [], threads=threads)
    release = tmp_path / "release"
    assert (release / "t.csv").read_bytes() == b"id,amount,day,at,done,name\n"
    assert document(tmp_path, "t.json")["rows"] == []
    assert (release / "t.ndjson").read_bytes() == b""
    assert pyarrow.parquet.read_table(release / "t.parquet").num_rows == 0


def test_a_row_without_a_value_in_a_table_of_one_column_is_no_blank_line(tmp_path: Path) -> None:
    publish_one(tmp_path, {"fields": [{"name": "only", "type": "string"}]}, [["a"], [None], ["b"]])
    path = tmp_path / "release" / "t.csv"
    assert path.read_bytes() == b'only\na\n""\nb\n'
    assert len(pandas.read_csv(path)) == len(polars.read_csv(path)) == 3
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT count(*) FROM read_csv('{path}')").fetchone() == (3,)


def test_very_long_cells(tmp_path: Path) -> None:
    rows: list[list[str | None]] = [[str(number), sign * 3_000_000] for number, sign in enumerate('x",\n')]
    schema = {"fields": [{"name": "id", "type": "integer"}, {"name": "text", "type": "string"}]}
    publish_one(tmp_path, schema, rows)
    limit = csv.field_size_limit(1 << 30)
    try:
        check_formats(tmp_path, schema, rows)
    finally:
        csv.field_size_limit(limit)


def test_empty_text_is_told_from_a_missing_value_where_the_schema_does(tmp_path: Path) -> None:
    schema = {
        "missingValues": ["NA", "-"],
        "fields": [{"name": "a", "type": "string"}, {"name": "n", "type": "integer"}],
    }
    publish_one(tmp_path, schema, [["", "1"], [None, None], ["x", "2"]])
    assert (tmp_path / "release" / "t.csv").read_bytes() == b'a,n\n"",1\nNA,\nx,2\n'
    published = document(tmp_path)["resources"][0]["schema"]
    assert published["missingValues"] == [""]
    assert published["fields"][0]["missingValues"] == ["NA"]
    assert [row["a"] for row in document(tmp_path, "t.json")["rows"]] == ["", None, "x"]


def test_a_table_that_cannot_be_read_or_written_is_told_and_nothing_hangs(tmp_path: Path) -> None:
    """Both ends of the pipe, each failing while the other waits for it."""
    schema = {"fields": [{"name": "id", "type": "integer"}]}

    def refuse(data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "t.csv")

    with opened(tmp_path) as engine:
        engine.run("CREATE TABLE t AS SELECT CAST(i AS VARCHAR) AS id FROM range(2000000) AS r (i)")
        whole = Table(table("t", schema), "t", 2000000)
        with pytest.raises(OSError, match="No space"):
            tables._pour(engine, whole, "id", tmp_path / "t.csv", refuse)
        with pytest.raises(SqlError):
            tables.write_csv(engine, replace(whole, relation="missing"), tmp_path)
        with pytest.raises(SqlError):
            tables._pour(engine, whole, "CAST(id || 'x' AS INTEGER)", tmp_path / "t.csv", lambda _: None)
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
        (tmp_path / "again").mkdir()
        assert tables.write_csv(engine, whole, tmp_path / "again").bytes > 2000000
