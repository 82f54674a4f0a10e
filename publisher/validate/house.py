"""Checks beyond frictionless. In: a scan, the resource's `publisher` settings. Out: findings with codes of our own.

Each check has a code and a switch: `publisher: {checks: {personal-data: false}}` on a resource turns one off. Cells are read once
more from the source, in one pass for all checks of a table; whatever SQL suspects, Python judges.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from publisher.engine import Engine
from publisher.errors import ProjectError
from publisher.findings import HOUSE, Finding
from publisher.validate.accept import full_match
from publisher.validate.keys import check_unique_keys
from publisher.validate.scan import Scan, stream

BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
INVISIBLE = re.compile("^\\s|\\s$|[\u00a0\u00ad\u180e\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]")
"""Blanks that nobody sees: at either end, or of another kind than the space. (ZWJ and ZWNJ are letters in some scripts; see JOINERS.)"""
JOINERS = "\u200c\u200d"
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
PHONE = re.compile(r"(?<![\w.-])(?:\+|00)[1-9]\d{0,2}[ ./-]?(?:\(?\d{1,4}\)?[ ./-]?){2,5}\d{2,4}(?![\w.-])")
NUMBERS = frozenset({"integer", "number", "year", "date", "datetime", "time", "yearmonth"})

Judge = Callable[[Any, str], bool]


def _personal(field: Any, cell: str) -> bool:
    return field.type in ("string", "any") and field.format != "email" and bool(MAIL.search(cell) or PHONE.search(cell))


def _foreign_digits(field: Any, cell: str) -> bool:
    return field.type in NUMBERS and any(letter.isdigit() and not letter.isascii() for letter in cell)


def _invisible(_field: Any, cell: str) -> bool:
    found = INVISIBLE.search(cell)
    return bool(found and found[0] not in JOINERS)


JUDGES: Mapping[str, Judge] = {
    "bidi-control": lambda _field, cell: bool(BIDI.search(cell)),
    "invisible-space": _invisible,
    "not-nfc": lambda _field, cell: not unicodedata.is_normalized("NFC", cell),
    "foreign-digits": _foreign_digits,
    "personal-data": _personal,
}
"""Checks of single cells."""

SUSPECT = r"[ -?A-~]*[!-?A-~]"
"""Printable ASCII that begins and ends without a blank: of interest to no judge but that of personal data."""


def check_table(engine: Engine, scan: Scan, settings: Mapping[str, Any]) -> None:
    """Add the findings of every house check that is on. Raises ProjectError for a switch that does not exist."""
    switches = settings.get("checks") or {}
    unknown = [name for name in switches if name not in HOUSE]
    if unknown:
        raise ProjectError(f"{scan.source.path}: there is no check {unknown[0]!r}", f"Checks are: {', '.join(HOUSE)}.")
    if scan.records is None:
        return
    on = {name for name in HOUSE if switches.get(name, True)}
    if "unique-key" in on:
        check_unique_keys(engine, scan)
    if "empty-table" in on and not scan.rows:
        scan.found.add(Finding("empty-table", note="the table has a header and no records"))
    _check_cells(engine, scan, on)
    if "near-duplicate" in on:
        _check_near_duplicates(engine, scan)


def _check_cells(engine: Engine, scan: Scan, on: set[str]) -> None:
    judges = {code: judge for code, judge in JUDGES.items() if code in on}
    categories = _categories(scan) if "category" in on else {}
    for row, number, cell in _suspects(engine, scan, categories):
        field = scan.fields[number - 1]
        for code, judge in judges.items():
            if judge(field, cell):
                scan.found.add(Finding(code, row=row, field=number, name=field.name, cell=cell, note=_name(cell, code)))
        allowed = categories.get(number)
        if allowed is not None and cell not in allowed:
            listed = ", ".join(sorted(allowed))
            scan.found.add(Finding("category", row=row, field=number, name=field.name, cell=cell, expected=listed))


def _suspects(engine: Engine, scan: Scan, categories: Mapping[int, frozenset[str]]) -> Iterator[tuple[int, int, str]]:
    """(record, field, cell) for cells that a judge might object to; missing cells are none."""
    records = scan.records
    assert records is not None
    tests = []
    for number, field in enumerate(scan.fields, start=1):
        text = f"c{number}"
        test = f"{text} <> '' AND NOT {full_match(SUSPECT, text)}"
        if field.type in ("string", "any"):
            test = f"({test} OR regexp_matches({text}, '@|[+0][0-9].*[0-9]{{4}}'))"
        if number in categories:
            test = f"({text} <> '')"
        tests.append(f"CASE WHEN {test} THEN {text} END")
    if not tests:
        return
    row = "row" if records.counted else f"row_number() OVER () + {records.first_row - 1} AS row"
    cells = f"SELECT {row}, [{', '.join(tests)}] AS cells FROM {records.sql}"
    held = "len(list_filter(cells, lambda cell: cell IS NOT NULL)) > 0"
    for number, found in stream(engine, f"SELECT * FROM ({cells}) WHERE {held}"):
        yield from ((number, at, cell) for at, cell in enumerate(found, start=1) if cell is not None)


def _categories(scan: Scan) -> dict[int, frozenset[str]]:
    """Allowed values by field number, of fields that declare categories and no enum (frictionless judges that one)."""
    allowed = {}
    for number, field in enumerate(scan.fields, start=1):
        items = field.custom.get("categories") if "enum" not in field.constraints else None
        if items:
            values = {str(item["value"] if isinstance(item, Mapping) else item) for item in items}
            allowed[number] = frozenset(values | set(field.missing_values))
    return allowed


def _check_near_duplicates(engine: Engine, scan: Scan) -> None:
    """Values under `unique`, or keys, that differ only by case, blanks or the composition of letters."""
    for number, field in enumerate(scan.fields, start=1):
        alone = [field.name] == list(scan.source.schema.primary_key) or bool(field.constraints.get("unique"))
        if field.type not in ("string", "any") or not alone or not scan.source.needs_key(field.name):
            continue
        folded = f"nfc_normalize(lower(trim(k{number})))"
        sql = (
            f"SELECT row, other, cell, near FROM (SELECT row, k{number} AS cell, lag(row) OVER pair AS other,"
            f" lag(k{number}) OVER pair AS near FROM {scan.keys} WHERE {folded} IN (SELECT {folded} FROM {scan.keys}"
            f" GROUP BY ALL HAVING count(DISTINCT k{number}) > 1) WINDOW pair AS (PARTITION BY {folded} ORDER BY row))"
            " WHERE near IS NOT NULL AND near <> cell ORDER BY row"
        )
        for row, other, cell, near in list(stream(engine, sql)):
            note = f"differs from record {other} only by case, blanks or composed letters"
            scan.found.add(
                Finding(
                    "near-duplicate", note, row=row, field=number, name=field.name, cell=cell, nearest=near, other=other
                )
            )


def _name(cell: str, code: str) -> str:
    """The character that a finding is about, by its Unicode name."""
    pattern = {"bidi-control": BIDI, "invisible-space": INVISIBLE}.get(code)
    found = pattern.search(cell) if pattern else None
    return unicodedata.name(found[0], f"U+{ord(found[0]):04X}") if found else ""
