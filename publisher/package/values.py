"""How canonical text is written in each format. In: a field's descriptor, SQL of its canonical text. Out: SQL of the written value.

The formats are written by SQL of our own and not by DuckDB's writers, because a release's identity hangs on these bytes: another
DuckDB may quote otherwise. Measured, both are equally fast (tests/bench/publishing.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from publisher.engine import literal
from publisher.model import Descriptor

BARE = frozenset({"integer", "number", "boolean"})
"""Types whose canonical text is a JSON value as it stands; a number keeps its digits."""
DOCUMENTS = frozenset({"object", "array", "geojson"})
"""Types whose canonical text is a JSON document."""
CLEAN = BARE | {"date", "datetime", "time", "year", "yearmonth", "duration"}
"""Types whose canonical text never holds a character that CSV quotes."""

_OFFSET = "(Z|[+-][0-9]{2}:[0-9]{2})$"


@dataclass(frozen=True, slots=True)
class Extent:
    """What the values of one column take, as far as Parquet must know.

    `whole` and `fraction` are the most digits before and after the point, `plain` says that all are plain decimals and
    `finite` that all fit a DOUBLE; `zoned` and `naive` count datetimes with and without an offset."""

    whole: int = 0
    fraction: int = 0
    plain: bool = True
    finite: bool = True
    zoned: int = 0
    naive: int = 0


def kind(field: Descriptor) -> str:
    """The field's type; a field without one is `any` (Table Schema 2.0)."""
    return str(field.get("type") or "any")


def csv_text(text: str) -> str:
    """A cell of CSV: quoted where it holds a comma, a quote or a line end (RFC 4180), and where it begins with a byte order
    mark, which readers would swallow at the start of the file."""
    if text.startswith("\ufeff") or any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_cell(field: Descriptor, column: str, missing: str, *, alone: bool) -> str:
    """SQL of a CSV cell, never NULL. `missing` is the text that stands for a missing value.

    A cell of a table of one column (`alone`) is never empty, since readers skip blank lines: it is written as `""`. So is
    empty text in a column where it does not mean missing.
    """
    absent = literal('""' if alone and not missing else csv_text(missing))
    if kind(field) in CLEAN:
        return f"coalesce({column}, {absent})"
    quoted = f"""'"' || replace({column}, '"', '""') || '"'"""
    special = " OR ".join(f"contains({column}, {sign})" for sign in ("','", "'\"'", "chr(10)", "chr(13)"))
    return f"CASE WHEN {column} IS NULL THEN {absent} WHEN {special} OR {column} = '' THEN {quoted} ELSE {column} END"


def json_value(field: Descriptor, column: str) -> str:
    """SQL of a JSON value on one line, never NULL. Numbers keep their digits; what is no JSON document becomes text."""
    text = f"CAST(to_json({column}) AS VARCHAR)"
    if kind(field) in BARE:
        return f"coalesce({column}, 'null')"
    if kind(field) == "year":
        return f"coalesce(CAST(CAST({column} AS INTEGER) AS VARCHAR), 'null')"
    if kind(field) in DOCUMENTS:
        flat = f"replace(replace({column}, chr(10), ' '), chr(13), ' ')"
        return f"CASE WHEN {column} IS NULL THEN 'null' WHEN json_valid({column}) THEN {flat} ELSE {text} END"
    return f"coalesce({text}, 'null')"


def extent_columns(field: Descriptor, column: str) -> list[str]:
    """SQL aggregates that give the six values of an Extent; an empty list where the type alone decides."""
    digits = f"length({column}) - CAST(starts_with({column}, '-') AS INTEGER)"
    if kind(field) == "integer":
        return [f"coalesce(max({digits}), 0)", "0", "TRUE", "TRUE", "0", "0"]
    if kind(field) == "number":
        behind = f"CASE WHEN contains({column}, '.') THEN length({column}) - strpos({column}, '.') END"
        return [
            f"coalesce(max({digits} - coalesce({behind} + 1, 0)), 0)",
            f"coalesce(max({behind}), 0)",
            f"count_if(contains({column}, 'E') OR contains({column}, 'e')) = 0",
            f"count_if({column} IS NOT NULL AND NOT coalesce(isfinite(TRY_CAST({column} AS DOUBLE)), FALSE)) = 0",
            "0",
            "0",
        ]
    if kind(field) in {"datetime", "time"}:
        zoned = f"regexp_matches({column}, {literal(_OFFSET)})"
        return ["0", "0", "TRUE", "TRUE", f"count_if({zoned})", f"count_if(NOT {zoned})"]
    return []


def parquet_type(field: Descriptor, extent: Extent, *, steady: bool = False) -> str:
    """The DuckDB type that a column has in Parquet: exact where the values fit an exact type, text where nothing typed holds them.

    Numbers are DECIMAL(18, s) or DECIMAL(38, s), s being the most digits after a point; beyond that DOUBLE. Integers beyond 64
    bits are DECIMAL(38, 0), beyond 38 digits text. Datetimes are TIMESTAMP, in UTC with offsets, text where both kinds are mixed.
    `steady` types do not follow the digits of numbers, so that many files of one table have the same: these are DOUBLE.
    """
    match kind(field):
        case "integer":
            return "BIGINT" if extent.whole <= 18 else "DECIMAL(38, 0)" if extent.whole <= 38 else "VARCHAR"
        case "number":
            digits = extent.whole + extent.fraction
            if extent.plain and digits <= 38 and not steady:
                return f"DECIMAL({18 if digits <= 18 else 38}, {extent.fraction})"
            return "DOUBLE" if extent.finite else "VARCHAR"
        case "datetime":
            return "TIMESTAMP" if not extent.zoned else "TIMESTAMP WITH TIME ZONE" if not extent.naive else "VARCHAR"
        case "time":
            return "VARCHAR" if extent.zoned else "TIME"
        case "boolean" | "date" as plain:
            return plain.upper()
        case "year":
            return "INTEGER"
    return "VARCHAR"
