"""What a schema may say of privacy, and what is refused before a row is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from publisher.errors import ProjectError
from publisher.model import Package
from publisher.privacy import private_names, public_package, withholds
from publisher.project.package import read_package

ID = {"name": "id", "type": "integer"}
MAIL = {"name": "mail", "type": "string", "publisher": {"private": True}}


def read(folder: Path, *fields: Any, table: Any = None, schema: Any = None, more: Any = ()) -> Package:
    (folder / "t.csv").write_text("id\n1\n")
    (folder / "q.sql").write_text("SELECT id FROM t ORDER BY id")
    first = {"name": "t", "path": "t.csv", "schema": {"fields": list(fields), **(schema or {})}, **(table or {})}
    path = folder / "datapackage.json"
    path.write_text(json.dumps({"name": "p", "resources": [first, *more]}))
    return read_package(path, project_root=None)


def asks(*names: str, **field: Any) -> dict[str, Any]:
    return {
        "name": "q",
        "query": "q.sql",
        "schema": {"fields": [{**ID, "publisher": {"discloses": list(names)}, **field}]},
    }


OTHER = {"name": "other", "path": "t.csv"}
REFUSED = {
    "primary key": ({"schema": {"primaryKey": ["id", "mail"]}}, "part of the primary key"),
    "foreign key of its own": (
        {"schema": {"foreignKeys": [{"fields": "mail", "reference": {"resource": "", "fields": "id"}}]}},
        "part of a foreign key",
    ),
    "foreign key of another": (
        {
            "more": [
                {
                    **OTHER,
                    "schema": {
                        "fields": [ID],
                        "foreignKeys": [{"fields": "id", "reference": {"resource": "t", "fields": ["mail"]}}],
                    },
                }
            ]
        },
        "part of a foreign key",
    ),
    "label": ({"table": {"publisher": {"label": {"en": "mail"}}}}, "publisher.label names the private column"),
    "frozen": ({"table": {"publisher": {"frozen": ["mail"]}}}, "publisher.frozen names"),
    "row links": ({"table": {"rowLinks": {"table": "mail", "key": "id"}}}, "rowLinks names"),
    "hxl": ({"table": {"hxl": {"mail": "#contact"}}}, "hxl names"),
    "query's own": ({"more": [asks(publisher={"private": True})]}, "a private column of a query's result"),
    "discloses nothing": ({"more": [asks("t.id")]}, "which is no private column"),
    "discloses a word": ({"more": [asks("mail")]}, "which is no private column"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_bring_a_private_column_to_light_is_refused(case: str, tmp_path: Path) -> None:
    how, message = REFUSED[case]
    with pytest.raises(ProjectError, match=message) as refusal:
        read(tmp_path, ID, MAIL, **how)
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"privat": True}, "unknown key 'privat'"),
        ({"private": "yes"}, "is 'yes'"),
        ({"private": 1}, "is 1"),
        ([], "is no object"),
        ("private", "is no object"),
        ({"allow": {"email": True}}, "is no list"),
        ({"allow": [1]}, "is no list"),
        ({"discloses": ["t.mail"]}, "for the schema of a query"),
    ],
)
def test_settings_that_cannot_be_understood_are_refused(settings: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=message):
        read(tmp_path, {**ID, "publisher": settings}, MAIL)


def test_private_beside_publisher_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="outside `publisher`"):
        read(tmp_path, ID, {"name": "mail", "private": True})


def test_a_table_of_private_columns_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="all columns are private"):
        read(tmp_path, MAIL)


def test_the_public_package_knows_nothing_of_private_columns(tmp_path: Path) -> None:
    schema = {"uniqueKeys": [["id", "mail"], ["id"]]}
    package = read(tmp_path, ID, MAIL, schema=schema, more=[OTHER, asks("t.mail")])
    assert withholds(package)
    public = public_package(package)
    assert public.resources[0].fields == ("id",)
    assert public.resources[0].schema["uniqueKeys"] == [["id"]]
    assert public.resources[1] is package.resources[1]
    assert not withholds(public)


def test_names_of_old_are_private_too(tmp_path: Path) -> None:
    field = {**MAIL, "publisher": {"private": True, "renamed_from": ["email", "post"]}}
    package = read(tmp_path, ID, field, table={"publisher": {"renamed_from": "people"}})
    assert private_names(package) == dict.fromkeys(("t", "people"), ("mail", "email", "post"))


@pytest.mark.parametrize("match", ["subset", "partial", ["partial"]])
def test_a_schema_that_lets_undeclared_columns_pass_withholds_them(match: Any, tmp_path: Path) -> None:
    assert withholds(read(tmp_path, ID, schema={"fieldsMatch": match}))
    assert not withholds(read(tmp_path, ID, schema={"fieldsMatch": "exact"}))
