"""Table Schema and Table Dialect as rules. In: descriptors. Out: frictionless' Schema, our Dialect, SQL types of typed views.

frictionless reads and judges descriptors; whatever it refuses, and a rule that cannot work (a bad pattern, a bound that is no
value of its type), is a ProjectError. Specification: https://datapackage.org/standard/table-schema/ and table-dialect/.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import frictionless
from frictionless import system
from frictionless.exception import FrictionlessException

from publisher.errors import ProjectError

# frictionless reads no descriptor and no date without them, and would load them in the time of the first table.
import_module("jsonschema")
import_module("_strptime")

SCHEMA_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
_HOMES = ("://datapackage.org/", "://specs.frictionlessdata.io/")
"""Where profiles of Table Schema lie; another name in `$schema` is none that frictionless need look at."""
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
OWN_CONSTRAINTS = ("jsonSchema",)
"""Constraints of Table Schema 2.0 that frictionless 5.21 refuses; we take them out before it looks and check them ourselves."""

_SQL_TYPES = {
    "integer": "HUGEINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "time": "TIME",
    "year": "BIGINT",
}
_CSV_PROPERTIES = (
    "delimiter",
    "lineTerminator",
    "quoteChar",
    "doubleQuote",
    "escapeChar",
    "nullSequence",
    "skipInitialSpace",
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written. Nothing is guessed: whatever is not declared has the value below (Table Dialect 2.0)."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None
    double_quote: bool = True
    skip_initial_space: bool = False
    null_sequence: str | None = None
    header: bool = True
    header_rows: tuple[int, ...] = (1,)
    header_join: str = " "
    header_case: bool = True
    comment_char: str = ""
    comment_rows: frozenset[int] = frozenset()
    skip_blank_rows: bool = False

    @property
    def first_row(self) -> int:
        """Number of the first record that can hold data."""
        return self.header_rows[-1] + 1 if self.header and self.header_rows else 1

    @property
    def divisible(self) -> bool:
        """Whether a file's records can be numbered without those of the files before it: each begins with the header alone, none is
        skipped."""
        plain = not (self.comment_char or self.comment_rows or self.skip_blank_rows)
        return plain and self.header_case and (not self.header or self.header_rows == (1,))


def parse_schema(descriptor: Mapping[str, Any], where: str, package_profile: str | None = None) -> frictionless.Schema:
    """frictionless' Schema for a descriptor.

    `where` names the file in messages; `package_profile` is the package's `$schema`, which decides the version of the standard
    for schemas that name none. Raises ProjectError for whatever cannot be applied.
    """
    plain = copy.deepcopy(dict(descriptor))
    if package_profile and "$schema" not in plain and "/2." in package_profile:
        plain["$schema"] = SCHEMA_PROFILE
    if not any(home in str(plain.get("$schema", "")) for home in _HOMES):
        plain.pop("$schema", None)
    for item in plain.get("fields", ()):
        constraints = item.get("constraints") if isinstance(item, dict) else None
        for name in OWN_CONSTRAINTS:
            if isinstance(constraints, dict):
                constraints.pop(name, None)
    try:
        with known_types():
            schema = frictionless.Schema.from_descriptor(plain)
    except FrictionlessException as error:
        raise ProjectError(f"{where}: {_reasons(error)}", "Correct the Table Schema.") from error
    for field in schema.fields:
        _check_rules(field, where)
    return schema


@contextmanager
def known_types() -> Iterator[None]:
    """frictionless asks its plugins about the type of each field, and to find plugins it searches all of Python's path and imports readers
    of a dozen formats: a tenth of a small table's validation. The types of Table Schema are its own. Every other question is answered as
    ever."""
    known = vars(system)
    if "methods" in known:
        yield
        return
    known["methods"] = _Hooks(select_field_class={})
    try:
        yield
    finally:
        known.pop("methods", None)


class _Hooks(dict[str, Any]):
    """Hooks of frictionless' plugins, which are looked for when one is asked for that is not here."""

    def __missing__(self, hook: str) -> Any:
        vars(system).pop("methods", None)
        return system.methods[hook]


