"""Findings made useful. In: a scan's samples. Out: the same with the line, the record's key, what was expected and what was near.

None of it changes which findings there are; it is done for samples only.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from publisher.engine import Engine
from publisher.findings import Finding
from publisher.load import Plain
from publisher.validate.exact import Reader
from publisher.validate.scan import Scan, stream

SHOWN = 12
"""Allowed values that are listed."""
KNOWN = 2_000
"""Referenced keys among which the nearest is looked for; with more, none is named."""
NEAREST = 50
"""Samples of each code for which the nearest value is looked for: as many as anybody reads."""

EXAMPLES: Mapping[str, str] = {
    "integer/default": "12",
    "number/default": "9.50",
    "date/default": "2025-03-01",
    "datetime/default": "2025-03-01T09:30:00Z",
    "time/default": "09:30:00",
    "year/default": "2025",
    "yearmonth/default": "2025-03",
    "duration/default": "P1Y6M",
    "geopoint/default": "6.12, 49.61",
    "string/email": "office@example.org",
    "string/uri": "https://example.org/page",
    "string/uuid": "123e4567-e89b-12d3-a456-426614174000",
    "object/default": '{"name": "value"}',
    "array/default": '["a", "b"]',
}
"""A cell of each type, as an example of what was expected."""

_SIGNS = {"minimum": "≥ {}", "maximum": "≤ {}", "exclusiveMinimum": "> {}", "exclusiveMaximum": "< {}"}
_LENGTHS = {"minLength": "≥ {}", "maxLength": "≤ {}", "pattern": "{}"}


def explain(engine: Engine, scan: Scan, scans: Mapping[str, Scan]) -> None:
    """Complete the samples of a scan."""
    known: dict[str, Sequence[str]] = {}
    fields = dict(enumerate(scan.fields, start=1))
    lines = dict(
        lines_of(engine, scan, sorted({item.row for item in scan.found.kept if item.row and item.line is None}))
    )
    readers: dict[str, Reader] = {}
    seen: Counter[str] = Counter()
    completed = []
    for finding in scan.found.kept:
        field = fields.get(finding.field or 0)
        seen[finding.type] += 1
        if seen[finding.type] > NEAREST:
            pass
        elif finding.type == "foreign-key":
            near = _nearest(finding.cell or "", _referenced(engine, scan, scans, finding.name, known))
            finding = finding._replace(nearest=near)
        elif field is not None and finding.type in ("type-error", "constraint-error"):
            if field.name not in readers:
                readers[field.name] = Reader(field, scan.source.dialect, {})
            expected, near = _expectation(field, finding, readers[field.name])
            finding = finding._replace(expected=expected, nearest=near)
        line = lines.get(finding.row or 0) if finding.line is None else finding.line
        completed.append(_locate(finding, line, scan.source.plain))
    scan.found.kept = completed


def _locate(finding: Finding, line: int | None, plain: Plain | None) -> Finding:
    """The finding with file and line as people know them: of the part it is in, and no line where the file was converted. `line` is that
    of the files one after the other."""
    if plain is not None and plain.converted:
        line = None
    if plain is not None and line is not None:
        for part in reversed(plain.parts):
            if part.line <= line:
                return finding._replace(path=str(part.path), line=line - part.line + 1 + part.left_out)
    return finding if finding.line == line else finding._replace(line=line)


def _expectation(field: Any, finding: Finding, reader: Reader) -> tuple[str, str]:
    """What a cell should have been, and the nearest text that it could have been."""
    cell = finding.cell or ""
    if finding.type == "type-error":
        if field.type == "boolean":
            allowed = [*field.true_values, *field.false_values]
            return ", ".join(allowed[:SHOWN]), _nearest(cell, allowed)
        return EXAMPLES.get(finding.rule, ""), _tidied(field, cell, reader)
    limit = field.constraints.get(finding.rule)
    if finding.rule == "enum":
        allowed = [str(item) for item in limit]
        return ", ".join(allowed[:SHOWN]) + (", …" if len(allowed) > SHOWN else ""), _nearest(cell, allowed)
    return {**_SIGNS, **_LENGTHS}.get(finding.rule, "").format(limit), ""


def _nearest(cell: str, allowed: Sequence[str]) -> str:
    """The allowed text that a person most likely meant; case, blanks and composed letters aside."""
    folded = {_fold(item): item for item in reversed(allowed)}
    near = difflib.get_close_matches(_fold(cell), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else ""


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _tidied(field: Any, cell: str, reader: Reader) -> str:
    """The cell in the form that the type asks for, where only its form is wrong."""
    digits = "".join(str(unicodedata.digit(letter, letter)) for letter in cell.strip())
    if field.type == "date" and (parts := re.fullmatch(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})", digits)):
        digits = f"{parts[1]}-{int(parts[2]):02d}-{int(parts[3]):02d}"
    elif field.type in ("integer", "number", "year"):
        digits = re.sub(r"[\s\u00a0\u202f']", "", digits)
        if re.fullmatch(r"-?\d+\.0+", digits) and field.type == "integer":
            digits = digits.split(".")[0]
    elif field.type == "string":
        digits = cell.strip()
    verdict = reader.verdict(digits)
    return digits if digits != cell and verdict.key is not None and not verdict.problems else ""


def _referenced(
    engine: Engine, scan: Scan, scans: Mapping[str, Scan], name: str, known: dict[str, Sequence[str]]
) -> Sequence[str]:
    """The keys that a foreign key of one field could have named."""
    if name not in known:
        known[name] = []
        for key in scan.source.schema.foreign_keys:
            target = scans.get(key["reference"]["resource"], scan)
            column = target.key_column(key["reference"]["fields"][0])
            if key["fields"] == [name] and column and target.keys:
                sql = f"SELECT DISTINCT {column} FROM {target.keys} WHERE {column} IS NOT NULL LIMIT {KNOWN + 1}"
                texts = [row[0] for row in engine.rows(sql)]
                known[name] = sorted(texts) if len(texts) <= KNOWN else []
    return known[name]


def lines_of(engine: Engine, scan: Scan, wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(record, physical line) of records, from the line ends inside the cells before them. `wanted` is sorted."""
    records = scan.records
    if not wanted or records is None or scan.source.plain is None:
        return
    if records.counted:
        rows = ", ".join(map(str, wanted))
        yield from engine.rows(f"SELECT row, line FROM {scan.narrow} WHERE row IN ({rows})")
        return
    left = list(reversed(wanted))
    shift = 0
    for row, breaks in stream(engine, f"SELECT row, breaks FROM {scan.marked} WHERE breaks > 0 ORDER BY row"):
        while left and left[-1] <= row:
            found = left.pop()
            yield found, found + shift
        shift += breaks
    yield from ((row, row + shift) for row in left)
