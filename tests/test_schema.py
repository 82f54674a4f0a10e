"""Descriptors become rules, or an error of the project that says what and where."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import duckdb
import pytest

from publisher.errors import ProjectError
from publisher.schema import Dialect, own_constraints, parse_dialect, parse_schema, sql_type, typed_expression


def test_version_two_comes_from_the_package() -> None:
    descriptor = {"fields": [{"name": "a", "type": "integer", "constraints": {"exclusiveMinimum": 3}}]}
    with pytest.raises(ProjectError, match="requires datapackage v2"):
        parse_schema(descriptor, "s.json")
    assert parse_schema(descriptor, "s.json", "https://datapackage.org/profiles/2.0/datapackage.json").fields


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"name": "a", "constraints": {"pattern": "("}}, "not a regular expression"),
        ({"name": "a", "type": "date", "constraints": {"minimum": "tomorrow"}}, "not a value of type date"),
        ({"name": "a", "type": "integer", "constraints": {"enum": [1, "x"]}}, "not of type integer"),
        ({"name": "a", "type": "integer", "constraints": {"pattern": "x"}}, "not supported"),
        ({"type": "integer"}, "name"),
    ],
)
def test_rules_that_cannot_work(field: dict[str, Any], message: str) -> None:
    with pytest.raises(ProjectError, match=message) as caught:
        parse_schema({"fields": [field]}, "schemas/s.json")
    assert caught.value.message.startswith("schemas/s.json")
    assert caught.value.remedy


def test_own_constraints_are_taken_out_for_frictionless() -> None:
    descriptor = {"fields": [{"name": "a", "type": "object", "constraints": {"jsonSchema": {}, "required": True}}]}
    assert parse_schema(descriptor, "s").fields[0].constraints == {"required": True}
    assert own_constraints(descriptor) == {"a": {"jsonSchema": {}}}


def test_dialects() -> None:
    assert parse_dialect(None, "d") == Dialect()
    assert parse_dialect(None, "d", "tsv").delimiter == "\t"
    assert parse_dialect({"delimiter": ";"}, "d") == parse_dialect({"csv": {"delimiter": ";"}}, "d")
    assert parse_dialect({"headerRows": [3]}, "d").first_row == 4
    assert parse_dialect({"header": False}, "d").first_row == 1
    with pytest.raises(ProjectError, match="one character"):
        parse_dialect({"delimiter": ";;"}, "d")


CANONICAL = {
    "integer": "12",
    "number": "9.50",
    "boolean": "true",
    "date": "2020-01-05",
    "datetime": "2020-01-05T10:00:00Z",
    "time": "10:00:00",
    "year": "2020",
    "string": "x",
    "duration": "P1Y",
    "any": "x",
}


@pytest.mark.parametrize(("kind", "text"), CANONICAL.items())
def test_canonical_text_becomes_a_typed_value(kind: str, text: str) -> None:
    field = {"name": "a", "type": kind}
    found = duckdb.execute(f"SELECT typeof({typed_expression(field, '?')}::{sql_type(field)})", [text]).fetchone()
    assert found == (sql_type(field),)


PLUGINS = """
import frictionless
from frictionless import system
from publisher.schema import parse_schema
parse_schema({"fields": [{"name": "id", "type": "integer"}]}, "a schema")
print("plugins" in vars(system), frictionless.Resource([["id"], ["1"]]).read_rows()[0].to_dict())
"""


def test_a_schema_is_read_without_a_search_for_plugins_and_frictionless_is_left_as_it_was() -> None:
    done = subprocess.run([sys.executable, "-c", PLUGINS], capture_output=True, text=True, check=True)
    assert done.stdout == "False {'id': 1}\n"


def test_publishing_loads_what_makes_pages_when_it_is_needed() -> None:
    code = (
        "import sys, publisher.cli.publish; print('publisher.site' in sys.modules, 'publisher.catalog' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
