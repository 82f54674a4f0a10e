"""The accept lane accepts nothing that frictionless refuses, knows the right key and text, and keeps the order of the file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frictionless
import pytest

from publisher.engine import Engine, literal, open_engine
from publisher.schema import Dialect
from publisher.validate import table, validate_table
from publisher.validate.accept import Column
from publisher.validate.exact import Reader
from publisher.validate.patterns import matching, whole
from publisher.validate.reference import reference_table

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
        ("integer", ["0", "12", "-7", "-9223372036854775808", "99999999999999999999"]),
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


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("C[0-9]{2}", "C(?:[0-9]){2,2}"),
        ("(a|b)c?", "(?:[ab])(?:c){0,1}"),
        ("[^,]+", r"(?:[^\x{2c}\x{0}]){1,}"),
        ("a|b", None),
        ("^a$", None),
        ("a$|b", None),
        ("(^a)b", None),
        ("a{33}", None),
        ("(?=a)a", None),
    ],
)
def test_patterns_without_anchors_are_matched_beside_others(pattern: str, expected: str | None) -> None:
    assert whole(pattern) == expected
    assert matching(pattern) or not expected


@pytest.mark.parametrize("year", [0, 1, 4, 100, 400, 1900, 2000, 2019, 2020, 2021, 2100, 9996, 9999])
def test_days_are_those_that_python_has(engine: Engine, year: int) -> None:
    field = frictionless.Schema.from_descriptor({"fields": [{"name": "x", "type": "date"}]}).fields[0]
    accepted = Column(field, "c1", Dialect(), {}, keyed=False).accepted
    texts = [f"{year:04}-{month:02}-{day:02}" for month in range(15) for day in range(34)]
    values = ", ".join(f"({literal(text)})" for text in texts)
    found = {text for (text,) in engine.rows(f"SELECT c1 FROM (VALUES {values}) AS _(c1) WHERE {accepted}")}
    assert found == {text for text in texts if _is_day(text)}


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


SHIFTED = {
    "fields": [
        {"name": "any", "type": "string"},
        {"name": "kind", "type": "string", "constraints": {"enum": ["a", "b"]}},
        {"name": "count", "type": "integer"},
        {"name": "code", "type": "string", "constraints": {"pattern": "[^x]*"}},
        {"name": "day", "type": "date"},
    ]
}


@pytest.mark.parametrize(
    "line",
    [
        "t,a,1,n,2020-01-05",
        "t,a1,,n,2020-01-05",
        "t,,a,1,2020-01-05",
        "t,,1n,,2020-01-05",
        "t,,1,2020-01-05,",
        "t,,1,,n2020-01-05",
        ",,,,2020-01-05t",
        "t,a\0,1,n,2020-01-05",
        "t,a\x001,,n,2020-01-05",
        "t,,,\0\0,",
    ],
)
def test_cells_are_matched_at_once_and_not_taken_for_each_other(tmp_path: Path, line: str) -> None:
    """Columns are matched as one text, with NUL between them."""
    path = tmp_path / "t.csv"
    path.write_text(f"any,kind,count,code,day\n{line}\nt,a,1,n,2020-01-05\n")
    its = ["rowNumber", "fieldNumber", "type"]
    assert validate_table(path, SHIFTED).flatten(its) == reference_table(path, SHIFTED).flatten(its)


@pytest.mark.parametrize("missing", [[], ["-"], ["", "n/a|x"], ["\\", "(a"]])
@pytest.mark.parametrize("required", [False, True])
def test_missing_values_are_part_of_a_pattern(tmp_path: Path, missing: list[str], required: bool) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{cell},x\n" for cell in ["1", "", "-", "n/a|x", "n/a", "x", "\\", "(a", "a"]))
    field = {"name": "a", "type": "integer", "constraints": {"required": required}}
    schema = {"fields": [field, {"name": "b", "type": "string"}], "missingValues": missing}
    its = ["rowNumber", "fieldNumber", "type"]
    assert validate_table(path, schema).flatten(its) == reference_table(path, schema).flatten(its)


@pytest.mark.parametrize(
    "constraints",
    [
        {"enum": [""]},
        {"enum": ["", "a"]},
        {"pattern": ""},
        {"pattern": ".{1000}" * 100},
        {"enum": ["a" * 50 + str(at) for at in range(20_000)] + ["a"]},
    ],
    ids=lambda its: str(its)[:40],
)
def test_patterns_of_nothing_and_of_very_much(tmp_path: Path, constraints: dict[str, Any]) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n,x\na,x\nb,x\né,x\n"a\n",x\n')
    schema = {
        "fields": [{"name": "a", "type": "string", "constraints": constraints}, {"name": "b", "type": "any"}],
        "missingValues": [],
    }
    its = ["rowNumber", "fieldNumber", "type"]
    assert validate_table(path, schema).flatten(its) == reference_table(path, schema).flatten(its)


def test_a_boolean_may_be_written_in_very_many_ways(tmp_path: Path) -> None:
    """More than RE2 has room for: what is published of it must be right all the same."""
    true = ["yes", *("y" * 50 + str(at) for at in range(10_000))]
    schema = {"fields": [{"name": "a", "type": "boolean", "trueValues": true, "falseValues": ["no"]}]}
    field = frictionless.Schema.from_descriptor(schema).fields[0]
    column = Column(field, "c1", Dialect(), {}, keyed=True)
    with open_engine(tmp_path) as engine:
        sql = f"SELECT {column.accepted}, {column.key}, {column.canonical} FROM (SELECT unnest(['yes', 'no']) AS c1)"
        assert engine.rows(sql) == [(False, "1", "true"), (False, "0", "false")]


def test_a_wide_table_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RE2 would refuse the patterns of all its columns in one."""

    def unwanted(*_args: object) -> None:
        raise AssertionError("read by Python")

    monkeypatch.setattr(table, "careful_records", unwanted)
    fields: list[dict[str, Any]] = [{"name": f"e{at}", "type": "string", "format": "email"} for at in range(900)]
    fields += [{"name": f"s{at}", "type": "string", "constraints": {"pattern": "[^xé]{1,30}"}} for at in range(900)]
    path = tmp_path / "t.csv"
    right, wrong = (
        ["ab.c@example.org"] * 900 + ["word"] * 900,
        ["ab.c@example.org"] * 899 + ["ab", "wéord"] + ["word"] * 899,
    )
    path.write_text("\n".join(map(",".join, [[item["name"] for item in fields], *[right] * 50, wrong])) + "\n")
    found = validate_table(path, {"fields": fields}).flatten(["rowNumber", "fieldNumber", "type"])
    assert found == [[52, 900, "type-error"], [52, 901, "constraint-error"]]


def test_a_few_thousand_rows_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n" + "".join(f"{'x' if number % 7919 == 0 else number}\n" for number in range(2, 200_002)))
    schema = {"fields": [{"name": "a", "type": "integer"}]}
    report = validate_table(path, schema)
    assert [row for (row,) in report.flatten(["rowNumber"])] == [
        number for number in range(2, 200_002) if number % 7919 == 0
    ]
