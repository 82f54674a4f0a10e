"""A Report as a document. In: a Report, a language. Out: text for people, JSON, SARIF, GitHub annotations or Markdown, as one string.

    write_report(report, "text", language="ar")

Every sentence about a finding comes from WHAT and FIX below, translated in locale/<language>/findings.po.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from publisher.canonical import readable_json
from publisher.errors import UsageError
from publisher.findings import Finding, Report, Task
from publisher.messages import Messages, read_messages

WHAT: Mapping[str, str] = {
    "type-error": "{cell} is not a value of type {rule}",
    "type-error/integer": "{cell} is not a whole number",
    "type-error/number": "{cell} is not a number",
    "type-error/boolean": "{cell} is none of the words for true and false",
    "type-error/date": "{cell} is not a date",
    "type-error/datetime": "{cell} is not a date with a time",
    "type-error/time": "{cell} is not a time of day",
    "type-error/year": "{cell} is not a year",
    "type-error/yearmonth": "{cell} is not a year with a month",
    "type-error/duration": "{cell} is not a duration",
    "type-error/geopoint": "{cell} is not a longitude with a latitude",
    "type-error/string/email": "{cell} is not an e-mail address",
    "type-error/string/uri": "{cell} is not a web address",
    "constraint-error": "{cell} breaks the rule {rule}",
    "constraint-error/required": "this cell must not be empty",
    "constraint-error/enum": "{cell} is not one of the allowed values",
    "constraint-error/unique": "{cell} may stand only once",
    "constraint-error/pattern": "{cell} does not have the form that is asked for",
    "constraint-error/minimum": "{cell} is too small",
    "constraint-error/exclusiveMinimum": "{cell} is too small",
    "constraint-error/maximum": "{cell} is too large",
    "constraint-error/exclusiveMaximum": "{cell} is too large",
    "constraint-error/minLength": "{cell} is too short",
    "constraint-error/maxLength": "{cell} is too long",
    "unique-error": "{cell} stands in record {other} already",
    "primary-key": "the key {key} stands in record {other} already",
    "primary-key/empty": "the key is empty",
    "foreign-key": "{cell} is not in the table {rule}, to which the column {name} refers",
    "missing-cell": "the record ends before the column {name}",
    "extra-cell": "the record has a cell more than there are columns: {cell}",
    "blank-row": "the record is empty",
    "missing-label": "the column {name} is missing in the header",
    "extra-label": "the header has a column that the schema does not have: {cell}",
    "incorrect-label": "the column is called {cell}, the schema says {name}",
    "duplicate-label": "the header has two columns called {cell}",
    "blank-label": "the header has a column without a name",
    "blank-header": "the header is empty",
    "unmatched-header": "the header has none of the columns of the schema",
    "source-error": "the file cannot be read as a table: {note}",
    "encoding-error": "the file is not in the encoding that is declared: {note}",
    "compression-error": "the file cannot be unpacked: {note}",
    "bidi-control": "{cell} holds an invisible character that changes the direction of writing",
    "invisible-space": "{cell} holds a blank that nobody sees",
    "not-nfc": "{cell} is written with letters that are composed otherwise (not Unicode NFC)",
    "near-duplicate": "{cell} differs from {nearest} only by case, blanks or composed letters",
    "foreign-digits": "{cell} is written with digits other than 0 to 9",
    "empty-table": "the table has no records",
    "category": "{cell} is not one of the categories",
    "unique-key": "the key {key} stands in record {other} already",
    "personal-data": "{cell} looks like an e-mail address or a telephone number",
    "check": "{note}",
}
"""What is wrong, by code and, where one sentence does not fit all, by constraint, or by type and format."""

FIX: Mapping[str, str] = {
    "type-error": "Write the value as the example shows.",
    "constraint-error": "Correct the cell, or the rule in the schema if the value is right.",
    "constraint-error/required": "Fill in the cell.",
    "constraint-error/enum": "Choose an allowed value, letter by letter.",
    "unique-error": "Correct one of the two records, or delete the one that is there twice.",
    "primary-key": "Give every record a key of its own.",
    "foreign-key": "Correct the key, or add the record that it refers to.",
    "missing-cell": "Add the missing cells; an empty one still needs its comma.",
    "extra-cell": "Remove the cell, or put a value that holds a comma between quotation marks.",
    "blank-row": "Delete the empty line.",
    "label": "Make the header of the file equal to the fields of the schema, in their order.",
    "file": "Save the file as CSV, UTF-8.",
    "invisible-space": "Type the value again.",
    "bidi-control": "Type the value again.",
    "not-nfc": "Type the value again, or save the file normalised to NFC.",
    "near-duplicate": "Write both the same, or make them truly different.",
    "foreign-digits": "Write numbers and dates with the digits 0 to 9.",
    "empty-table": "Add records, or take the table out of the package.",
    "category": "Choose one of the categories, or add it to the schema.",
    "unique-key": "Correct one of the two records.",
    "personal-data": "Remove it, declare the column private, or allow it by name in the schema.",
    "check": "Correct the records that the check names.",
}
"""How to mend it, found like WHAT; codes of labels and files share one."""

_SHARED = {"source-error": "file", "encoding-error": "file", "compression-error": "file"}
_SHOWN = 60


def sentence(finding: Finding, messages: Messages) -> str:
    """What is wrong, in one clause."""
    values = {
        "cell": f"“{_short(finding.cell or '')}”",
        "rule": finding.rule,
        "name": finding.name,
        "other": finding.other,
        "note": finding.note,
        "nearest": finding.nearest,
        "key": f"“{_short(', '.join(text for _, text in finding.key))}”",
    }
    rules = (finding.rule, finding.rule.partition("/")[0])
    text = next(filter(None, (WHAT.get(f"{finding.type}/{rule}") for rule in rules)), None) or WHAT.get(finding.type)
    return messages(text, **values) if text else finding.note or finding.type


def remedy(finding: Finding, messages: Messages) -> str:
    """How to mend it, in one sentence; empty where nobody knows."""
    code = _SHARED.get(finding.type, "label" if finding.type.endswith("-label") else finding.type)
    text = FIX.get(f"{finding.type}/{finding.rule}") or FIX.get(code)
    return messages(text) if text else ""


def place(finding: Finding, messages: Messages) -> str:
    """Where it is: record, line and column, as far as they are known; a rule between tables knows a record by its key."""
    parts = []
    if finding.row is not None:
        parts.append(messages("record {n}", n=finding.row))
    if finding.line is not None:
        parts.append(messages("line {n}", n=finding.line))
    if finding.field is not None:
        text = "column {n} ({name})" if finding.name else "column {n}"
        parts.append(messages(text, n=finding.field, name=finding.name))
    if not parts and finding.key:
        parts.append(messages("record {n}", n=", ".join(text for _, text in finding.key)))
    return messages(", ").join(parts) or messages("whole table")


def expectation(finding: Finding, messages: Messages) -> str:
    """What would have been right, as far as it is known."""
    if not finding.expected:
        return ""
    example = finding.type == "type-error" and "boolean" not in finding.rule
    text = "for example: {value}" if example else "expected: {value}"
    return messages(text, value=finding.expected)


def write_report(report: Report, form: str, *, language: str = "en") -> str:
    """The report in a form: text, json, sarif, github or markdown. Raises UsageError for another."""
    if form not in FORMS:
        raise UsageError(f"there is no format {form!r}", f"Formats are: {', '.join(FORMS)}.")
    return FORMS[form](report, read_messages("findings", language))


def _text(report: Report, messages: Messages) -> str:
    lines = []
    for task in report.tasks:
        where = f"{task.name}, {task.path}" if task.errors and task.path else task.name
        lines.append(f"{where}: " + _verdict(task, messages))
        for finding in task.findings:
            lines += _text_lines(finding, task.path, messages)
        lines += _rest(task, messages)
    return "\n".join(lines) + "\n"


def _text_lines(finding: Finding, path: str, messages: Messages) -> Iterator[str]:
    part = f"{finding.path}: " if finding.path not in ("", path) else ""
    yield f"  {part}{place(finding, messages)}: {sentence(finding, messages)} [{finding.type}]"
    if finding.cells:
        at = (finding.field or 0) - 1
        shown = [f"»{_short(cell)}«" if number == at else _short(cell, 20) for number, cell in enumerate(finding.cells)]
        first = max(0, at - 3)
        yield (
            "    "
            + ("… | " if first else "")
            + " | ".join(shown[first : first + 7])
            + (" | …" if shown[first + 7 :] else "")
        )
    if finding.expected:
        yield "    " + expectation(finding, messages)
    if finding.nearest:
        yield "    " + messages("did you mean {value}?", value=finding.nearest)
    if fix := remedy(finding, messages):
        yield f"    {fix}"


def _verdict(task: Task, messages: Messages) -> str:
    if not task.errors:
        return messages("valid, {n} records", n=task.rows)
    counts = ", ".join(f"{code} {number}" for code, number in task.counts.items())
    return messages.count("{n} finding ({counts})", "{n} findings ({counts})", task.errors, counts=counts)


def _rest(task: Task, messages: Messages) -> list[str]:
    left = task.errors - len(task.findings)
    return ["  " + messages("and {n} more of the same kinds", n=left)] if left else []


def _json(report: Report, messages: Messages) -> str:
    document = report.to_dict()
    findings = iter(report.findings)
    for task in document["tasks"]:
        for error in task["errors"]:
            finding = next(findings)
            error["message"] = sentence(finding, messages)
            error["remedy"] = remedy(finding, messages)
    return readable_json(document).decode()


def _sarif(report: Report, messages: Messages) -> str:
    """SARIF 2.1.0 (OASIS), one result a finding."""
    rules = sorted(report.counts)
    results = [
        {
            "ruleId": finding.type,
            "ruleIndex": rules.index(finding.type),
            "level": "error",
            "message": {"text": explain(finding, messages)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": finding.path},
                        "region": {"startLine": max(finding.line or 1, 1)},
                    }
                }
            ],
        }
        for finding in report.findings
    ]
    driver = {"name": "publisher", "rules": [{"id": code} for code in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    document = {"$schema": schema, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _github(report: Report, messages: Messages) -> str:
    """Workflow commands of GitHub Actions, one a finding."""

    def escaped(text: str, more: str = "") -> str:
        for letter in "%\r\n" + more:
            text = text.replace(letter, f"%{ord(letter):02X}")
        return text

    return "".join(
        f"::error file={escaped(finding.path, ':,')},line={finding.line or 1},title={finding.type}::"
        f"{escaped(explain(finding, messages))}\n"
        for finding in report.findings
    )


def _markdown(report: Report, messages: Messages) -> str:
    def cell(text: str) -> str:
        return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("\r", " ")

    lines: list[str] = []
    for task in report.tasks:
        lines += [f"### {task.name}", "", _verdict(task, messages), ""]
        if task.findings:
            heads = [messages(text) for text in ("where", "what is wrong", "expected", "how to mend it")]
            lines += [f"| {' | '.join(heads)} |", "|---|---|---|---|"]
            for finding in task.findings:
                hint = expectation(finding, messages)
                if finding.nearest:
                    hint = "; ".join(filter(None, [hint, messages("did you mean {value}?", value=finding.nearest)]))
                items = (place(finding, messages), sentence(finding, messages), hint, remedy(finding, messages))
                lines.append(f"| {' | '.join(map(cell, items))} |")
            lines += ["", *(line.strip() for line in _rest(task, messages)), ""]
    return "\n".join(lines).rstrip() + "\n"


FORMS: Mapping[str, Callable[[Report, Messages], str]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
    "markdown": _markdown,
}


def explain(finding: Finding, messages: Messages) -> str:
    """Place, fault, expectation and remedy in one paragraph."""
    parts = [f"{place(finding, messages)}: {sentence(finding, messages)}", expectation(finding, messages)]
    parts.append(messages("did you mean {value}?", value=finding.nearest) if finding.nearest else "")
    said = "; ".join(filter(None, parts))
    return f"{said}{'' if finding.nearest else '.'} {remedy(finding, messages)}".rstrip()


def _short(text: str, length: int = _SHOWN) -> str:
    """The text on one line, cut where it is long."""
    line = text.replace("\r", "␍").replace("\n", "␊")
    return line if len(line) <= length else line[: length - 1] + "…"
