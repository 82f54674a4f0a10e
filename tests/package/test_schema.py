"""A published schema describes the published CSV, whatever the source's cells looked like."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from publisher.package.schema import published_schema
from tests.package.making import document, publish_files, sums, table
from tests.tools import shared

LEXICAL: list[dict[str, Any]] = [
    {"name": "id", "type": "integer", "groupChar": " ", "constraints": {"minimum": 1}},
    {"name": "amount", "type": "number", "decimalChar": ",", "groupChar": ".", "constraints": {"maximum": "10.000,50"}},
    {
        "name": "day",
        "type": "date",
        "format": "%d/%m/%Y",
        "constraints": {"minimum": "01/01/2000", "enum": ["29/02/2024", "01/03/2024"]},
    },
    {"name": "at", "type": "datetime", "format": "%d.%m.%Y %H:%M"},
    {"name": "clock", "type": "time", "format": "%H.%M"},
    {
        "name": "done",
        "type": "boolean",
        "trueValues": ["ja"],
        "falseValues": ["nein"],
        "constraints": {"enum": ["ja", "nein"]},
    },
    {"name": "place", "type": "geopoint", "format": "object"},
    {"name": "more", "type": "object", "constraints": {"jsonSchema": {"type": "object"}}},
    {"name": "tags", "type": "list", "delimiter": ";", "itemType": "string", "constraints": {"maxLength": 3}},
    {
        "name": "status",
        "type": "string",
        "categories": [{"value": "open", "label": "Open"}, {"value": "shut", "label": "Shut"}],
    },
    {"name": "note", "type": "string", "missingValues": ["n/a"], "publisher": {"deprecated": {"since": "1.0.0"}}},
    {"name": "year", "type": "year"},
    {"name": "month", "type": "yearmonth"},
    {"name": "span", "type": "duration"},
    {"name": "whatever"},
]
CSV = (
    "id;amount;day;at;clock;done;place;more;tags;status;note;year;month;span;whatever\n"
    '2;1.000,50;29/02/2024;01.02.2024 10:20;10.20;ja;"{""lon"": 1.5, ""lat"": 2}";"{""b"": 1, ""a"": ""x""}";a;open;;0044;2024-05;P1D;x\n'
    '1;9,50;01/03/2024;31.12.2023 23:59;23.59;nein;;"{}";a;shut;n/a;2024;;;\n'
)


def write_package(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "t.csv").write_text(CSV, encoding="utf-8")
    descriptor = {
        "name": "lexical",
        "contributors": [{"title": "Somebody", "role": "author"}],
        "publisher": {"languages": ["en"]},
        "resources": [
            {
                "name": "t",
                "path": "t.csv",
                "dialect": {"delimiter": ";"},
                "publisher": {"min_rows": 1},
                "schema": {
                    "fields": LEXICAL,
                    "primaryKey": "id",
                    "uniqueKeys": [["day", "at"]],
                    "fieldsMatch": "equal",
                },
            }
        ],
    }
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    return folder / "datapackage.json"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lexical")
    publish_files(folder, write_package(folder / "source"))
    return folder


def test_cells_are_canonical(published: Path) -> None:
    assert (published / "release" / "t.csv").read_text(encoding="utf-8") == (
        "id,amount,day,at,clock,done,place,more,tags,status,note,year,month,span,whatever\n"
        "1,9.50,2024-03-01,2023-12-31T23:59:00,23:59:00,false,,{},a,shut,n/a,2024,,,\n"
        '2,1000.50,2024-02-29,2024-02-01T10:20:00,10:20:00,true,"1.5,2","{""a"":""x"",""b"":1}",a,open,"",0044,2024-05,P1D,x\n'
    )


def test_the_schema_fits_the_cells(published: Path) -> None:
    schema = document(published)["resources"][0]["schema"]
    fields = {field.pop("name"): field for field in schema["fields"]}
    assert fields["id"] == {"type": "integer", "constraints": {"minimum": 1}}
    assert fields["amount"] == {"type": "number", "constraints": {"maximum": "10000.50"}}
    assert fields["day"] == {
        "type": "date",
        "constraints": {"minimum": "2000-01-01", "enum": ["2024-02-29", "2024-03-01"]},
    }
    assert fields["at"] == {"type": "datetime"}
    assert fields["done"] == {"type": "boolean", "constraints": {"enum": [True, False]}}
    assert fields["place"] == {"type": "geopoint"}
    assert fields["more"] == {"type": "object", "jsonSchema": {"type": "object"}}
    assert fields["tags"] == {"type": "string", "source": {"type": "list", "delimiter": ";", "itemType": "string"}}
    assert fields["status"]["constraints"] == {"enum": ["open", "shut"]}
    assert fields["status"]["categories"][0] == {"value": "open", "label": "Open"}
    assert fields["note"] == {"type": "string", "missingValues": ["n/a"], "deprecated": {"since": "1.0.0"}}
    assert fields["whatever"] == {"type": "any"}
    assert schema["primaryKey"] == ["id"]
    assert schema["uniqueKeys"] == [["day", "at"]]
    assert "fieldsMatch" not in schema


def test_frictionless_finds_the_published_folder_valid(published: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"],
        cwd=published / "release",
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["valid"], report
    assert report["stats"]["tasks"] == 1


@pytest.mark.parametrize("profile", ["datapackage", "dataresource", "tableschema", "tabledialect"])
def test_the_profiles_of_data_package_2_accept_it(published: Path, profile: str) -> None:
    whole = document(published)
    first = whole["resources"][0]
    part = {
        "datapackage": whole,
        "dataresource": first,
        "tableschema": first["schema"],
        "tabledialect": first["dialect"],
    }[profile]
    path = published / f"{profile}-part.json"
    path.write_text(json.dumps(part), encoding="utf-8")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--schemafile",
            shared(f"standards/datapackage-2.0/{profile}.json"),
            path,
        ],
        check=True,
        capture_output=True,
    )


def test_a_published_package_published_again_is_the_same(published: Path, tmp_path: Path) -> None:
    """Canonical form is a fixed point: reading what was published and publishing it gives the same tables."""
    again = publish_files(tmp_path, published / "release" / "datapackage.json")
    files = {name: sha for name, sha in sums(again).items() if name.startswith("t.") and "json" not in name}
    assert files["t.csv"] == document(published)["resources"][0]["hash"].removeprefix("sha256:")
    assert document(tmp_path)["resources"][0]["schema"] == document(published)["resources"][0]["schema"]


def test_foreign_keys_are_lists_and_a_table_refers_to_itself_without_a_name() -> None:
    keys = [
        {"fields": "parent", "reference": {"resource": "", "fields": "id"}},
        {"fields": ["kind"], "reference": {"resource": "kinds", "fields": ["id"]}},
    ]
    schema = published_schema(table("t", {"fields": [{"name": "id", "type": "string"}], "foreignKeys": keys}))
    assert schema["foreignKeys"] == [
        {"fields": ["parent"], "reference": {"fields": ["id"]}},
        {"fields": ["kind"], "reference": {"resource": "kinds", "fields": ["id"]}},
    ]
