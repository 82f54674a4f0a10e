"""Keys that stand twice, numbers that are none, and what else JSON and YAML readers disagree about. Out: attacks on every document."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.security.sandbox import HARMLESS, REFUSED, SCHEMA, TABLE, Attack, Body, package, project, resource

NOT_NUMBERS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "nan",
    "inf",
    ".5",
    "5.",
    "+5",
    "01",
    "0x10",
    "1_000",
    "1.e5",
    "--1",
    "1e",
]
BROKEN = {
    "a comment": '{"name": "p", /* x */ "resources": []}',
    "a line comment": '{"name": "p", // x\n "resources": []}',
    "a comma at the end": '{"name": "p",}',
    "single quotes": "{'name': 'p'}",
    "no quotes": "{name: p}",
    "a control character": '{"name": "p\x01"}',
    "a line break in a text": '{"name": "p\n"}',
    "a tab in a text": '{"name": "p\t"}',
    "two documents": '{"name": "p"} {"name": "q"}',
    "rubbish at the end": '{"name": "p"} x',
    "nothing": "",
    "blanks": "   \n",
    "null": "null",
    "a list": "[]",
    "a text": '"p"',
    "a number": "1",
    "true": "true",
    "a half": '{"name": "p", "resources": [',
    "an escape that is none": '{"name": "\\x41"}',
    "a high surrogate": '{"name": "p\\ud800", "resources": []}',
    "HTML": "<!doctype html><title>Log in</title>",
    "a byte order mark twice": "\ufeff\ufeff{}",
}
SURROGATES = ["\\ud800", "\\udfff", "x\\udc80y", "\\ud83d x", "\\udcff\\udcfe"]


def _twice(text: str, key: str) -> str:
    """The document with a key that stands twice, with the same value."""
    at = text.index(f'"{key}":')
    depth, end = 0, at + len(key) + 3
    for end in range(at + len(key) + 3, len(text)):
        letter = text[end]
        if depth == 0 and letter in ",}":
            break
        depth += (letter in "[{") - (letter in "]}")
    pair = text[at:end]
    return f"{text[:at]}{pair}, {text[at:]}"


def attacks() -> Iterator[Attack]:
    text, schema = package(resource(publisher={"min_rows": 0}), title="x"), json.dumps(SCHEMA)
    for key in (
        "name",
        "resources",
        "title",
        "path",
        "schema",
        "publisher",
        "min_rows",
        "fields",
        "type",
        "primaryKey",
    ):
        yield Attack(f"{key} twice in the descriptor", project(_twice(text, key)), says="twice")
    for key in ("fields", "name", "type", "primaryKey"):
        yield Attack(f"{key} twice in a schema", _with_schema(_twice(schema, key)), says="twice")
    yield Attack(
        "a key twice, written otherwise", project(text.replace('"title"', '"titl\\u0065": 1, "title"')), says="twice"
    )
    for value in NOT_NUMBERS:
        yield Attack(f"{value} in the descriptor", project(text.replace('"min_rows": 0', f'"min_rows": {value}')))
        rule = json.dumps(
            {"fields": [{"name": "id", "type": "number", "constraints": {"minimum": 0}}, SCHEMA["fields"][1]]}
        )
        yield Attack(f"{value} in a schema", _with_schema(rule.replace('"minimum": 0', f'"minimum": {value}')))
        yield Attack(
            f"{value} in a property nobody reads", project(text.replace('"title": "x"', f'"more": [{{"a": {value}}}]'))
        )
    for name, body in BROKEN.items():
        yield Attack(f"descriptor of {name}", project(body))
        yield Attack(f"schema of {name}", _with_schema(body))
    for escape in SURROGATES:
        for key in ("title", "more"):
            yield Attack(
                f"{key} {escape}", project(text.replace('"title": "x"', f'"{key}": "{escape}"')), says="surrogate"
            )
        yield Attack(f"a key {escape}", project(text.replace('"title": "x"', f'"{escape}": "x"')), says="surrogate")
        yield Attack(
            f"a field {escape}", _with_schema(schema.replace('"name": "name"', f'"name": "{escape}"')), says="surrogate"
        )
    for encoding in ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp500"):
        ends = (HARMLESS, REFUSED) if encoding == "latin-1" else (REFUSED,)
        yield Attack(f"descriptor in {encoding}", project(text.encode(encoding)), ends=ends)
    yield Attack("descriptor that is no UTF-8", project(text.replace('"x"', '"é"').encode("latin-1")))
    yield Attack("descriptor in overlong UTF-8", project(text.encode().replace(b'"x"', b'"\xc0\xaf"')))
    yield from _yaml()


def _with_schema(text: str) -> dict[str, Body]:
    return project(package(resource(schema="s.json")), **{"s.json": text})


def _yaml() -> Iterator[Attack]:
    head = f"name: p\nresources:\n- name: t\n  path: t.csv\n  schema: {json.dumps(SCHEMA)}\n"
    either, refused = (HARMLESS, REFUSED), (REFUSED,)
    for name, text, ends in (
        ("a key twice", "title: a\ntitle: b\n", refused),
        ("a key twice below", "more: {a: 1, a: 2}\n", refused),
        ("a key twice, quoted", "title: a\n'title': b\n", refused),
        ("not a number", "more: .nan\n", refused),
        ("infinity", "more: .inf\n", refused),
        ("minus infinity", "more: [-.INF]\n", refused),
        ("a float beyond all", "more: 1.0e+999\n", refused),
        ("a Python object", "more: !!python/object/apply:os.system [id]\n", refused),
        ("a Python name", "more: !!python/name:os.system\n", refused),
        ("a Python module", "more: !!python/module:os\n", refused),
        ("a tag of its own", "more: !x 1\n", refused),
        ("binary", "more: !!binary aGVsbG8=\n", refused),
        ("a set", "more: !!set {a, b}\n", refused),
        ("an ordered map", "more: !!omap [a: 1]\n", refused),
        ("pairs", "more: !!pairs [a: 1]\n", refused),
        ("a number for a key", "1: x\n", refused),
        ("a truth value for a key", "more: {yes: 1}\n", refused),
        ("null for a key", "more: {~: 1}\n", refused),
        ("a list for a key", "more: {[a]: 1}\n", refused),
        ("an object for a key", "more: {{a: 1}: 1}\n", refused),
        ("a date", "more: 2012-12-05\n", either),
        ("a timestamp", "more: 2012-12-05T10:00:00Z\n", either),
        ("NO for a country", "more: NO\n", either),
        ("an octal number", "more: 0o17\n", either),
        ("a number with colons", "more: 12:30:45\n", either),
        ("a tab for a blank", "more:\n\t- x\n", refused),
        ("a second document", "---\nname: q\n", refused),
        ("a directive", "%YAML 1.2\n---\n", refused),
        ("a surrogate", 'more: "\\ud800"\n', refused),
        ("a control character", "more: \x07\n", refused),
        ("an escape that is none", 'more: "\\q"\n', refused),
        ("a text that does not end", 'more: "x\n', refused),
        ("an empty value", "more:\n", either),
        ("a merge key", "more: {<<: {a: 1}}\n", refused),
    ):
        yield Attack(
            f"YAML with {name}", {"datasets/p/datapackage.yaml": head + text, "datasets/p/t.csv": TABLE}, ends=ends
        )
