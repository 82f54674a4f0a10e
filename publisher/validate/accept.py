"""The accept lane. In: a field. Out: SQL that is true only for cells which frictionless certainly finds valid.

Each type stands once in TYPES, each constraint once in CONSTRAINTS. To add one, write the SQL for the cells that are right
beyond doubt and leave the rest to the exact lane: refusing too much costs time, accepting too much would be a wrong answer.
The lexical form is tested by patterns (`TRY_CAST` takes `infinity` for a date and `yes` for a boolean); a cell that passes is already
canonical text, save for booleans and for numbers with their own signs.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from publisher.engine import literal
from publisher.schema import Dialect
from publisher.validate.exact import key_of, missing_values
from publisher.validate.patterns import LARGEST, any_of, matching, whole


class Match(str):
    """A test by an RE2 pattern that the whole text has to match, so that several columns can be tested at once. Other tests are SQL."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Accept:
    """SQL over the text of one cell, `{v}` standing for the text (never NULL), in tests and constraints `{t}` for `value`.

    `tests` accept the cell where all are true; false and NULL refuse it. `key` is its key (equal text for equal values, as
    exact.key_of gives it), `canonical` the text that is published, `value` what bounds compare with; of a cell that is refused
    none of them is an error, and `value` is NULL. `bound` turns a bound's typed value into the SQL it is compared with, or None where
    it cannot be; `unsigned` says that what is below zero is refused.
    """

    tests: tuple[str, ...]
    key: str = "{v}"
    canonical: str = "{v}"
    value: str = ""
    bound: Callable[[Any], str | None] = lambda _value: None
    unsigned: bool = False
    length: bool = False


INTEGER = r"-?[1-9][0-9]{0,37}|0"
NUMBER = r"(?:-?[1-9][0-9]{0,17}|0)(?:\.[0-9]{1,15})?|-0\.[0-9]{0,14}[1-9]"
UNSIGNED = r"(?:[1-9][0-9]{0,17}|0)(?:\.[0-9]{1,15})?"
_FOURTH = "(?:0[48]|[2468][048]|[13579][26])"
DAY = (
    "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
    "-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    f"|(?:[0-9]{{2}}{_FOURTH}|{_FOURTH}00)-02-29"
)
"""A day of the years 1 to 9999, as Python has them."""
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
WORD = r"[0-9a-z]+(?:[._+-][0-9a-z]+){0,7}"
DOMAIN = r"(?:[0-9a-z](?:[0-9a-z]|-[0-9a-z]){0,20}\.){1,3}[a-z]{2,20}"
SCHEME = r"^[A-Za-z][A-Za-z0-9+.-]*:"
"""All that frictionless asks of a URI (rfc3986: every text parses, a scheme must be there)."""
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


def full_match(pattern: str, text: str = "{v}") -> str:
    """SQL: the whole text matches an RE2 pattern."""
    return f"regexp_full_match({text}, {_brace(literal(pattern))})"


def is_one_of(texts: Sequence[str], text: str = "{v}") -> str:
    """SQL: the text is one of a list. Comparisons for a few, a pattern for many; an IN list would become a join."""
    items = [_brace(literal(item)) for item in texts]
    if len(texts) <= FEW:
        return "(" + " OR ".join(f"{text} = {item}" for item in items) + ")"
    listed = one_of(texts)
    return full_match(listed, text) if listed else f"list_contains([{', '.join(items)}], {text})"


def one_of(texts: Iterable[str]) -> Match | None:
    """The text is one of a list; None where the list is longer than RE2 takes."""
    pattern = any_of(texts)
    return Match(pattern) if len(pattern) <= LARGEST else None


FEW = 8


def _brace(sql: str) -> str:
    """SQL as part of a template: its own braces stay braces."""
    return sql.replace("{", "{{").replace("}", "}}")


def _string(field: Any) -> Accept | None:
    tests = {
        "default": (),
        "email": (Match(f"{WORD}@{DOMAIN}"), "strlen({v}) <= 64"),
        "uri": (
            f"CASE WHEN starts_with({{v}}, 'https://') THEN TRUE ELSE regexp_matches({{v}}, {_brace(literal(SCHEME))}) END",
        ),
        "uuid": (Match(UUID),),
        "binary": (Match(BASE64),),
    }
    return Accept(tests[field.format], length=True) if field.format in tests else None


def _any(_field: Any) -> Accept:
    return Accept(())


def _integer(_field: Any) -> Accept:
    def bound(value: Any) -> str | None:
        return f"{value}" if abs(value) < 10**18 else None

    return Accept((Match(INTEGER),), value="TRY_CAST({v} AS BIGINT)", bound=bound)


