"""The project's own data, published: every reader reads every table from every format, and finds the same values and types."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pytest

from tests.package.making import document, publish_files
from tests.tools import ROOT, shared

TYPES = {"integer": "BIGINT", "boolean": "BOOLEAN", "date": "DATE", "string": "VARCHAR", "year": "INTEGER"}
FRAMES = {
    "integer": polars.Int64,
    "boolean": polars.Boolean,
    "date": polars.Date,
    "string": polars.String,
    "year": polars.Int32,
}
NAMES = sorted(path.stem for path in (ROOT / "schemas").glob("*.json"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alliance")
    publish_files(folder, ROOT / "datasets" / "global-alliance" / "datapackage.yaml", root=ROOT)
    return folder


def resource(published: Path, name: str) -> Any:
    return next(item for item in document(published)["resources"] if item["name"] == name)


@pytest.mark.parametrize("name", NAMES)
def test_every_reader_finds_the_same(published: Path, name: str) -> None:
    fields = resource(published, name)["schema"]["fields"]
    path = published / "release" / name
    expected = by_duckdb(f"{path}.parquet", fields)
    assert len(expected) == resource(published, name)["rows"] > 0
    columns = ", ".join(f"'{field['name']}': '{TYPES[field['type']]}'" for field in fields)
    row = ", ".join(f'"{field["name"]}" {TYPES[field["type"]]}' for field in fields)
    whole = f"(SELECT unnest(rows, recursive := true) FROM read_json('{path}.json', columns = {{'rows': 'STRUCT({row})[]'}}))"
    csv = f"read_csv('{path}.csv', columns = {{{columns}}}, header = true, auto_detect = false, quote = '\"')"
    for source in (csv, f"read_json('{path}.ndjson', columns = {{{columns}}})", whole):
        assert duckdb.sql(f"SELECT * FROM {source}").fetchall() == expected
    schema = {field["name"]: FRAMES[field["type"]] for field in fields}
    assert polars.read_parquet(f"{path}.parquet").rows() == expected
    assert polars.read_csv(f"{path}.csv", schema=schema).rows() == expected
    for rows in (document(published, f"{name}.json")["rows"], json_lines(Path(f"{path}.ndjson"))):
        assert [
            tuple(typed(value, field["type"]) for value, field in zip(row.values(), fields, strict=True))
            for row in rows
        ] == expected
    as_text = {field["name"]: "string" for field in fields}
    frames = [
        pandas.read_csv(f"{path}.csv", keep_default_na=False, na_values=[""], dtype=as_text),
        pandas.read_json(f"{path}.ndjson", lines=True, dtype=False),
        pandas.DataFrame(document(published, f"{name}.json")["rows"]),
        pandas.read_parquet(f"{path}.parquet"),
    ]
    for frame in frames:
        found = [[plain(value) for value in line] for line in frame.itertuples(index=False, name=None)]
        assert found == [[plain(value) for value in line] for line in expected]


def by_duckdb(path: str, fields: list[Any]) -> list[tuple[Any, ...]]:
    described = [(line[0], line[1]) for line in duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()]
    assert described == [(field["name"], TYPES[field["type"]]) for field in fields]
    return duckdb.sql(f"SELECT * FROM '{path}'").fetchall()


def json_lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def typed(value: Any, kind: str) -> Any:
    return dt.date.fromisoformat(value) if kind == "date" and value is not None else value


def plain(value: Any) -> str | None:
    """A value as text, whatever type a reader chose for a column with gaps (a whole number as 3.0, true as True)."""
    if pandas.isna(value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if str(value) in {"True", "False"} else str(value)


def test_frictionless_and_the_profile_accept_the_release(published: Path) -> None:
    release = published / "release"
    command = [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"]
    done = subprocess.run(command, cwd=release, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["valid"], report
    assert report["stats"]["tasks"] == len(NAMES)
    profile = shared("standards/datapackage-2.0/datapackage.json")
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--schemafile",
        str(profile),
        str(release / "datapackage.json"),
    ]
    subprocess.run(command, check=True, capture_output=True)


def test_the_canonical_tables_are_those_that_people_edit(published: Path) -> None:
    """The shipped CSVs are kept in canonical form, so that a published file and a maintained one can be compared as they are."""
    for path in sorted((ROOT / "datasets" / "global-alliance").glob("*.csv")):
        assert (published / "release" / path.name).read_bytes() == path.read_bytes(), path.name
