"""The workbook and the CSV for Excel: the CSV's values, real dates and numbers, right to left, the same bytes every time."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from publisher.engine import Engine, open_engine, quote
from publisher.model import File, Resource, Table
from publisher.package import workbook
from publisher.package.archive import write_zip
from publisher.package.excel import write_excel_csv
from publisher.package.metadata import PackageInfo, read_metadata
from publisher.package.workbook import write_workbook
from tests.package.making import CREATED
from tests.tools import require

SCHEMA = {
    "fields": [
        {"name": "code", "type": "string", "title": "Code", "title@ar": "=رمز"},
        {"name": "n", "type": "integer", "title": "Number", "title@ar": "العدد"},
        {"name": "x", "type": "number", "title": "Value"},
        {"name": "day", "type": "date", "title": "Day"},
        {"name": "at", "type": "datetime", "title": "Moment"},
        {"name": "yes", "type": "boolean", "title": "Yes"},
        {
            "name": "kind",
            "type": "string",
            "title": "Kind",
            "categories": [{"value": "a", "label": "First", "label@ar": "الأول"}],
        },
    ],
    "primaryKey": ["code"],
}
ROWS = [
    ("008", "-5", "9.50", "2012-12-05", "2026-01-02T03:04:05Z", "true", "a"),
    ("=1+1", "12345678901234567890", "-0.1", "1899-12-31", "2026-01-02T03:04:05+02:00", "false", None),
    ('ألبانيا, "x"\nb', None, "1e400", None, None, None, "b"),
    ("@cmd", "0", None, "2014-09-30", "2026-01-02T03:04:05", None, "a"),
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    (tmp_path / "engine").mkdir()
    with open_engine(tmp_path / "engine") as found:
        yield found


def make(engine: Engine, name: str = "t", rows: list[tuple[str | None, ...]] | None = None) -> Table:
    rows = ROWS if rows is None else rows
    resource = Resource(name, (), SCHEMA, {}, "utf-8", {"name": name, "title": f"Table {name}"})
    columns = ", ".join(f"{quote(field)} VARCHAR" for field in resource.fields)
    engine.run(f"CREATE OR REPLACE TABLE {quote(name)} ({columns})")
    if rows:
        engine.connection.executemany(
            f"INSERT INTO {quote(name)} VALUES ({', '.join('?' * len(resource.fields))})", rows
        )
    return Table(resource, quote(name), len(rows))


def info(*tables: Table) -> PackageInfo:
    return read_metadata(
        {
            "name": "example",
            "title": "Example",
            "version": "1.2.3",
            "created": CREATED,
            "licenses": [{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}],
            "contributors": [{"title": "Somebody"}],
            "sources": [{"title": "A source", "path": "https://example.org/"}],
            "resources": [
                {
                    "name": item.resource.name,
                    "title": item.resource.descriptor["title"],
                    "rows": item.rows,
                    "schema": SCHEMA,
                }
                for item in tables
            ],
        }
    )


def test_values_are_real(engine: Engine, tmp_path: Path) -> None:
    table = make(engine)
    file = write_workbook(engine, [table], info(table), "en", tmp_path / "b.xlsx")
    assert file is not None
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert book.sheetnames == ["Table t", "Dictionary", "Sources of the package", "Licence and citation"]
    sheet = book["Table t"]
    rows: list[Any] = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == ["Code", "Number", "Value", "Day", "Moment", "Yes", "Kind"]
    assert rows[1] == ["008", -5, 9.5, dt.datetime(2012, 12, 5), dt.datetime(2026, 1, 2, 3, 4, 5), True, "a"]  # noqa: DTZ001
    assert rows[2] == ["=1+1", "12345678901234567890", -0.1, "1899-12-31", "2026-01-02T03:04:05+02:00", False, None]
    assert sheet["A3"].data_type == "s", "no formula is ever written"
    assert rows[3][0] == 'ألبانيا, "x"\nb'
    assert rows[3][2] == "1e400"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:G5"
    assert sheet["D2"].number_format == "yyyy-mm-dd"
    assert not sheet.sheet_view.rightToLeft
    assert sheet.row_dimensions[4].height == 30, "two lines"
    assert sheet.print_title_rows == "$1:$1"
    assert {cell.alignment.vertical for cell in sheet[4] if cell.value is not None} == {"top"}
    assert {sheet[place].alignment.horizontal for place in ("A1", "A2", "A4")} == {"left"}, (
        "Arabic begins where its column does"
    )
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.sheet_properties.pageSetUpPr.fitToPage, "on paper all columns of a row stand beside each other"
    link = book["Sources of the package"]["C2"]
    assert link.value == link.hyperlink.target == "https://example.org/"
    assert "version 1.2.3" in str(book["Licence and citation"]["B4"].value)


def test_arabic_runs_right_to_left(engine: Engine, tmp_path: Path) -> None:
    table = make(engine)
    write_workbook(engine, [table], info(table), "ar", tmp_path / "b.xlsx")
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert all(sheet.sheet_view.rightToLeft for sheet in book)
    assert book.worksheets[0]["B1"].value == "العدد"
    assert {book.worksheets[0][place].alignment.horizontal for place in ("A1", "A2", "A4")} == {"right"}
    assert "المعجم" in book.sheetnames


def test_the_same_bytes_every_time(engine: Engine, tmp_path: Path) -> None:
    table = make(engine)
    one, other = (write_workbook(engine, [table], info(table), "ar", tmp_path / f"{name}.xlsx") for name in "ab")
    assert one is not None
    assert other is not None
    assert one.sha256 == other.sha256
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {item.date_time[0] for item in archive.infolist()} == {1980}


SIGNS = [
    "",
    " ",
    "a ",
    "\xa0a",
    "a\tb",
    "a\nb",
    "a&b",
    "<r>a</r>",
    'a"b',
    "_x0041_",
    "a_b",
    "\x01",
    "\ufffe",
    "é",
    "\u2028",
    "=1",
    "'",
]


def test_cells_are_written_as_xlsxwriter_writes_them(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = [(sign, str(10**place), None, None, None, "true", None) for place, sign in enumerate(SIGNS)]
    table = make(engine, rows=[*ROWS, *odd])
    ours = write_workbook(engine, [table], info(table), "en", tmp_path / "ours.xlsx")
    monkeypatch.setattr(workbook, "Sheet", workbook.Worksheet)
    theirs = write_workbook(engine, [table], info(table), "en", tmp_path / "theirs.xlsx")
    assert ours is not None
    assert theirs is not None
    assert ours.sha256 == theirs.sha256


def test_a_table_beyond_the_limit_gets_no_sheet_and_it_is_said(engine: Engine, tmp_path: Path) -> None:
    small, large = make(engine, "small"), make(engine, "large", ROWS * 3)
    write_workbook(engine, [small, large], info(small, large), "en", tmp_path / "b.xlsx", limit=10)
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert book.sheetnames[0] == "Table small"
    assert "Table large" not in book.sheetnames
    assert any("Table large: 12" in str(row[1]) for row in book["Licence and citation"].iter_rows(values_only=True))
    assert write_workbook(engine, [large], info(large), "en", tmp_path / "c.xlsx", limit=10) is None


def test_sheet_names_that_excel_refuses(engine: Engine, tmp_path: Path) -> None:
    tables = []
    for number, title in enumerate(["a/b:c*?[x]" * 5, "a/b:c*?[x]" * 5, "History", "'"]):
        table = make(engine, f"t{number}")
        tables.append(replace(table, resource=replace(table.resource, descriptor={"title": title})))
    write_workbook(engine, tables, info(*tables), "en", tmp_path / "b.xlsx")
    names = openpyxl.load_workbook(tmp_path / "b.xlsx").sheetnames
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_csv_for_excel(engine: Engine, tmp_path: Path) -> None:
    table = make(engine)
    file = write_excel_csv(engine, table, info(table).table("t"), "ar", tmp_path)
    body = (tmp_path / "t.ar.excel.csv").read_bytes()
    assert file.bytes == len(body)
    assert body.startswith(b"\xef\xbb\xbf")
    assert body.count(b"\r\n") == 5
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert rows[0][0] == "'=رمز", "a heading is guarded, too"
    assert rows[1] == ["008", "-5", "9.50", "2012-12-05", "2026-01-02T03:04:05Z", "true", "الأول"]
    assert rows[2][:3] == ["'=1+1", "12345678901234567890", "-0.1"], "numbers are never touched"
    assert rows[3][0] == 'ألبانيا, "x"\nb'
    assert rows[4][0] == "'@cmd"


def test_a_zip_is_made_of_its_files_alone(tmp_path: Path) -> None:
    files = []
    for name in ("b.csv", "a.parquet"):
        (tmp_path / name).write_bytes(name.encode() * 500)
        files.append(File(name, len(name) * 500, "", tmp_path / name))
    one, other = write_zip(files, tmp_path / "1.zip"), write_zip(reversed(files), tmp_path / "2.zip")
    assert one.sha256 == other.sha256
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.namelist() == ["a.parquet", "b.csv"]
        assert archive.read("b.csv") == b"b.csv" * 500


def test_libreoffice_reads_both(engine: Engine, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    require(office, "no LibreOffice: apt-get install libreoffice-calc")
    assert office is not None
    rows = [row for row in ROWS if "\n" not in str(row[0]) and not str(row[0]).startswith(("=", "@"))] + [
        ("ألبانيا", "7", "0.25", "2013-06-17", None, "false", "a")
    ]
    table = make(engine, rows=rows)
    write_workbook(engine, [table], info(table), "ar", tmp_path / "book.xlsx")
    write_excel_csv(engine, table, info(table).table("t"), "ar", tmp_path)
    out = tmp_path / "out"
    plain = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    for source in ("book.xlsx", "t.ar.excel.csv"):
        subprocess.run(
            [
                office,
                profile,
                "--headless",
                "--infilter=CSV:44,34,76,1" if source.endswith("csv") else "--norestore",
                "--convert-to",
                plain,
                "--outdir",
                str(out),
                str(tmp_path / source),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
    found = {
        path.name.split(".")[0].split("-")[0]: list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
        for path in out.iterdir()
    }
    assert set(found) == {"book", "t"}
    for name, read in found.items():
        assert read[0][1] == "العدد", name
        last = read[-1]
        assert last[0] == "ألبانيا", name
        assert (float(last[1]), float(last[2]), last[3], last[5].lower()) == (7, 0.25, "2013-06-17", "false"), name
        assert read[1][0] == ("008" if name == "book" else "8"), (
            "only the workbook keeps leading zeros, as docs/site.md says"
        )
