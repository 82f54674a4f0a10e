"""The exact lane. In: the text of cells that the accept lane would not vouch for. Out: frictionless' verdict on each, remembered by text.

frictionless' own field readers decide (`Field.create_cell_reader`), so this lane is right by construction; it is also the only
place that knows their typed values, and so gives each cell its key (equal text for values that frictionless holds equal) and
its canonical text (what is published).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from frictionless.platform import platform

from publisher.schema import Dialect, known_types
from publisher.validate.json_rules import JsonRule
from publisher.validate.trial import Trial

MEMORY = 100_000
"""Verdicts remembered for a column before it starts afresh; bounds memory where all values differ."""


class Verdict(NamedTuple):
    """What frictionless says about one cell. `problems` are (rule, note) pairs, the rule of a type error being `type`.

    `key` is None for missing values and type errors; `blank` says that the cell counts towards a blank row (it is missing, not
    wrong).
    """

    problems: tuple[tuple[str, str], ...]
    key: str | None
    blank: bool


class Reader:
    """Reads the cells of one field. `rewritten` gathers (text, canonical text) of valid cells where the two differ, once a value
    while it is remembered; whoever takes them empties the list."""

    def __init__(self, field: Any, dialect: Dialect, own: Mapping[str, Any]) -> None:
        self.field = field
        self._trial = _trial(field)
        self._read = (_without_pattern(field) if self._trial else field).create_cell_reader()
        self._null = dialect.null_sequence
        self._missing = {*missing_values(field), None, dialect.null_sequence}
        self._canonical = CANONICAL.get(field.type, _canonical_text)
        self._json_rule = JsonRule(own["jsonSchema"]) if "jsonSchema" in own else None
        self._seen: dict[str | None, Verdict] = {}
        self.rewritten: list[tuple[str, str]] = []

    def is_missing(self, cell: str | None) -> bool:
        """Whether a cell that the accept lane has accepted holds nothing."""
        return cell in self._missing

    def verdict(self, cell: str | None) -> Verdict:
        """The verdict on a cell; None is a cell that the record lacks."""
        found = self._seen.get(cell)
        if found is None:
            if len(self._seen) >= MEMORY:
                self._seen.clear()
            found = self._seen[cell] = self._judge(cell)
        return found

    def _judge(self, cell: str | None) -> Verdict:
        if cell is not None and cell == self._null:
            cell = None
        try:
            value, notes = self._read(cell)
        except (TypeError, ArithmeticError, ValueError, RecursionError) as error:
            # frictionless lets these escape, e.g. an offset-naive cell against an offset-aware bound; the cell is at fault.
            value, notes = None, {"type": f'type is "{self.field.type}/{self.field.format}" ({error})'}
        if self._trial and isinstance(value, str) and not self._trial.matches(value):
            notes = {**(notes or {}), "pattern": f'constraint "pattern" is "{self.field.constraints["pattern"]}"'}
        problems = tuple((notes or {}).items())
        if value is None:
            return Verdict(problems, None, blank="type" not in (notes or {}))
        problems += self._own_problems(value)
        text = cell or ""
        canonical = self._canonical(value, text)
        if canonical != text:
            self.rewritten.append((text, canonical))
        return Verdict(problems, key_of(value), blank=False)

    def _own_problems(self, value: Any) -> tuple[tuple[str, str], ...]:
        fault = self._json_rule.fault(value) if self._json_rule else ""
        return (("jsonSchema", f'constraint "jsonSchema": {fault}'),) if fault else ()


def _trial(field: Any) -> Trial | None:
    """The field's pattern, where it could take long."""
    pattern = field.constraints.get("pattern")
    if pattern is None or "pattern" not in field.supported_constraints:
        return None
    trial = Trial(str(pattern), field.name)
    return None if trial.harmless else trial


def _without_pattern(field: Any) -> Any:
    with known_types():
        plain = field.to_copy()
    # a copy belongs to no schema, whose missing values it may have
    plain.schema = field.schema
    plain.constraints = {name: value for name, value in field.constraints.items() if name != "pattern"}
    return plain


def missing_values(field: Any) -> set[str]:
    """The texts that frictionless reads as missing in a field."""
    if field.has_defined("missing_values") or not field.schema:
        return set(field.missing_values)
    return set(field.schema.missing_values)


def key_of(value: Any) -> str:
    """Text that is equal for two values exactly where Python holds them equal and hashes them alike.

    Not-a-number differs from everything: callers give each `NAN` its own text."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float, Decimal)):
        return _number_key(value)
    if isinstance(value, dt.datetime):
        offset = value.utcoffset()
        return value.isoformat() if offset is None else (value.replace(tzinfo=None) - offset).isoformat() + "Z"
    if isinstance(value, dt.time):
        offset = value.utcoffset()
        if offset is None:
            return value.isoformat()
        clock = dt.timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
        return f"{clock - offset!r}Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, platform.isodate.Duration):
        return f"{value.years}:{value.months}:{value.tdelta!r}"
    if isinstance(value, tuple):
        return ",".join(key_of(item) for item in value)
    return (
        json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
        if isinstance(value, (list, dict))
        else repr(value)
    )


NAN = "\x01NaN"
"""The key of what is not a number; no text that a cell is likely to hold."""


def _number_key(value: bool | float | Decimal) -> str:
    number = Decimal(value)
    if not number.is_finite():
        return NAN if number.is_nan() else _infinite(number)
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    exponent += len(text) - len(stripped)
    if not stripped:
        return "0"
    return ("-" if sign else "") + _place_point(stripped, exponent)


def _infinite(number: Decimal) -> str:
    return "INF" if number > 0 else "-INF"


def _place_point(digits: str, exponent: int) -> str:
    """Digits times ten to the exponent, written out unless that would be absurdly long."""
    if not -60 <= exponent <= 60:
        return f"{digits}E{exponent}"
    if exponent >= 0:
        return digits + "0" * exponent
    digits = digits.rjust(1 - exponent, "0")
    return f"{digits[:exponent]}.{digits[exponent:]}"


def _canonical_number(value: Any, _cell: str) -> str:
    """Plain decimal text that keeps the digits written: 9.50 stays 9.50, 1e3 becomes 1000."""
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        return "NaN" if number.is_nan() else _infinite(number)
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0") or "0"
    return ("-" if sign and number != 0 else "") + _place_point(text, exponent)


def _canonical_datetime(value: dt.datetime | dt.time, _cell: str) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _canonical_json(_value: Any, cell: str) -> str:
    return json.dumps(json.loads(cell), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _canonical_geopoint(value: Any, cell: str) -> str:
    return f"{_canonical_number(value[0], cell)},{_canonical_number(value[1], cell)}"


def _canonical_text(_value: Any, cell: str) -> str:
    return cell


CANONICAL: Mapping[str, Callable[[Any, str], str]] = {
    "integer": lambda value, _cell: str(value),
    "number": _canonical_number,
    "boolean": lambda value, _cell: "true" if value else "false",
    "date": lambda value, _cell: value.isoformat(),
    "datetime": _canonical_datetime,
    "time": _canonical_datetime,
    "year": lambda value, _cell: f"{value:04d}",
    "yearmonth": lambda value, _cell: f"{value[0]:04d}-{value[1]:02d}",
    "duration": lambda value, _cell: str(platform.isodate.duration_isoformat(value)),
    "geopoint": _canonical_geopoint,
    "geojson": _canonical_json,
    "object": _canonical_json,
    "array": _canonical_json,
}
"""Canonical text of a typed value, by type; types that are not here (string, any, list) are published as written."""
