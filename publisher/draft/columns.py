"""What type a column has. In: its cells in the engine, frictionless' guess from the first rows. Out: a field, a remark for people.

The guess is kept where the whole column bears it out or breaks it only here and there (then validation shows those cells). It is
overruled where frictionless cannot know: numbers with leading zeros are codes, `3,14` is a number where `;` separates cells, dates are
written in many ways, `ja` and `nein` are truth values. What could be read in two ways stays text, and the remark says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from publisher.engine import Engine, literal

MISSING = ("n/a", "N/A", "NA", "-", "–", "..", "…", "null", "NULL", "?")
"""Cells that people write where a value is missing; never in text, where they may mean what they say (NA is Namibia)."""

_KEPT = {"integer", "number", "boolean", "date", "datetime", "time", "object", "array", "geojson"}
_NUMERIC = {"integer", "number"}
_FORMATS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y")
_DECIMAL_COMMA = r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"
_GROUPED = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d+(\.\d+)?"
_WORDS = (("yes", "no"), ("ja", "nein"), ("oui", "non"), ("sí", "no"), ("si", "no"), ("y", "n"), ("نعم", "لا"))


def describe_column(
    engine: Engine, relation: str, column: str, name: str, guess: str, delimiter: str
) -> tuple[Mapping[str, Any], str]:
    """The field of a column, its title to be filled in. `column` is its name in `relation`, `name` that in the file."""
    cells = (
        f"(SELECT {column} AS c FROM {relation} WHERE {column} IS NOT NULL AND {column} NOT IN ({_listed(MISSING)}))"
    )
    rules, remark = _judge(engine, cells, guess, delimiter)
    if rules["type"] != "string":
        tokens = [row[0] for row in engine.rows(_tokens(relation, column))]
        rules |= {"missingValues": ["", *tokens]} if tokens else {}
    return {"name": name, **rules, "title": f"TODO: {_words(name)}"}, remark


def _judge(engine: Engine, cells: str, guess: str, delimiter: str) -> tuple[dict[str, Any], str]:
    filled = engine.value(f"SELECT count(*) FROM {cells}")
    if not filled:
        return {"type": "string"}, "every cell is empty"
    if guess in _NUMERIC and _count(engine, cells, r"[+-]?0\d+"):
        return {"type": "string"}, "numbers with leading zeros, kept as text so that the zeros stay"
    if guess in _KEPT:
        return {"type": guess}, ""
    return (
        _number(engine, cells, filled, delimiter)
        or _date(engine, cells, filled)
        or _boolean(engine, cells)
        or ({"type": "string"}, "")
    )


def _number(engine: Engine, cells: str, filled: int, delimiter: str) -> tuple[dict[str, Any], str] | None:
    commas = _count(engine, cells, ".*,.*")
    if not commas:
        return None
    decimal = _count(engine, cells, _DECIMAL_COMMA) == filled
    grouped = _count(engine, cells, _GROUPED) == filled
    if decimal and grouped and delimiter != ",":
        return {
            "type": "string"
        }, "1,234 may be a thousand or a little more than one; kept as text until the schema says"
    if grouped:
        return {"type": "number", "groupChar": ","}, ""
    if decimal:
        points = _count(engine, cells, r".*\..*")
        return {"type": "number", "decimalChar": ",", **({"groupChar": "."} if points else {})}, ""
    return None


def _date(engine: Engine, cells: str, filled: int) -> tuple[dict[str, Any], str] | None:
    fit = [
        form
        for form in _FORMATS
        if engine.value(f"SELECT count(try_strptime(c, {literal(form)})) FROM {cells}") == filled
    ]
    if not fit:
        return None
    if len(fit) > 1:
        return {"type": "string"}, f"dates that could be {' or '.join(fit)}; kept as text until the schema says"
    return {"type": "date", "format": fit[0]}, ""


def _boolean(engine: Engine, cells: str) -> tuple[dict[str, Any], str] | None:
    found = [row[0] for row in engine.rows(f"SELECT DISTINCT c FROM {cells} ORDER BY c LIMIT 7")]
    for yes, no in _WORDS:
        trues, falses = ([item for item in found if item.lower() == word] for word in (yes, no))
        if trues and falses and len(trues) + len(falses) == len(found):
            return {"type": "boolean", "trueValues": trues, "falseValues": falses}, ""
    return None


def _count(engine: Engine, cells: str, pattern: str) -> int:
    return int(engine.value(f"SELECT count(*) FROM {cells} WHERE regexp_full_match(c, {literal(pattern)})"))


def _tokens(relation: str, column: str) -> str:
    return f"SELECT DISTINCT {column} FROM {relation} WHERE {column} IN ({_listed(MISSING)}) ORDER BY 1"


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(map(literal, values))


def _words(name: str) -> str:
    """`joinedOn`, `joined_on` as words for people."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.sub(r"[_\s]+", " ", text).strip() or name