def _number(field: Any) -> Accept | None:
    group, point = field.group_char, field.decimal_char
    signs = {group, point} - {""}
    if (
        field.float_number
        or len(point) != 1
        or len(group) > 1
        or group == point
        or any(s.isalnum() or s in "-+_ " for s in signs)
    ):
        return None
    plain = "{v}"
    unsigned = any(_is_zero(field, name) for name in ("minimum", "exclusiveMinimum"))
    pattern = UNSIGNED if unsigned else NUMBER
    test: str = Match(pattern)
    if group or point != ".":
        plain = f"replace({plain}, {_brace(literal(group))}, '')" if group else plain
        bare = plain
        plain = f"replace({plain}, {_brace(literal(point))}, '.')" if point != "." else plain
        test = full_match(pattern, plain) + (f" AND NOT contains({bare}, '.')" if point != "." else "")
    value = f"TRY_CAST({plain} AS DECIMAL(38,15))"

    def bound(value: Any) -> str | None:
        number = Decimal(value)
        exponent = number.as_tuple().exponent
        fits = number.is_finite() and abs(number) < 10**18 and isinstance(exponent, int) and -15 <= exponent <= 18
        return f"CAST('{number:f}' AS DECIMAL(38,15))" if fits else None

    key = f"CASE WHEN contains({plain}, '.') THEN rtrim(rtrim({plain}, '0'), '.') ELSE {plain} END"
    return Accept((test,), key=key, canonical=plain, value=value, bound=bound, unsigned=unsigned)


def _is_zero(field: Any, bound: str) -> bool:
    return bound in field.constraints and field.create_value_reader()(copy.deepcopy(field.constraints[bound])) == 0


def _boolean(field: Any) -> Accept:
    meaning = dict.fromkeys(field.true_values, True) | dict.fromkeys(field.false_values, False)
    true = [text for text, value in meaning.items() if value]
    known = one_of(meaning) if meaning else None
    is_true = is_one_of(true) if true else "FALSE"
    key, canonical = (
        f"CASE WHEN {{v}} IS NOT NULL THEN CASE WHEN {is_true} THEN {yes} ELSE {no} END END"
        for yes, no in (("'1'", "'0'"), ("'true'", "'false'"))
    )
    return Accept(("FALSE" if known is None else known,), key, canonical)


def _date(field: Any) -> Accept | None:
    if field.format != "default":
        return None
    return Accept((Match(DAY),), value="{v}", bound=lambda value: literal(value.isoformat()))


def _datetime(field: Any) -> Accept | None:
    """With and without `Z`; offsets go to the exact lane. A bound decides which of the two it can be compared with."""
    if field.format != "default":
        return None
    bounds = [
        field.create_value_reader()(copy.deepcopy(field.constraints[name]))
        for name in _BOUNDS
        if name in field.constraints
    ]
    aware = {value.tzinfo is not None for value in bounds}
    if len(aware) > 1:
        return None
    zone = {(): "Z?", (True,): "Z", (False,): ""}[tuple(aware)]

    def bound(value: dt.datetime) -> str | None:
        offset = value.utcoffset() or dt.timedelta()
        plain = value.replace(tzinfo=None) - offset
        return literal(plain.isoformat()) if not plain.microsecond else None

    return Accept((Match(f"(?:{DAY})T{CLOCK}{zone}"),), value="left({v}, 19)", bound=bound)


def _time(field: Any) -> Accept | None:
    def bound(value: dt.time) -> str | None:
        return None if value.tzinfo or value.microsecond else literal(value.isoformat())

    return Accept((Match(CLOCK),), value="{v}", bound=bound) if field.format == "default" else None


def _year(_field: Any) -> Accept:
    return Accept(
        (Match("[0-9]{4}"),),
        key="CAST(TRY_CAST({v} AS SMALLINT) AS VARCHAR)",
        value="TRY_CAST({v} AS SMALLINT)",
        bound=str,
    )


def _yearmonth(_field: Any) -> Accept:
    year, month = ("CAST(TRY_CAST(" + part + " AS SMALLINT) AS VARCHAR)" for part in ("left({v}, 4)", "right({v}, 2)"))
    return Accept(
        (Match("[0-9]{4}-(?:0[1-9]|1[0-2])"),),
        key=f"{year} || ',' || {month}",
        value="{v}",
        bound=lambda value: literal(f"{value[0]:04d}-{value[1]:02d}") if 0 <= value[0] <= 9999 else None,
    )


def _list(field: Any) -> Accept | None:
    return Accept((), key="") if field.item_type == "string" and field.delimiter else None


TYPES: Mapping[str, Callable[[Any], Accept | None]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "year": _year,
    "yearmonth": _yearmonth,
    "list": _list,
    "any": _any,
}
"""Types that the accept lane knows. All others (duration, geopoint, geojson, object, array) take the exact lane whole."""

Constraint = Callable[[Any, Any, Accept], str | None]
"""(field, value of the constraint, the type's SQL) -> a test that is true only where the constraint is fulfilled, or None."""


def _required(_field: Any, _value: Any, _accept: Accept) -> str:
    return "TRUE"


def _min_length(_field: Any, value: Any, accept: Accept) -> str | None:
    return f"length({{v}}) >= {int(value)}" if accept.length else None


def _max_length(_field: Any, value: Any, accept: Accept) -> str | None:
    # bytes are counted sooner than letters, and there are never fewer
    counted = f"CASE WHEN strlen({{v}}) <= {int(value)} THEN TRUE ELSE length({{v}}) <= {int(value)} END"
    return counted if accept.length else None


