"""Random schemas and tables. In: hypothesis. Out: cases that meet every type, constraint, key and dialect, and dirty bytes."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
NUMBERS = [
    "0",
    "1",
    "-1",
    "12",
    "007",
    "+5",
    "-0",
    "2_000",
    " 7 ",
    "٣",
    "99999999999999999999",
    "1.0",
    "1e3",
    "0x1F",
    "3.50",
    "-0.5",
]
NUMBERS += [
    ".5",
    "5.",
    "0.10",
    "1,5",
    "1.234,5",
    "1 000",
    "NaN",
    "INF",
    "-INF",
    "1E400",
    "-1e-3",
    "12%",
    "€5",
    "9007199254740993",
]
DATES = [
    "2020-01-05",
    "2020-1-5",
    "2020-02-30",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "infinity",
    "05/01/2020",
]
DATES += [
    "2020-01-05 ",
    "2021-02-29",
    "2024-02-29",
    "20200105",
    "٢٠٢٠-٠١-٠٥",
    "5 Jan 2020",
    "2020-01-05T00:00:00",
    "1999-12-31",
    "epoch",
]
STAMPS = [
    "2020-01-05T10:00:00Z",
    "2020-01-05T10:00:00",
    "2020-01-05T10:00:00+02:00",
    "2020-01-05 10:00:00",
    "2020-01-05T24:00:00",
]
STAMPS += [
    "2020-01-05T10:00:60Z",
    "2020-02-30T10:00:00",
    "2020-01-05T10:00:00.5Z",
    "2020-01-05T08:00:00Z",
    "2020-01-05T10:00Z",
]
TIMES = [
    "10:00:00",
    "24:00:00",
    "10:00",
    "10:00:00Z",
    "10:00:00.25",
    "23:59:59",
    "00:00:00",
    "1:00:00",
    "10:61:00",
    "10:00:00+01:00",
]
TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "abc",
    "é",
    "e\u0301",
    "A",
    " a",
    "a ",
    "NA",
    "-",
    "null",
    "x,y",
    'say "hi"',
    "line\nbreak",
    "tab\there",
    "'",
    "😀",
]
TEXTS += [
    "a" * 12,
    "m\u00fcller",
    "\u200f",
    "\u2028",
    "0",
    "true",
    "#1",
    "a;b",
    "\\N",
    "a\\",
    '"',
    '""',
    "None",
    "{v}",
    "%s",
    "a\n",
]
MAILS = [
    "a@example.org",
    "A@Example.org",
    "a@b",
    "a@@b.org",
    "nobody at example.org",
    "a.b+c@x-y.example.org",
    "a@-x.org",
    "é@example.org",
    "a@x.o",
]
URIS = [
    "https://example.org",
    "http://example.org/a?b=c#d",
    "example.org",
    "mailto:a@b.org",
    "//x",
    "urn:isbn:1",
    "https://exa mple.org",
    "a:b",
]
UUIDS = [
    "123e4567-e89b-12d3-a456-426614174000",
    "123E4567-E89B-12D3-A456-426614174000",
    "{123e4567-e89b-12d3-a456-426614174000}",
    "123e4567",
]
JSONS = [
    "{}",
    "[]",
    '{"a": 1}',
    "[1, 2]",
    '["x"]',
    "1",
    "null",
    "{",
    '{"type": "Point", "coordinates": [1, 2]}',
    '{"lon": 1, "lat": 2}',
    "[200,1]",
]
OTHERS = [
    "2020",
    "99",
    "12345",
    "-1",
    "2020-01",
    "2020-13",
    "2020-1",
    "P1Y",
    "PT5M",
    "P1D",
    "P",
    "1,2",
    "200,1",
    "1, 2",
    "90,90",
    "1,2,3",
    "aGk=",
    "a===",
]
POOL = sorted(
    {*NUMBERS, *DATES, *STAMPS, *TIMES, *TEXTS, *MAILS, *URIS, *UUIDS, *JSONS, *OTHERS, "True", "FALSE", "yes", "1"}
)

FORMATS: dict[str, list[tuple[str, dict[str, Any], list[str]]]] = {
    "string": [
        ("default", {}, TEXTS),
        ("email", {}, MAILS),
        ("uri", {}, URIS),
        ("uuid", {}, UUIDS),
        ("binary", {}, OTHERS),
    ],
    "integer": [("default", {}, NUMBERS), ("default", {"bareNumber": False}, NUMBERS)],
    "number": [
        ("default", {}, NUMBERS),
        ("default", {"decimalChar": ","}, NUMBERS),
        ("default", {"decimalChar": ",", "groupChar": "."}, NUMBERS),
        ("default", {"groupChar": ","}, NUMBERS),
        ("default", {"groupChar": " "}, NUMBERS),
        ("default", {"bareNumber": False}, NUMBERS),
        ("default", {"floatNumber": True}, NUMBERS),
    ],
    "boolean": [
        ("default", {}, ["true", "false", "1", "0", "True", "FALSE", "yes", "tRue"]),
        ("default", {"trueValues": ["yes", "y"], "falseValues": ["no", "0"]}, ["yes", "y", "no", "0", "1", "true"]),
    ],
    "date": [("default", {}, DATES), ("any", {}, DATES), ("%d/%m/%Y", {}, DATES)],
    "datetime": [("default", {}, STAMPS), ("any", {}, STAMPS), ("%Y-%m-%d %H:%M:%S", {}, STAMPS)],
    "time": [("default", {}, TIMES), ("any", {}, TIMES), ("%H:%M", {}, TIMES)],
    "year": [("default", {}, OTHERS)],
    "yearmonth": [("default", {}, OTHERS)],
    "duration": [("default", {}, OTHERS)],
    "geopoint": [("default", {}, OTHERS), ("array", {}, JSONS), ("object", {}, JSONS)],
    "geojson": [("default", {}, JSONS)],
    "object": [("default", {}, JSONS)],
    "array": [("default", {}, JSONS), ("default", {"arrayItem": {"type": "integer"}}, JSONS)],
    "list": [
        ("default", {}, TEXTS),
        ("default", {"itemType": "integer"}, OTHERS),
        ("default", {"delimiter": ";"}, TEXTS),
    ],
    "any": [("default", {}, TEXTS)],
}
BOUNDS = {
    "integer": [0, 1, "5", -3],
    "number": [0, 0.5, "1.5", 12],
    "date": ["2020-01-05", "2000-01-01"],
    "datetime": ["2020-01-05T09:00:00Z", "2020-01-05T10:00:00"],
    "time": ["10:00:00", "09:30:00"],
    "year": [2000, "2020"],
    "yearmonth": ["2020-01", "1999-12"],
}
ENUMS = {
    "string": [["a", "b", "ab"], ["é"], ["A", "a ", "x,y", "c", "d", "e", "f", "g", "h", "i"], ["{v}", "%s"]],
    "integer": [[1, 12], ["7", 5]],
    "number": [[1, 3.5], ["0.10", "12"]],
    "boolean": [[True], ["1"]],
    "date": [["2020-01-05", "2024-02-29"]],
    "year": [[2020, 99]],
    "any": [["a", "1"]],
    "yearmonth": [["2020-01"]],
    "time": [["10:00:00"]],
}
PATTERNS = [
    "a|b",
    "[a-z]+",
    r"\d+",
    r"\w+",
    "(?=a)a",
    "(a)\\1",
    "^a$",
    "a.c",
    "[^b]*",
    r"\s*a\s*",
    "(?:ab)+",
    "a{1,3}",
    "é|😀",
    r"\S+",
    "a?b*",
    r"[\w-]+",
    ".",
]


@dataclass(frozen=True)
class Case:
    """A table with its schema and dialect, as bytes, and the table that its foreign keys name."""

    data: bytes
    schema: dict[str, Any]
    dialect: dict[str, Any]
    encoding: str
    other: tuple[bytes, dict[str, Any]] | None = None
    note: dict[str, Any] = field(default_factory=dict)


@st.composite
def fields(draw: st.DrawFn, name: str) -> tuple[dict[str, Any], list[str]]:
    kind = draw(st.sampled_from(sorted(FORMATS)))
    form, more, pool = draw(st.sampled_from(FORMATS[kind]))
    if kind == "array" and more and "array" in str(more):
        pool = JSONS
    descriptor: dict[str, Any] = {"name": name, "type": kind, "format": form, **more}
    rules: dict[str, Any] = {}
    if draw(st.booleans()):
        rules["required"] = draw(st.booleans())
    if draw(st.integers(0, 4)) == 0:
        rules["unique"] = True
    if kind in BOUNDS and form == "default" and draw(st.booleans()):
        for bound in draw(
            st.sets(st.sampled_from(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]), max_size=2)
        ):
            rules[bound] = draw(st.sampled_from(BOUNDS[kind]))
    if kind in ENUMS and form == "default" and not more and draw(st.integers(0, 2)) == 0:
        rules["enum"] = draw(st.sampled_from(ENUMS[kind]))
    if kind in ("string", "array", "object", "list") and draw(st.integers(0, 2)) == 0:
        rules[draw(st.sampled_from(["minLength", "maxLength"]))] = draw(st.integers(0, 4))
    if kind == "string" and draw(st.integers(0, 2)) == 0:
        rules["pattern"] = draw(st.sampled_from(PATTERNS))
    if rules:
        descriptor["constraints"] = rules
    if draw(st.integers(0, 5)) == 0:
        descriptor["missingValues"] = draw(st.sampled_from([["NA"], ["", "-"], [], ["0", ""]]))
    return descriptor, pool


@st.composite
def cells(draw: st.DrawFn, pool: list[str]) -> str:
    kind = draw(st.integers(0, 9))
    if kind < 6:
        return draw(st.sampled_from(pool))
    if kind < 8:
        return draw(st.sampled_from(POOL))
    if kind == 8:
        return ""
    return draw(st.text(max_size=6).filter(lambda text: not any(0xD800 <= ord(letter) <= 0xDFFF for letter in text)))


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, Any]:
    dialect: dict[str, Any] = {}
    control: dict[str, Any] = {}
    if draw(st.integers(0, 2)) == 0:
        control["delimiter"] = draw(st.sampled_from([";", "\t", "|", ","]))
    if draw(st.integers(0, 5)) == 0:
        control["quoteChar"] = draw(st.sampled_from(["'", "~"]))
    if draw(st.integers(0, 8)) == 0:
        control["escapeChar"] = "\\"
        control["doubleQuote"] = draw(st.booleans())
    if draw(st.integers(0, 6)) == 0:
        control["skipInitialSpace"] = True
    if draw(st.integers(0, 8)) == 0:
        dialect["commentChar"] = "#"
    if draw(st.integers(0, 8)) == 0:
        dialect["commentRows"] = draw(st.lists(st.integers(1, 4), max_size=2))
    if draw(st.integers(0, 6)) == 0:
        dialect["header"] = False
    elif draw(st.integers(0, 6)) == 0:
        dialect["headerRows"] = draw(st.sampled_from([[2], [1, 2]]))
    if draw(st.integers(0, 6)) == 0:
        dialect["headerCase"] = False
    if draw(st.integers(0, 6)) == 0:
        dialect["skipBlankRows"] = True
    if control:
        dialect["csv"] = control
    return dialect


@st.composite
def cases(draw: st.DrawFn) -> Case:
    count = draw(st.integers(1, 4))
    drawn = [draw(fields(name)) for name in ["a", "b", "C d", "é"][:count]]
    schema: dict[str, Any] = {"$schema": PROFILE, "fields": [descriptor for descriptor, _ in drawn]}
    names = [descriptor["name"] for descriptor, _ in drawn]
    if draw(st.integers(0, 4)) == 0:
        schema["missingValues"] = draw(st.sampled_from([["NA", ""], ["-"], []]))
    if draw(st.integers(0, 2)) == 0:
        schema["primaryKey"] = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    if draw(st.integers(0, 6)) == 0:
        schema["fieldsMatch"] = draw(st.sampled_from(["equal", "subset", "superset", "partial"]))
    other = None
    if draw(st.integers(0, 2)) == 0:
        keys = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
        if draw(st.booleans()):
            targets = draw(st.lists(st.sampled_from(names), min_size=len(keys), max_size=len(keys)))
            schema["foreignKeys"] = [{"fields": keys, "reference": {"resource": "", "fields": targets}}]
        else:
            own = [draw(fields(f"r{number}")) for number in range(len(keys))]
            its = {"$schema": PROFILE, "fields": [descriptor for descriptor, _ in own]}
            pools = [pool for _, pool in own]
            rows = draw(st.lists(st.tuples(*(cells(pool) for pool in pools)), max_size=6))
            targets = [descriptor["name"] for descriptor, _ in own]
            schema["foreignKeys"] = [{"fields": keys, "reference": {"resource": "other", "fields": targets}}]
            other = (_write([targets, *rows], {}, "utf-8"), its)
    rows = draw(st.lists(st.tuples(*(cells(pool) for _, pool in drawn)), max_size=9))
    table: list[list[str]] = [list(row) for row in rows]
    dialect = draw(dialects())
    header = list(names)
    if draw(st.integers(0, 7)) == 0:
        header = draw(st.lists(st.sampled_from([*names, "A", "", "x", " a"]), max_size=5))
    if dialect.get("header", True):
        table.insert(0, header)
    if dialect.get("headerRows") and draw(st.booleans()):
        table.insert(0, ["about", "this", "table"][: draw(st.integers(1, 3))])
    if table and draw(st.integers(0, 4)) == 0:
        row = draw(st.sampled_from(table))
        if draw(st.booleans()):
            row.append(draw(st.sampled_from(["", "x"])))
        elif row:
            row.pop()
    encoding = draw(st.sampled_from(["utf-8"] * 8 + ["utf-16", "cp1252", "utf-8-sig"]))
    data = _write(
        table, dialect.get("csv", {}), encoding, draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])), draw(st.booleans())
    )
    if draw(st.integers(0, 3)) == 0:
        data = draw(mangled(data))
    return Case(data, schema, dialect, encoding, other)


@st.composite
def mangled(draw: st.DrawFn, data: bytes) -> bytes:
    """The file with something in it that no tidy program writes."""
    at = draw(st.integers(0, len(data)))
    junk = draw(
        st.sampled_from(
            [
                b"\n",
                b"\n\n",
                b",",
                b'"',
                b'""',
                b' "',
                b'" ',
                b"\r",
                b"\0",
                b"\xff",
                b" ",
                b'" "',
                b'\t"',
                b"\xc3",
                b",,",
                b'"\n',
            ]
        )
    )
    cut = draw(st.integers(0, 2))
    return data[:at] + junk + data[at + cut :]


def _write(rows: list[Any], control: dict[str, Any], encoding: str, eol: str = "\n", everything: bool = False) -> bytes:
    text = io.StringIO(newline="")
    quote = control.get("quoteChar", '"')
    try:
        writer = csv.writer(
            text,
            delimiter=control.get("delimiter", ","),
            quotechar=quote or '"',
            escapechar=control.get("escapeChar"),
            doublequote=control.get("doubleQuote", True),
            lineterminator=eol,
            quoting=csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL,
        )
        writer.writerows(rows)
    except csv.Error:
        text.write("broken")
    return text.getvalue().encode(encoding, "replace")
