"""What is fuzzed. In: bytes that a stranger might hand in. Out: nothing; whatever escapes but the program's own errors is a fault.

`descriptor` reads a package, `dialect` a table written in a way of its own, `table` a table against a schema of every kind.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from publisher.engine import Engine, open_engine
from publisher.errors import PublisherError
from publisher.model import Resource
from publisher.project.files import read_object
from publisher.project.package import read_package
from publisher.schema import own_constraints, parse_dialect, parse_schema
from publisher.shape import check_dialect
from publisher.validate.json_rules import check_json_rules
from publisher.validate.package import validate_resources
from publisher.validate.single import resource_of

Target = Callable[[bytes], None]

TABLE = 'id,name\n1,one\n2,"two, ""2"""\n'
SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer", "constraints": {"required": True}},
        {"name": "name", "type": "string"},
    ],
    "primaryKey": "id",
}
DESCRIPTOR: dict[str, Any] = {
    "name": "p",
    "title": "A package",
    "title@fr": "Un paquet",
    "licenses": [{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}],
    "contributors": [{"title": "x", "email": "x@example.org"}],
    "publisher": {"languages": ["en", "fr"], "schedule": "every day at 06:00"},
    "resources": [
        {"name": "t", "path": "t.csv", "schema": SCHEMA, "dialect": {"delimiter": ","}, "publisher": {"min_rows": 1}},
        {"name": "q", "query": "q.sql", "schema": "s.json"},
    ],
}
DIALECT: dict[str, Any] = {
    "delimiter": ";",
    "quoteChar": "'",
    "doubleQuote": False,
    "escapeChar": "\\",
    "headerRows": [1, 2],
    "headerJoin": "-",
    "commentChar": "#",
    "commentRows": [4],
    "skipInitialSpace": True,
    "skipBlankRows": True,
    "nullSequence": "\\N",
    "csv": {"delimiter": "|"},
}
KINDS: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer", "constraints": {"unique": True, "minimum": 1}, "groupChar": " "},
        {"name": "share", "type": "number", "decimalChar": ",", "constraints": {"maximum": 100}},
        {"name": "text", "type": "string", "constraints": {"pattern": "[a-z]+|(x)\\1", "maxLength": 9}},
        {"name": "mail", "type": "string", "format": "email"},
        {"name": "when", "type": "datetime", "constraints": {"minimum": "2000-01-01T00:00:00Z"}},
        {"name": "day", "type": "date", "format": "any"},
        {"name": "span", "type": "duration"},
        {"name": "place", "type": "geopoint", "format": "array"},
        {"name": "shape", "type": "geojson"},
        {"name": "list", "type": "array", "constraints": {"jsonSchema": {"items": {"multipleOf": 0.1}}}},
        {"name": "yes", "type": "boolean", "trueValues": ["y"], "falseValues": ["n"]},
        {"name": "kind", "type": "string", "categories": ["a", {"value": "b", "label": "B"}]},
    ],
    "primaryKey": ["id"],
    "uniqueKeys": [["text", "mail"]],
    "foreignKeys": [{"fields": ["kind"], "reference": {"resource": "", "fields": ["text"]}}],
    "missingValues": ["", "-"],
}
ROWS = (
    b'id,share,text,mail,when,day,span,place,shape,list,yes,kind\n1,"9,5",a,x@example.org,2020-01-01T00:00:00Z,2020-01-05,P1Y,'
    b'"[1,2]","{""type"":""Point"",""coordinates"":[1,2]}","[0.1]",y,a\n2,-,b,,,,PT1S,,,"[1e400]",n,b\n'
)


class Fuzzed:
    """The targets at work in one folder; `targets` names each with an input it likes."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self._folder = folder
        self._engine = engine
        (folder / "t.csv").write_text(TABLE)
        (folder / "s.json").write_text(json.dumps(SCHEMA))
        (folder / "q.sql").write_text("SELECT * FROM t ORDER BY id")
        self.targets: dict[str, tuple[Target, list[bytes]]] = {
            "descriptor": (self.descriptor, [json.dumps(DESCRIPTOR).encode(), _YAML]),
            "dialect": (self.dialect, [json.dumps(DIALECT).encode() + b"\0" + b"a;b\nc;d\n1;'x\\''\n#\n2;\\N\n"]),
            "table": (self.table, [ROWS]),
        }

    def descriptor(self, data: bytes) -> None:
        """A package as JSON, or as YAML where it does not begin as JSON does."""
        path = self._folder / f"datapackage.{'json' if data[:1] == b'{' else 'yaml'}"
        path.write_bytes(data)
        with suppress(PublisherError):
            package = read_package(path, project_root=None)
            for resource in package.resources:
                parse_schema(resource.schema, "schema")
                parse_dialect(resource.dialect, "dialect")
                check_json_rules(own_constraints(resource.schema), "rule")

    def dialect(self, data: bytes) -> None:
        """A dialect as JSON, a NUL, and a table."""
        written, _, table = data.partition(b"\0")
        path = self._folder / "dialect.json"
        path.write_bytes(written)
        with suppress(PublisherError):
            dialect = read_object(path)
            check_dialect(dialect, "dialect")
            self._validate(table or TABLE.encode(), {}, dialect)

    def table(self, data: bytes) -> None:
        """A table of all kinds of fields."""
        with suppress(PublisherError):
            self._validate(data, KINDS, {})

    def any_table(self, data: bytes, schema: dict[str, Any], dialect: dict[str, Any]) -> None:
        """A table against any schema."""
        with suppress(PublisherError):
            self._validate(data, schema, dialect)

    def _validate(self, data: bytes, schema: dict[str, Any], dialect: dict[str, Any]) -> None:
        path = self._folder / "fuzzed.csv"
        path.write_bytes(data)
        resource: Resource = resource_of("t", path, schema, dialect, "utf-8")
        validate_resources(self._engine, [resource], limit=20)


_YAML = f"""name: p
title: A package
resources:
- name: t
  path: t.csv
  schema: {json.dumps(SCHEMA)}
""".encode()


def open_targets(stack: ExitStack, folder: Path) -> Fuzzed:
    """Targets in a folder that is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "work").mkdir()
    (folder / "engine").mkdir()
    return Fuzzed(folder / "work", stack.enter_context(open_engine(folder / "engine")))
