"""The accept lane accepts nothing that frictionless refuses, knows the right key and text, and keeps the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frictionless
import pytest

from publisher.engine import Engine, literal, open_engine
from publisher.schema import Dialect
from publisher.validate.accept import Column
from publisher.validate.exact import Reader
from publisher.validate.patterns import matching

from .draws import BOUNDS, ENUMS, FORMATS, PATTERNS, POOL, PROFILE


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine(tmp_path_factory.mktemp("engine")) as opened:
        values = ", ".join(f"({literal(text)})" for text in POOL)
        opened.run(f"CREATE TABLE pool AS SELECT * FROM (VALUES {values}) AS pool(c1)")
        yield opened


def fields() -> Iterator[dict[str, Any]]:
    for kind, forms in FORMATS.items():
        for form, more, _ in forms:
            base = {"name": "x", "type": kind, "format": form, **more}
            yield base
            yield base | {"constraints": {"required": True}, "missingValues": ["NA", "-"]}
            if form == "default":
                for bound in BOUNDS.get(kind, ()):
                    for rule in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
                        yield base | {"constraints": {rule: bound}}
                if not more:
                    for allowed in ENUMS.get(kind, ()):
                        yield base | {"constraints": {"enum": allowed}}
            if kind == "string":
                yield from (base | {"constraints": {"pattern": pattern}} for pattern in PATTERNS)
                yield base | {"constraints": {"minLength": 2, "maxLength": 4}}


@pytest.mark.parametrize("descriptor", list(fields()), ids=str)
def test_whatever_is_accepted_is_valid(engine: Engine, descriptor: dict[str, Any]) -> None:
    schema = frictionless.Schema.from_descriptor({"$schema": PROFILE, "fields": [descriptor]})
    read = schema.fields[0].create_value_reader()
    if any(read(value) is None for name, value in descriptor.get("constraints", {}).items() if "imum" in name):
        return
    column = Column(schema.fields[0], "c1", Dialect(), {}, keyed=True)
    reader = Reader(schema.fields[0], Dialect(), {})
    sql = f"SELECT c1, {column.key}, {column.canonical} FROM pool WHERE {column.accepted}"
    assert "JOIN" not in str(engine.rows(f"EXPLAIN {sql}")[0][1]).upper()
    for cell, key, canonical in engine.rows(sql):
        verdict = reader.verdict(cell)
        assert not verdict.problems, cell
        assert verdict.blank == (key is None)
        if key is not None:
            assert key == verdict.key
            written = dict(reader.rewritten).get(cell, cell)
            assert canonical == written


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("integer", ["0", "12", "-7"]),
        ("number", ["0", "9.50", "-0.5"]),
        ("boolean", ["true", "FALSE", "1"]),
        ("date", ["2020-02-29", "0001-01-01", "9999-12-31"]),
        ("datetime", ["2020-01-05T10:00:00Z", "2020-01-05T10:00:00"]),
        ("time", ["23:59:59"]),
        ("year", ["2020"]),
        ("yearmonth", ["2020-01"]),
        ("any", ["x"]),
    ],
)
def test_ordinary_cells_are_accepted(engine: Engine, kind: str, cells: list[str]) -> None:
    field = frictionless.Schema.from_descriptor({"fields": [{"name": "x", "type": kind}]}).fields[0]
    accepted = Column(field, "c1", Dialect(), {}, keyed=False).accepted
    for cell in cells:
        assert engine.value(f"SELECT {accepted} FROM (SELECT {literal(cell)} AS c1)") is True


HUGE = "a{99999999999999999999}"


@pytest.mark.parametrize("pattern", ["(?=a)a", r"(a)\1", "a++", r"\bx", "[^\\d]", "(?i:a)", "(a{100}){100}", HUGE])
def test_patterns_that_re2_reads_otherwise_are_left_to_python(pattern: str) -> None:
    assert matching(pattern) is None


def test_a_few_thousand_rows_keep_their_numbers(tmp_path: Path) -> None:
    from publisher import validate_table

    path = tmp_path / "t.csv"
    path.write_text("a\n" + "".join(f"{'x' if number % 7919 == 0 else number}\n" for number in range(2, 200_002)))
    schema = {"fields": [{"name": "a", "type": "integer"}]}
    report = validate_table(path, schema)
    assert [row for (row,) in report.flatten(["rowNumber"])] == [
        number for number in range(2, 200_002) if number % 7919 == 0
    ]
