"""Descriptors: what they resolve to, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from publisher.errors import ProjectError, UsageError
from publisher.project import Project, Settings, find_package, read_package


def package(folder: Path, resources: list[dict[str, Any]], **more: Any) -> Path:
    (folder / "members.csv").write_text("code,name\nBE,Belgium\n", encoding="utf-8")
    path = folder / "datapackage.json"
    path.write_text(json.dumps({"name": "alliance", "resources": resources, **more}))
    return path


MEMBERS = {"name": "members", "path": "members.csv", "schema": {"fields": [{"name": "code", "type": "string"}]}}


def read(path: Path) -> Any:
    return read_package(path, project_root=None)


def test_a_table_without_schema_is_all_text(tmp_path: Path) -> None:
    found = read(package(tmp_path, [{"name": "members", "path": "members.csv"}]))
    assert found.resources[0].schema["fields"] == [
        {"name": "code", "type": "string"},
        {"name": "name", "type": "string"},
    ]


def test_queries_checks_and_settings_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "count.sql").write_text("SELECT count(*) AS n FROM members ORDER BY n")
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "rule.sql").write_text("SELECT 1")
    query = {"name": "count", "query": "queries/count.sql", "schema": {"fields": [{"name": "n", "type": "integer"}]}}
    found = read(package(tmp_path, [MEMBERS, query], publisher={"languages": ["en"]}, title="T"))
    assert [item.name for item in found.tables] == ["members"]
    assert [item.query for item in found.queries] == ["SELECT count(*) AS n FROM members ORDER BY n"]
    assert [item.name for item in found.checks] == ["rule"]
    assert found.settings == {"languages": ["en"]}
    assert found.descriptor == {"name": "alliance", "title": "T"}


def test_schemas_are_found_in_the_project_root(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "alliance"
    folder.mkdir(parents=True)
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "m.json").write_text('{"fields": [{"name": "code"}], "primaryKey": "code"}')
    path = package(folder, [MEMBERS | {"schema": "schemas/m.json"}])
    found = read_package(path, project_root=tmp_path)
    assert found.resources[0].primary_key == ("code",)


def test_old_and_nested_dialects(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("x\ty\n")
    found = read(
        package(tmp_path, [MEMBERS | {"dialect": {"csv": {"delimiter": ";"}}}, {"name": "a", "path": "a.tsv"}])
    )
    assert found.resources[0].dialect == {"delimiter": ";"}
    assert found.resources[1].dialect == {"delimiter": "\t"}
    assert found.resources[1].fields == ("x", "y")


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        ({"name": "members", "path": "member.csv"}, "Did you mean members.csv"),
        ({"name": "members", "path": "https://example.org/a.csv"}, "comes from outside its package"),
        ({"name": "members", "path": "../members.csv"}, "inside the package"),
        ({"name": "members", "data": [[1]]}, "inline `data`"),
        ({"name": "members", "path": []}, "names no file"),
        ({"name": "a/b", "path": "members.csv"}, "cannot be a name"),
        ({"name": ".a", "path": "members.csv"}, "cannot be a name"),
        ({"path": "members.csv"}, "name: must be text"),
        ({"name": "members", "path": "members.csv", "format": "xlsx"}, "is xlsx by `format` and csv by its name"),
        ({"name": "members", "path": "datapackage.json", "format": "doc"}, "is doc"),
        ({"name": "members", "path": "datapackage.json"}, "needs a schema with fields"),
        ({"name": "members", "path": "members.csv", "publisher": {"min_row": 1}}, "Did you mean min_rows"),
        ({"name": "members", "path": "members.csv", "schema": "m.json"}, "there is no file m.json"),
        ({"name": "members", "path": "members.csv", "encoding": 1}, "encoding"),
        ("members", "must be an object"),
    ],
)
def test_refused_with_place_and_remedy(tmp_path: Path, resource: Any, says: str) -> None:
    path = package(tmp_path, [resource])
    with pytest.raises(ProjectError) as caught:
        read(path)
    assert says in str(caught.value)
    assert f"{path}: resources[0]" in caught.value.message


def test_twins_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="two tables"):
        read(package(tmp_path, [MEMBERS, MEMBERS | {"name": "MEMBERS"}]))


@pytest.mark.parametrize("name", ["assets", "ar", "index.html"])
def test_names_of_the_site_are_refused_for_packages(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProjectError, match="cannot be a name"):
        read(package(tmp_path, [MEMBERS], name=name))


def test_a_package_is_found_by_name_folder_and_path(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "alliance"
    folder.mkdir(parents=True)
    path = package(folder, [MEMBERS])
    project = Project(tmp_path, Settings())
    for reference in ("alliance", str(folder), str(path)):
        assert find_package(project, reference).name == "alliance"
    with pytest.raises(UsageError) as caught:
        find_package(project, "aliance")
    assert caught.value.remedy == "Did you mean alliance?"
