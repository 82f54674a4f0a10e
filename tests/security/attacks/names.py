"""Names of packages, tables and columns that mean something to SQL, paths, headers, HTML, JSON-LD, XML or Excel. Out: attacks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from tests.security.sandbox import HARMLESS, REFUSED, Attack, package, project

EITHER = (REFUSED, HARMLESS)
SIGNS = [
    '"',
    '""',
    "'",
    "''",
    "`",
    'x"; DROP TABLE t; --',
    "x'; DROP TABLE t; --",
    "x) FROM t; --",
    "*",
    "COLUMNS('.*')",
    "{v}",
    "{0}",
    "%s%n",
    "$1",
    "$$",
    "?",
    "#",
    "@",
    "&",
    "&amp;",
    "<b>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--",
    "]]>",
    "<?xml?>",
    "{{7*7}}",
    "{%raw%}",
    "${7*7}",
    "javascript:alert(1)",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "|calc",
    ",",
    ";",
    ":",
    "=",
    "[x]",
    "(x)",
    "\\",
    "x\\",
    "\\u0041",
    "%41",
    "%00",
    "%2e%2e%2f",
    "~",
    "!",
    "a b",
    "  a",
    "a  ",
    "a.b",
    ".a",
    "a/b",
    "a:b",
    "a|b",
    "a?b",
    "a*b",
    "a\tb",
    "a\nb",
    "a\rb",
    "a\r\nX-Evil: 1",
    "a\0b",
    "a\x1bb",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
]
WORDS = [
    "select",
    "table",
    "order",
    "group",
    "user",
    "null",
    "true",
    "rowid",
    "row",
    "line",
    "raw",
    "bad",
    "cells",
    "accepted",
    "position",
    "canonical",
    "private",
    "main",
    "temp",
    "system",
    "information_schema",
    "sqlite_master",
    "c1",
    "k1",
    "u0",
    "a0",
    "b0",
    "op",
    "n",
    "d",
    "key",
    "reason",
    "tbl",
    "part",
    "entries",
    "narrow0",
    "suspects",
    "id ",
    "ID2",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "CON",
    "NUL",
    "index",
    "versions",
    "latest",
    "data",
    "feeds",
    "v",
    "0",
    "1e5",
    "-",
    "_",
    "NaN",
]
LETTERS = [
    "é",
    "e\u0301",
    "ß",
    "İ",
    "ǅ",
    "ﬁ",
    "Ω",
    "عربي",
    "עברית",
    "中文",
    "ไทย",
    "हिन्दी",
    "🏳️‍🌈",
    "👩‍👩‍👧‍👧",
    "\u202eevil",
    "\u2066x\u2069",
    "\u200b",
    "a\u200bb",
    "a\u00adb",
    "\ufeff",
    "a\ufeffb",
    "\uffff",
    "\U0010ffff",
    "\ue000",
    "x" + "\u0301" * 50,
    "x" * 31,
    "x" * 32,
    "x" * 150,
    "x" * 199,
    "x" * 201,
    "x" * 5000,
    "é" * 120,
    "",
    " ",
]
ALL = [*SIGNS, *WORDS, *LETTERS]
TWINS = [
    ("A", "a"),
    ("é", "e\u0301"),
    ("ß", "SS"),
    ("x" * 31 + "a", "x" * 31 + "b"),
    ("İ", "i\u0307"),
    ("a", "a "),
    ("ﬁ", "fi"),
    ("a", "a"),
    ("\u212a", "k"),
]


def attacks() -> Iterator[Attack]:
    for name in ALL:
        yield Attack(f"a column {name!r:.60} {len(name)}", column(name), ends=EITHER)
        yield Attack(f"a table {name!r:.60} {len(name)}", table(name), ends=EITHER)
    for name in ALL[::2]:
        files = {
            "../foreign/datapackage.json": package({"name": "t", "path": "t.csv"}, name=name),
            "../foreign/t.csv": "id\n1\n",
        }
        yield Attack(f"a package {name!r:.60} {len(name)}", files, ends=EITHER, arguments=("plan", "../foreign"))
    for pair in TWINS:
        fields = [{"name": item, "type": "string"} for item in pair]
        described = package({"name": "t", "path": "t.csv", "schema": {"fields": fields}})
        yield Attack(f"columns {pair!r:.80}", project(described, table=text([pair, ["1", "2"]])), ends=EITHER)
        tables = [{"name": item, "path": "t.csv"} for item in pair]
        yield Attack(f"tables {pair!r:.80}", project(package(*tables)), ends=EITHER)


def text(rows: Sequence[Sequence[str]]) -> str:
    """Rows as CSV."""
    held = io.StringIO()
    csv.writer(held, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return held.getvalue()


def column(name: str) -> dict[str, object]:
    fields = [{"name": "id", "type": "integer"}, {"name": name, "type": "string", "constraints": {"unique": True}}]
    schema = {"fields": fields, "primaryKey": "id", "uniqueKeys": [["id", name]]}
    query = '"' + name.replace('"', '""') + '"'
    described = package(
        {"name": "t", "path": "t.csv", "schema": schema},
        {"name": "q", "query": "q.sql", "schema": {"fields": fields}},
    )
    return project(
        described, table=text([["id", name], ["1", "x"]]), **{"q.sql": f"SELECT id, {query} FROM t ORDER BY id"}
    )  # type: ignore[return-value]


def table(name: str) -> dict[str, object]:
    fields = [{"name": "id", "type": "integer"}]
    other = {"fields": fields, "foreignKeys": [{"fields": "id", "reference": {"resource": name, "fields": "id"}}]}
    described = package(
        {"name": name, "path": "t.csv", "schema": {"fields": fields, "primaryKey": "id"}},
        {"name": "other", "path": "t.csv", "schema": other},
    )
    return project(described, table="id\n1\n")  # type: ignore[return-value]


def together(columns: Sequence[str], tables: Sequence[str]) -> dict[str, object]:
    """One package with all names at once, in every place a name can stand."""
    fields = [{"name": name, "type": "string", "title": name, "description": name} for name in columns]
    schema = {"fields": fields, "primaryKey": columns[0]}
    resources = [{"name": "wide", "path": "wide.csv", "schema": schema, "title": "all"}]
    key = {"fields": [{"name": "id", "type": "string"}], "primaryKey": "id"}
    resources += [{"name": name, "path": "keys.csv", "schema": key, "title": name} for name in tables]
    files = {
        "wide.csv": text([columns, [f"{n}x" for n, _ in enumerate(columns)]]),
        "keys.csv": text([["id"], *([name] for name in columns)]),
    }
    return {
        "datasets/p/datapackage.json": json.dumps({"name": "p", "title": "names", "resources": resources}),
        **{f"datasets/p/{name}": body for name, body in files.items()},
    }