def own_constraints(descriptor: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The constraints we check beside frictionless, by field name."""
    found = {}
    for item in descriptor.get("fields", ()):
        constraints = item.get("constraints") or {}
        own = {name: constraints[name] for name in OWN_CONSTRAINTS if name in constraints}
        if own:
            found[str(item["name"])] = own
    return found


def parse_dialect(descriptor: Mapping[str, Any] | None, where: str, suffix: str = "csv") -> Dialect:
    """Our Dialect for a descriptor; properties of the `csv` control and of Table Dialect 2.0 alike.

    Raises ProjectError for what frictionless refuses and for what no CSV reader can do (a delimiter of two characters)."""
    plain = _without_nulls(copy.deepcopy(dict(descriptor or {})))
    plain.pop("$schema", None)
    try:
        parsed = frictionless.Dialect.from_descriptor(copy.deepcopy(plain))
    except FrictionlessException as error:
        raise ProjectError(f"{where}: {_reasons(error)}", "Correct the dialect.") from error
    csv = {**{name: plain[name] for name in _CSV_PROPERTIES if name in plain}, **_without_nulls(plain.get("csv") or {})}
    delimiter = csv.get("delimiter", "\t" if suffix == "tsv" else ",")
    quote = csv.get("quoteChar", '"')
    for name, value in (("delimiter", delimiter), ("quoteChar", quote), ("escapeChar", csv.get("escapeChar") or "x")):
        if len(value) > 1 or (name == "delimiter" and not value):
            raise ProjectError(f"{where}: {name} {value!r} is not one character", "Give exactly one character.")
    return Dialect(
        delimiter=delimiter,
        quote=quote,
        escape=csv.get("escapeChar") or None,
        double_quote=bool(csv.get("doubleQuote", True)) if csv.get("escapeChar") else True,
        skip_initial_space=bool(csv.get("skipInitialSpace", False)),
        null_sequence=csv.get("nullSequence"),
        header=parsed.header,
        header_rows=tuple(parsed.header_rows),
        header_join=parsed.header_join,
        header_case=parsed.header_case,
        comment_char=parsed.comment_char or "",
        comment_rows=frozenset(parsed.comment_rows),
        skip_blank_rows=parsed.skip_blank_rows,
    )


def _without_nulls(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    """Null is as good as absent."""
    return {name: value for name, value in descriptor.items() if value is not None}


def sql_type(field: Mapping[str, Any]) -> str:
    """The DuckDB type of a field in typed views. `field` is its descriptor; types without a counterpart stay text."""
    return _SQL_TYPES.get(str(field.get("type", "string")), "VARCHAR")


def typed_expression(field: Mapping[str, Any], column: str) -> str:
    """The typed value of canonical text, as SQL. `column` is SQL for the text."""
    kind = sql_type(field)
    return column if kind == "VARCHAR" else f"CAST({column} AS {kind})"


def _check_rules(field: Any, where: str) -> None:
    """Raise ProjectError for a constraint that frictionless would only trip over at the first cell, or never fulfil."""
    read = field.create_value_reader()
    for name, value in field.constraints.items():
        at = f"{where}: field {field.name!r}, constraint {name} {value!r:.200}"
        if name in BOUNDS and read(copy.deepcopy(value)) is None:
            raise ProjectError(
                f"{at} is not a value of type {field.type}", "Write the bound as a cell would be written."
            )
        if name == "enum" and any(read(copy.deepcopy(item)) is None for item in value):
            raise ProjectError(f"{at} holds a value that is not of type {field.type}", "Correct the list.")
        if name == "pattern":
            try:
                with warnings.catch_warnings():
                    # of signs that may mean something else one day
                    warnings.simplefilter("ignore")
                    re.compile(f"^{value}$")
            except (re.error, RecursionError, OverflowError) as error:
                raise ProjectError(f"{at} is not a regular expression: {error}", "Correct the pattern.") from error


def _reasons(error: FrictionlessException) -> str:
    """frictionless' reasons in one line, without its repeated headings."""
    notes = [item.note for item in (error.reasons or [error.error])]
    return "; ".join(dict.fromkeys(notes))
