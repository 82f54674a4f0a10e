"""Patterns that some engines never finish, and cells that make them try. Out: attacks by `pattern`, by rules of JSON, by formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.security.sandbox import HARMLESS, REFUSED, Attack, package, project, resource

EITHER = (REFUSED, HARMLESS)
SLOW = {
    "(a+)+": "a",
    "(a*)*": "a",
    "(a|a)*": "a",
    "(a|aa)+": "a",
    "(a|a?)+": "a",
    "(.*a){20}": "a",
    "(.*){1,100}b": "a",
    "([a-zA-Z]+)*": "a",
    "(a+){10}": "a",
    "((a+)+)+": "a",
    "(x+x+)+y": "x",
    "(a?){40}a{40}": "a",
    "a*a*a*a*a*a*a*a*b": "a",
    ".*.*.*.*.*.*=.*": "x",
    "(\\w+\\s?)+": "x ",
    "(\\d+)+": "1",
    "(\\d*\\.?\\d*)*x": "1",
    "(?:[^,]+,?)+": "x,",
    '([^"]|"")*': '""',
    "(a+b?)+": "a",
    "^(([a-z])+.)+[A-Z]([a-z])+": "a",
    "([a-z0-9]+[-_.]?)+@": "a",
    "(\\s*\\S+\\s*)+": " x",
    "(ab|a|b)+": "ab",
    "((ab)*c?)*d": "ab",
    "(a{1,50}){1,50}b": "a",
    "(.+)+\\n": "x",
    "(?i:(a|A)+)b": "a",
}
LOOKING = {
    "(?=(a+))a*b\\1": "a",
    "(a+)+(?!b)c": "a",
    "(?<=a)(a+)+b": "a",
    "(a+)\\1+b": "a",
    "(?:(a)|b)*\\1c": "ab",
    "(?=.*(a+)+$)b": "a",
    "(?!(a+)+b)(a|a)*c": "a",
    "(\\w+)\\s+\\1{5}x": "w ",
    "(?P<x>a+)(?P=x)*b": "a",
    "(a*+)*b": "a",
    "(?>(a+))+b": "a",
    "(a)(?(1)(a|a)*|b)c": "a",
    "\\b(\\w+\\b ?)+\\B!": "w ",
}
WRONG = [
    "(",
    "[",
    "*",
    "a**",
    "(?P<",
    "(?<=a*)b",
    "\\",
    "a{2,1}",
    "a{99999999999999999999}",
    "(a{1000}){1000}",
    "((a{100}){100}){100}",
    "(" * 500 + ")" * 500,
    "(" * 5000 + ")" * 5000,
    "a" * 1_000_000,
    "|".join(["a"] * 20_000),
    "[" + "".join(chr(n) for n in range(0x4E00, 0x9FFF)) + "]*",
    "(?i)(?s)x",
    "x(?i)y",
    "\\p{L}+",
    "\\x{41}",
    "(?#comment)a",
    "\\Z\\A",
    "(?R)",
    "\\g<0>",
    "[[:alpha:]]",
    "\\u00e9\\ud800",
    "(?P<a>x)(?P<a>y)",
    "\\1",
    "\0",
    "'; DROP TABLE t; --",
    "$$",
    "{v}",
    "{0}",
    "%s",
]


def attacks() -> Iterator[Attack]:
    for pattern, letter in {**SLOW, **LOOKING}.items():
        for length in (40, 20_000):
            cell = letter * (length // len(letter)) + "!"
            yield Attack(f"{pattern} on {length}", project(_package(pattern=pattern), table=_table(cell)), ends=EITHER)
        yield Attack(f"{pattern} as a rule of JSON", _rule({"pattern": pattern}, letter * 40 + "!"), ends=EITHER)
    for pattern, letter in LOOKING.items():
        cells = "".join(f"{n},{letter * 30}!{n}\n" for n in range(200))
        yield Attack(
            f"{pattern} on 200 records", project(_package(pattern=pattern), table=f"id,name\n{cells}"), ends=EITHER
        )
    for number, pattern in enumerate(WRONG):
        yield Attack(
            f"odd {number} {pattern[:30]!r}", project(_package(pattern=pattern), table=_table("aaa")), ends=EITHER
        )
        yield Attack(
            f"odd {number} {pattern[:30]!r} as a rule of JSON", _rule({"pattern": pattern}, "aaa"), ends=EITHER
        )
    for pattern in ("(a+)+$", "(a|a)*b"):
        yield Attack(
            f"{pattern} for names",
            _rule({"patternProperties": {pattern: {}}, "additionalProperties": False}, None),
            ends=EITHER,
        )
        yield Attack(
            f"{pattern} for names of properties", _rule({"propertyNames": {"pattern": pattern}}, None), ends=EITHER
        )
    for kind, cell in (
        ("email", "a@" + "a." * 20_000),
        ("email", "a" * 100_000 + "@"),
        ("uri", "http://" + "[" * 20_000),
        ("uuid", "0" * 100_000),
        ("binary", "=" * 100_000),
    ):
        yield Attack(f"{kind} {cell[:10]}", project(_package(kind), table=_table(cell)), ends=EITHER)
    for kind, form, cell in (
        ("date", "%Y" * 200, "2012" * 200),
        ("date", "any", "1" * 1000),
        ("datetime", "any", "2012 " * 400),
        ("time", "%H" * 500, "1" * 1000),
        ("geopoint", "default", "1," * 10_000),
        ("duration", "default", "P" + "1Y" * 10_000),
    ):
        schema = {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": kind, "format": form}]}
        yield Attack(
            f"{kind} as {form[:10]}", project(package(resource(schema=schema)), table=_table(f'"{cell}"')), ends=EITHER
        )


def _package(form: str = "default", **constraints: Any) -> str:
    field = {"name": "name", "type": "string", "format": form, "constraints": constraints}
    return package(resource(schema={"fields": [{"name": "id", "type": "integer"}, field]}))


def _table(cell: str) -> str:
    quoted = cell if cell.startswith('"') else '"' + cell.replace('"', '""') + '"'
    return f"id,name\n1,{quoted}\n"


def _rule(rule: Any, cell: str | None) -> Any:
    value = {"a" * 40 + "!": 1} if cell is None else [cell]
    wrapped = rule if cell is None else {"items": rule}
    kind = "object" if cell is None else "array"
    field = {"name": "name", "type": kind, "constraints": {"jsonSchema": wrapped}}
    schema = {"fields": [{"name": "id", "type": "integer"}, field]}
    return project(package(resource(schema=schema)), table=_table(json.dumps(value)))
