"""LibreOffice opens every CSV and every workbook of the Alliance: the same rows, every value that of the canonical CSV, Arabic intact."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest

from publisher import layout
from publisher.package.metadata import FieldInfo, PackageInfo, TableInfo
from publisher.package.published import read_release
from tests.site.world import LANGUAGES, PACKAGE, World
from tests.tools import require

VERSION = "1.0.0"
PLAIN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"
"""Comma, quote, UTF-8, from the first line, as shown: https://help.libreoffice.org, Filter Options for CSV."""
EVERY_SHEET = f"{PLAIN},false,false,-1"

Rows = list[list[str]]


@pytest.fixture(scope="module")
def release(world: World) -> Path:
    return world.root / layout.release_folder(PACKAGE, VERSION)


@pytest.fixture(scope="module")
def info(world: World, tmp_path_factory: pytest.TempPathFactory) -> PackageInfo:
    return read_release(world.store, PACKAGE, VERSION, tmp_path_factory.mktemp("info")).info


@pytest.fixture(scope="module")
def opened(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Rows]:
    """Every sheet that LibreOffice found, by the name of its file, a workbook's with the sheet's name behind it."""
    office = shutil.which("soffice")
    require(office, "no LibreOffice: apt-get install libreoffice-calc")
    assert office is not None
    folder = tmp_path_factory.mktemp("office")
    begin = [office, f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    into = ["--outdir", str(folder / "out")]
    tables = sorted(str(path) for path in release.glob("*.csv") if not path.name.endswith(".hxl.csv"))
    books = sorted(str(path) for path in release.glob("*.xlsx"))
    for more in (
        ["--infilter=CSV:44,34,76,1", "--convert-to", PLAIN, *into, *tables],
        ["--convert-to", EVERY_SHEET, *into, *books],
    ):
        done = subprocess.run([*begin, *more], capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
    return {path.name.removesuffix(".csv"): read(path) for path in (folder / "out").iterdir()}


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def same(found: str, wanted: str) -> bool:
    """Whether a cell says the same: 008 may be 8 in a CSV, true may be TRUE."""
    if found == wanted or found.casefold() == wanted.casefold():
        return True
    try:
        return float(found) == float(wanted)
    except ValueError:
        return False


def guarded(value: str) -> str:
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def said(field: FieldInfo, value: str, language: str) -> str:
    """A value as the CSV for Excel writes it."""
    if field.type in {"integer", "number", "date", "boolean"} or not value:
        return value
    return guarded(field.label(value, language))


def differing(found: Rows, wanted: Rows) -> list[tuple[str, str]]:
    assert len(found) == len(wanted)
    return [
        (one, other)
        for got, expected in zip(found, wanted, strict=True)
        for one, other in zip(got, expected, strict=True)
        if not same(one, other)
    ]


def canonical(release: Path, table: TableInfo) -> Rows:
    return read(release / layout.table_file(table.name, "csv"))


def test_every_canonical_csv(opened: Mapping[str, Rows], release: Path, info: PackageInfo) -> None:
    for table in info.tables:
        assert differing(opened[table.name], canonical(release, table)) == [], table.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_csv_for_excel(opened: Mapping[str, Rows], release: Path, info: PackageInfo, language: str) -> None:
    for table in info.tables:
        found = opened[layout.excel_file(table.name, language).removesuffix(".csv")]
        heads = [guarded(field.title(language)) for field in table.fields]
        rows = [
            [said(field, value, language) for field, value in zip(table.fields, row, strict=True)]
            for row in canonical(release, table)[1:]
        ]
        assert differing(found, [heads, *rows]) == [], table.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_workbook(opened: Mapping[str, Rows], release: Path, info: PackageInfo, language: str) -> None:
    name = layout.workbook_file(PACKAGE, "" if language == "en" else language)
    book = openpyxl.load_workbook(release / name)
    assert all(bool(sheet.sheet_view.rightToLeft) is (language == "ar") for sheet in book)
    for sheet, table in zip(book.sheetnames, info.tables, strict=False):
        found = opened[f"{name.removesuffix('.xlsx')}-{sheet}"]
        heads = [field.title(language) for field in table.fields]
        assert differing(found, [heads, *canonical(release, table)[1:]]) == [], sheet
        types = {"integer": "n", "boolean": "b", "date": "d"}
        for field, cell in zip(table.fields, book[sheet][2], strict=True):
            assert cell.value is None or cell.data_type == types.get(field.type, "s"), f"{sheet}: {field.name}"
    assert len(book.sheetnames) == len(info.tables) + 3


def test_workbooks_keep_what_a_csv_loses(opened: Mapping[str, Rows]) -> None:
    assert opened["members"][1][2] == "8"
    assert opened[f"{PACKAGE}-Members"][1][2] == "008"
    assert opened[f"{PACKAGE}.ar-الأعضاء"][1][4] == "ألبانيا"
