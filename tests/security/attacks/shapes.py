"""Values of another kind than anybody expects, in every property that is read. Out: attacks on descriptors, schemas, dialects, settings."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from publisher.project.package import RESOURCE_KEYS
from tests.security.sandbox import HARMLESS, REFUSED, SCHEMA, Attack, package, project, resource

EITHER = (REFUSED, HARMLESS)
VALUES: list[Any] = [None, True, 0, -1, 1.5, "", "x", [], [None], [[]], [{}], {}, {"x": 1}, {"": {}}, [1, "x"]]

PACKAGE = [
    "name",
    "resources",
    "title",
    "title@ar",
    "description",
    "licenses",
    "contributors",
    "sources",
    "keywords",
    "spatial",
    "temporal",
    "homepage",
    "versionRules",
    "theme",
    "site",
    "accrualPeriodicity",
    "version",
    "created",
    "publisher",
    "$schema",
    "profile",
]
RESOURCE = [
    "name",
    "path",
    "schema",
    "dialect",
    "query",
    "title",
    "description",
    "encoding",
    "format",
    "mediatype",
    "publisher",
    "rowLinks",
    "hxl",
    "pageSize",
    "type",
    "data",
    "sources",
    "licenses",
    "bytes",
    "hash",
]
SETTINGS = list(RESOURCE_KEYS)
PACKAGE_SETTINGS = ["languages", "schedule", "max_level", "initial_version", "allow"]
SCHEMAS = ["fields", "primaryKey", "foreignKeys", "uniqueKeys", "missingValues", "fieldsMatch", "$schema"]
FIELD = [
    "name",
    "type",
    "format",
    "title",
    "description",
    "constraints",
    "categories",
    "example",
    "missingValues",
    "trueValues",
    "decimalChar",
    "groupChar",
    "publisher",
]
CONSTRAINTS = [
    "required",
    "unique",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "pattern",
    "enum",
    "jsonSchema",
    "exclusiveMinimum",
]
DIALECT = [
    "delimiter",
    "quoteChar",
    "escapeChar",
    "doubleQuote",
    "skipInitialSpace",
    "nullSequence",
    "header",
    "headerRows",
    "headerJoin",
    "commentChar",
    "commentRows",
    "lineTerminator",
    "skipBlankRows",
    "csv",
    "sheetName",
]
FIELD_SETTINGS = ["private", "allow", "discloses", "deprecated", "renamed_from"]


def attacks() -> Iterator[Attack]:
    for where, names, path in (
        ("package", PACKAGE, ()),
        ("package settings", PACKAGE_SETTINGS, ("publisher",)),
        ("resource", RESOURCE, ("resources", 0)),
        ("settings", SETTINGS, ("resources", 0, "publisher")),
        ("schema", SCHEMAS, ("resources", 0, "schema")),
        ("field", FIELD, ("resources", 0, "schema", "fields", 1)),
        ("constraints", CONSTRAINTS, ("resources", 0, "schema", "fields", 1, "constraints")),
        ("field settings", FIELD_SETTINGS, ("resources", 0, "schema", "fields", 1, "publisher")),
        ("dialect", DIALECT, ("resources", 0, "dialect")),
    ):
        for name in names:
            yield from _with_values(where, name, (*path, name))
    for value in VALUES:
        yield _attack(
            f"schema in a file is {json.dumps(value)}",
            package(resource(schema="s.json")),
            **{"s.json": json.dumps(value)},
        )
        yield _attack(f"removals are {json.dumps(value)}", package(resource()), **{"removals.yaml": json.dumps(value)})
        yield _attack(
            f"removals of a table are {json.dumps(value)}",
            package(resource()),
            **{"removals.yaml": json.dumps({"t": value})},
        )
        yield _attack(
            f"a removal is {json.dumps(value)}", package(resource()), **{"removals.yaml": json.dumps({"t": [value]})}
        )
        for key in ("fields", "reference"):
            keyed = {
                **SCHEMA,
                "foreignKeys": [{"fields": "id", "reference": {"resource": "", "fields": "id"}, key: value}],
            }
            yield _attack(f"foreign key's {key} is {json.dumps(value)}", package(resource(schema=keyed)))


def _with_values(where: str, name: str, path: Sequence[str | int]) -> Iterator[Attack]:
    for value in VALUES:
        document = {"name": "p", "resources": [copy.deepcopy(resource())]}
        _put(document, path, value)
        yield _attack(f"{where}: {name} is {json.dumps(value)}", json.dumps(document))


def _put(document: Any, path: Sequence[str | int], value: Any) -> None:
    for step, following in pairwise(path):
        if isinstance(document, dict) and step not in document:
            document[step] = [] if isinstance(following, int) else {}
        document = document[step]
    document[path[-1]] = value


def _attack(name: str, descriptor: str, **files: str) -> Attack:
    return Attack(name, project(descriptor, **files), ends=EITHER)
