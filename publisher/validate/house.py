"""Checks beyond frictionless. In: a scan, the resource's `publisher` settings. Out: findings with codes of our own.

Each check has a code and a switch: `publisher: {checks: {personal-data: false}}` on a resource turns one off. What SQL
suspects while a table is read (lanes.py), Python judges afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from publisher.engine import Engine, literal
from publisher.errors import ProjectError
from publisher.findings import HOUSE, Finding
from publisher.privacy import allowed_in, kinds_of, settings_of
from publisher.validate.keys import check_unique_keys
from publisher.validate.scan import Scan, stream

BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
INVISIBLE = re.compile("^\\s|\\s$|[\u00a0\u00ad\u180e\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]")
"""Blanks that nobody sees: at either end, or of another kind than the space. (ZWJ and ZWNJ are letters in some scripts; see JOINERS.)"""
JOINERS = "\u200c\u200d"
PERSONAL = frozenset({"email", "phone"})
LEFT_TO_GATES = frozenset({"personal-data"})
"""Checks that a publication makes over all that it would publish, results of queries included, and which may be passed by name."""
NUMBERS = frozenset({"integer", "number", "year", "date", "datetime", "time", "yearmonth"})

Judge = Callable[[Any, str], bool]


def _may_be_personal(field: Any) -> bool:
    private = settings_of(field.custom).get("private")
    return field.type in ("string", "any") and field.format != "email" and not private


def _personal(field: Any, cell: str) -> bool:
    return _may_be_personal(field) and bool(kinds_of(cell, PERSONAL - allowed_in(settings_of(field.custom))))


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

UNSEEN = "[\u0085\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f\u2060\u2066-\u2069\u3000\ufeff]"
"""Every character that BIDI, or INVISIBLE where a cell ends, may find."""
SUSPECT_NUMBER = r"(^|[^0-9A-Za-z_.-])(\+|[0٠۰]{2})[1-9١-٩۱-۹][\p{Nd} ./()-]{4}"
"""What every telephone number that is not announced by a word begins with, as RE2 can tell it."""


def switched_on(path: str, settings: Mapping[str, Any], without: Collection[str] = ()) -> frozenset[str]:
    """The house checks of a table that are on, those in `without` left out. Raises ProjectError for a switch that does not exist."""
    switches = settings.get("checks") or {}
    unknown = [name for name in switches if name not in HOUSE]
    if unknown:
        raise ProjectError(f"{path}: there is no check {unknown[0]!r}", f"Checks are: {', '.join(HOUSE)}.")
    return frozenset(name for name in HOUSE if switches.get(name, True)) - {*without}


def check_table(engine: Engine, scan: Scan) -> None:
    """Add the findings of every house check that is on."""
    on = scan.source.checks
    if scan.records is None and not scan.parts:
        return
    if "unique-key" in on:
        check_unique_keys(engine, scan)
    if "empty-table" in on and not scan.rows:
        scan.found.add(Finding("empty-table", note="the table has a header and no records"))
    if scan.records is not None:
        check_cells(engine, scan)
    elif scan.cells is not None:
        scan.found.join(scan.cells)
    if "near-duplicate" in on and scan.keys:
        _check_near_duplicates(engine, scan)


def check_cells(engine: Engine, scan: Scan) -> None:
    """Add the findings of the checks of single cells that are on."""
    judges = {code: judge for code, judge in JUDGES.items() if code in scan.source.checks}
    categories = _categories(scan)
    for row, number, cell in _suspects(engine, scan):
        field = scan.fields[number - 1]
        for code, judge in judges.items():
            if judge(field, cell):
                scan.found.add(Finding(code, row=row, field=number, name=field.name, cell=cell, note=_name(cell, code)))
        allowed = categories.get(number)
        if allowed is not None and cell not in allowed:
            listed = ", ".join(sorted(allowed))
            scan.found.add(Finding("category", row=row, field=number, name=field.name, cell=cell, expected=listed))


def _suspects(engine: Engine, scan: Scan) -> Iterator[tuple[int, int, str]]:
    """(record, field, cell) for cells that a judge might object to."""
    assert scan.records is not None
    if not scan.source.checks:
        return
    found = f"SELECT {scan.records.row}, suspects FROM {scan.narrow} WHERE suspects IS NOT NULL"
    for row, cells in stream(engine, found):
        yield from ((row, number, cell) for number, cell in enumerate(cells, start=1) if cell is not None)


def suspect_cells(scan: Scan) -> str:
    """SQL: a list of a record's cells c1 ... cn, NULL in place of those that no judge objects to; NULL where that is all of them. Missing
    cells are none."""
    categories = _categories(scan)
    tests = {}
    for number, field in enumerate(scan.fields, start=1):
        text = f"c{number}"
        test = "TRUE" if number in categories else suspect_signs(text, plain=field.type in NUMBERS)
        if "personal-data" in scan.source.checks and _may_be_personal(field):
            test += f" OR {suspect_person(text)}"
        tests[text] = f"({text} <> '' AND ({test}))"
    cells = ", ".join(f"CASE WHEN {test} THEN {text} END" for text, test in tests.items())
    return f"CASE WHEN {' OR '.join(tests.values())} THEN [{cells}] END" if tests else "NULL"


def suspect_signs(text: str, *, plain: bool) -> str:
    """SQL: a cell begins or ends with a blank, or holds what no eye can tell from something else; where `plain`, any character
    beyond ASCII."""
    signs = f"regexp_matches({text}, {literal(UNSEEN)}) OR nfc_normalize({text}) <> {text}"
    beyond = f"strlen({text}) <> length({text})" + ("" if plain else f" AND ({signs})")
    return f"{text} < '!' OR {text}[-1] < '!' OR ({beyond})"


def suspect_person(text: str) -> str:
    """SQL: a cell might hold an e-mail address, or a telephone number that no word announces (those the gates find)."""
    begins = " OR ".join(f"contains({text}, '{sign}')" for sign in ("+", "00", "٠٠", "۰۰"))
    number = f"({begins}) AND regexp_matches({text}, {literal(SUSPECT_NUMBER)})"
    return f"contains({text}, '@') OR ({number})"


def _categories(scan: Scan) -> dict[int, frozenset[str]]:
    """Allowed values by field number, of fields that declare categories and no enum (frictionless judges that one), where that check
    is on."""
    allowed: dict[int, frozenset[str]] = {}
    if "category" not in scan.source.checks:
        return allowed
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
        if _are_codes(engine, f"SELECT k{number} AS cell FROM {scan.keys}"):
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


def _are_codes(engine: Engine, cells: str) -> bool:
    """Whether cells are ASCII without blanks around it, in one case: those that differ then differ by more than case and blanks."""
    odd, lower, upper = engine.rows(
        "SELECT count_if(strlen(cell) <> length(cell) OR trim(cell) <> cell), count_if(lower(cell) <> cell),"
        f" count_if(upper(cell) <> cell) FROM ({cells})"
    )[0]
    return not (odd or (lower and upper))


def _name(cell: str, code: str) -> str:
    """The character that a finding is about, by its Unicode name."""
    pattern = {"bidi-control": BIDI, "invisible-space": INVISIBLE}.get(code)
    found = pattern.search(cell) if pattern else None
    return unicodedata.name(found[0], f"U+{ord(found[0]):04X}") if found else ""
