"""Where tables come from, as descriptors say it: what is understood, and what is refused with its place and remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from publisher.errors import ProjectError
from publisher.model import Origin, Resource
from publisher.project import read_package

SCHEMA = {"fields": [{"name": "id", "type": "integer"}]}


def read(folder: Path, resource: dict[str, Any], root: Path | None = None) -> Resource:
    path = folder / "datapackage.json"
    (folder / "q.sql").write_text("SELECT 1 AS id")
    (folder / "t.csv").write_text("id\n1\n")
    path.write_text(json.dumps({"name": "p", "resources": [{"name": "t", "schema": SCHEMA, **resource}]}))
    return read_package(path, project_root=root or folder).resources[0]


def source(**said: Any) -> dict[str, Any]:
    return {"publisher": {"source": said}}


@pytest.mark.parametrize(
    ("resource", "kind", "origin"),
    [
        (
            {"path": "https://data.example.org/a/t.csv?key=hush#x"},
            "csv",
            Origin("web", "https://data.example.org/a/t.csv?…", "https://data.example.org/a/t.csv?key=hush#x"),
        ),
        (
            {"path": "https://data.example.org:8443/T.XLSX"},
            "xlsx",
            Origin(
                "web",
                "https://data.example.org:8443/T.XLSX",
                "https://data.example.org:8443/T.XLSX",
                suffix=".xlsx",
            ),
        ),
        (
            {"path": "s3://bucket/a/t.tsv.gz"},
            "csv",
            Origin("bucket", "s3://bucket/a/t.tsv.gz", "s3://bucket/a/t.tsv.gz", suffix=".tsv.gz"),
        ),
        (
            {"path": "https://data.example.org/api", "format": "json", **source(authorization="SOURCE_KEY")},
            "json",
            Origin(
                "web",
                "https://data.example.org/api",
                "https://data.example.org/api",
                authorization="SOURCE_KEY",
                suffix=".json",
            ),
        ),
        (
            {"format": "csv", **source(address="SOURCE_URL")},
            "csv",
            Origin("web", "the address in SOURCE_URL", variable="SOURCE_URL"),
        ),
        (
            source(database="SOURCE_DB", query="q.sql"),
            "csv",
            Origin("database", "the database in SOURCE_DB", variable="SOURCE_DB", sql="SELECT 1 AS id"),
        ),
        (source(inbox=True), "csv", Origin("inbox", "inbox: t")),
    ],
)
def test_understood(tmp_path: Path, resource: dict[str, Any], kind: str, origin: Origin) -> None:
    found = read(tmp_path, resource)
    assert found.origins == (origin,)
    assert (found.kind, found.paths, found.place) == (kind, (), origin.place)


def test_a_list_of_addresses_is_a_list_of_parts(tmp_path: Path) -> None:
    found = read(tmp_path, {"path": ["https://a.example.org/1.csv", "https://b.example.org/2.csv"]})
    assert [item.address for item in found.origins] == ["https://a.example.org/1.csv", "https://b.example.org/2.csv"]


def test_a_file_of_the_package_has_no_origin(tmp_path: Path) -> None:
    found = read(tmp_path, {"path": "t.csv"})
    assert (found.origins, found.place) == ((), str(tmp_path / "t.csv"))


def test_how_csv_is_written_is_not_meant_for_a_workbook(tmp_path: Path) -> None:
    dialect = {"delimiter": ";", "quoteChar": "'", "sheetName": "A", "headerRows": [2]}
    assert read(tmp_path, {"path": "s3://b/t.xlsx", "dialect": dialect}).dialect == {
        "sheetName": "A",
        "headerRows": [2],
    }
    assert read(tmp_path, {"path": "s3://b/t.tsv", "dialect": {"quoteChar": "'"}}).dialect == {
        "delimiter": "\t",
        "quoteChar": "'",
    }


WEB = "https://data.example.org/t.csv"


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        ({"path": "https://user:hush@data.example.org/t.csv"}, "carries credentials"),
        ({"path": "ftp://data.example.org/t.csv"}, "cannot be read from"),
        ({"path": "https:///t.csv"}, "cannot be read from"),
        ({"path": "s3://bucket/a?b.csv", "format": "csv"}, "in a key %3F for ?"),
        ({"path": "s3://bucket"}, "not a table"),
        ({"path": "s3://bucket/", "format": "csv"}, "cannot be read from"),
        ({"path": "https://data.example.org/t"}, "not a table"),
        ({"path": "https://data.example.org/t.pdf"}, "pdf"),
        ({"path": [WEB, "t.csv"]}, "comes from several places"),
        ({"path": [WEB, "https://data.example.org/t.xlsx"]}, "several formats"),
        ({"path": WEB, "schema": {}}, "needs a schema"),
        ({"path": WEB, "publisher": {"source": "inbox"}}, "must be an object"),
        ({"path": WEB, **source(inbox=True)}, "comes from several places"),
        ({"path": WEB, **source(sheet="A")}, "unknown key 'sheet'"),
        ({"path": WEB, **source(authorization="TOKEN")}, "begins with SOURCE_"),
        ({"path": WEB, **source(authorization="AWS_SECRET_ACCESS_KEY")}, "begins with SOURCE_"),
        ({"path": WEB, **source(authorization="Bearer hush")}, "begins with SOURCE_"),
        ({"path": "s3://bucket/t.csv", **source(authorization="SOURCE_X")}, "is for the web"),
        ({"path": "t.csv", **source(database="SOURCE_X", query="q.sql")}, "has a `path` beside `database`"),
        (source(database="SOURCE_X"), "must name a file with the SQL"),
        (source(database="SOURCE_X", query="none.sql"), "there is no file none.sql"),
        (source(database="SOURCE_X", query="../q.sql"), "not a path inside the package"),
        (source(database="postgresql://user:hush@host/db", query="q.sql"), "begins with SOURCE_"),
        (source(database="SOURCE_X", query="q.sql", authorization="SOURCE_Y"), "is for the web"),
        ({"path": WEB, **source(query="q.sql")}, "needs `database`"),
        (source(address="SOURCE_X"), "say its `format`"),
        (source(inbox=False), "must be true"),
        ({"path": "t.csv", **source(authorization="SOURCE_X")}, "needs an address"),
    ],
)
def test_refused_with_place_and_remedy(tmp_path: Path, resource: dict[str, Any], says: str) -> None:
    with pytest.raises(ProjectError) as caught:
        read(tmp_path, resource)
    assert says in str(caught.value)
    assert "resources[0] (t)" in caught.value.message
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "resource", [{"path": WEB}, {"path": "s3://bucket/t.csv"}, source(database="SOURCE_X", query="q.sql")]
)
def test_a_package_of_somebody_else_may_not_make_us_ask(tmp_path: Path, resource: dict[str, Any]) -> None:
    (tmp_path / "datapackage.json").write_text(json.dumps({"name": "p", "resources": [{"name": "t", **resource}]}))
    with pytest.raises(ProjectError, match="is for the packages of a project"):
        read_package(tmp_path / "datapackage.json", project_root=None)