def _pattern(_field: Any, value: Any, _accept: Accept) -> str | None:
    text = whole(value)
    if text is not None:
        return Match(text)
    pattern = matching(value)
    return f"regexp_matches({{v}}, {_brace(literal(pattern))})" if pattern else None


def _enum(field: Any, value: Any, accept: Accept) -> str | None:
    read = field.create_value_reader()
    allowed = [key_of(read(copy.deepcopy(item))) for item in value]
    if accept.key == "{v}" and allowed:
        return one_of(allowed)
    return is_one_of(allowed, accept.key) if accept.key and allowed else None


def _compare(operator: str) -> Constraint:
    def constraint(field: Any, value: Any, accept: Accept) -> str | None:
        limit = field.create_value_reader()(copy.deepcopy(value))
        if operator == ">=" and accept.unsigned and limit == 0:
            return "TRUE"
        bound = accept.bound(limit)
        return f"{{t}} {operator} {_brace(bound)}" if accept.value and bound else None

    return constraint


CONSTRAINTS: Mapping[str, Constraint] = {
    "required": _required,
    "unique": _required,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "enum": _enum,
    "minimum": _compare(">="),
    "maximum": _compare("<="),
    "exclusiveMinimum": _compare(">"),
    "exclusiveMaximum": _compare("<"),
}
"""Constraints that the accept lane knows. `required` looks at missing cells (see Column), `unique` at whole columns (keys.py)."""

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


class Column:
    """A field as SQL. `text` is the SQL of its raw cell; cells of a file are never NULL, those of a relation may be (`nullable`).

    `value` is the cell or NULL where it is missing, `accepted` true only where frictionless has no finding (else false or
    NULL), `key` and `canonical` as in Accept, NULL for missing cells (`key` is that of an accepted cell). Of a column
    that is not `judged` every cell is accepted. `typed` is the cell's typed value where `accepted` needs it more than once (else "").
    `pattern` is what a text must match as a whole to be accepted (RE2), for a look at several cells at once; "" where there is none."""

    def __init__(
        self,
        field: Any,
        text: str,
        dialect: Dialect,
        own: Mapping[str, Any],
        *,
        keyed: bool,
        nullable: bool = False,
        judged: bool = True,
    ) -> None:
        missing = sorted(
            missing_values(field) | ({dialect.null_sequence} if dialect.null_sequence is not None else set())
        )
        is_missing = [f"{{v}} = {_brace(literal(value))}" for value in missing] + ["{v} IS NULL"] * nullable
        self.value = text
        for value in missing:
            self.value = f"nullif({self.value}, {literal(value)})"
        accept = TYPES.get(field.type, lambda _field: None)(field)
        self.canonical = (accept.canonical if accept else "{v}").format(v=self.value)
        self.required = bool(field.constraints.get("required"))
        # a cell that is required is not accepted where it is missing
        self.key = (accept.key if accept and accept.key else "NULL").format(v=text if self.required else self.value)
        self.missable = bool(is_missing)
        self._text, self._value, self.typed = text, accept.value.format(v=text) if accept else "", ""
        self.pattern, self._rest = "", "TRUE"
        if not judged:
            self._accepted = "TRUE"
            return
        tests = _tests(field, accept) if accept and not own and (accept.key or not keyed) else ["FALSE"]
        if self._value != text and sum(test.count("{t}") for test in tests) > 1:
            self.typed = self._value
        match = next((test for test in tests if isinstance(test, Match)), None)
        alone = [] if match is None else [full_match(match)]
        rest = [full_match(test) if isinstance(test, Match) else test for test in tests if test is not match]
        if self.required:
            rest += [f"NOT ({test})" for test in is_missing]
            self._rest, self._accepted = _all(rest), _all([*alone, *rest])
        else:
            self._rest, self._accepted = (_any_of([*is_missing, _all(its)]) for its in (rest, [*alone, *rest]))
        if match is not None:
            self.pattern = match if self.required or not missing else f"{any_of(missing)}|{match}"

    @property
    def accepted(self) -> str:
        return self.accepted_by()

    def accepted_by(self, value: str = "", *, matched: bool = False) -> str:
        """`accepted`; `value` is the column that holds the typed value, where there is one: DuckDB casts as often as a statement says so.
        Of a cell that is known to have `matched` the pattern only the rest is asked."""
        return (self._rest if matched else self._accepted).format(v=self._text, t=value or self._value)


def _all(tests: Sequence[str]) -> str:
    """SQL: every test holds; TRUE where there is none."""
    left = [test for test in tests if test != "TRUE"]
    return f"({' AND '.join(left)})" if left else "TRUE"


def _any_of(tests: Sequence[str]) -> str:
    """SQL: one of the tests holds; TRUE where one always does."""
    return "TRUE" if "TRUE" in tests else f"({' OR '.join(tests)})"


def _tests(field: Any, accept: Accept) -> list[str]:
    """The tests of a field's type and constraints; FALSE where one of them is not in the accept lane."""
    tests = list(accept.tests)
    for name, value in field.constraints.items():
        test = CONSTRAINTS[name](field, value, accept) if name in CONSTRAINTS else None
        tests.append("FALSE" if test is None else test)
    return tests
