"""Sheets become tables: values as text, rows counted as in the sheet, and nothing that would vanish unseen."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.errors import InvalidData
from publisher.load import Plain, make_plain
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package
from publisher.store.memory import MemoryStore
from publisher.validate import validate_package
from publisher.validate.reference import compare, reference_package

Fill = Callable[[Any], None]


def save(path: Path, fill: Fill, sheet: str = "الأعضاء") -> Path:
    book = openpyxl.Workbook()
    book.active.title = sheet
    fill(book.active)
    book.save(path)
    return path


def rows(*given: list[Any]) -> Fill:
    return lambda sheet: [sheet.append(row) for row in given]


def plain(path: Path, **dialect: Any) -> Plain:
    return make_plain([path], "utf-8", path.parent, header=True, where="t", kind="xlsx", dialect=dialect)


def read(path: Path, **dialect: Any) -> list[list[str]]:
    made = plain(path, **dialect)
    assert made.damage == ""
    with made.path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_values_become_canonical_text(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["what", "value"])
        cells: list[tuple[Any, str]] = [
            ("نص عربي", "General"),
            ("  spaced\nlines ", "General"),
            ("=not a formula", "@"),
            (7, "General"),
            (9.5, "0.00"),
            (0.3000000000000001, "General"),
            (1e20, "General"),
            (1e-7, "General"),
            (0.25, "0%"),
            (-3, '"minus" 0'),
            (True, "General"),
            (False, "General"),
            (dt.date(2012, 12, 5), "dd/mm/yyyy"),
            (NOON.replace(hour=0), "yyyy-mm-dd hh:mm"),
            (NOON.replace(hour=10, minute=30, second=15), "yyyy-mm-dd"),
            (NOON.replace(hour=0), "[$-ar-SA]d mmmm yyyy"),
            (dt.time(10, 30), "hh:mm"),
            (dt.timedelta(hours=36), "[h]:mm"),
        ]
        for number, (value, form) in enumerate(cells, start=2):
            cell = sheet.cell(number, 2, value)
            cell.number_format = form
            if form == "@":
                cell.data_type = "s"
            sheet.cell(number, 1, number)

    assert [row[1] for row in read(save(tmp_path / "b.xlsx", fill))] == [
        "value",
        "نص عربي",
        "  spaced\nlines ",
        "=not a formula",
        "7",
        "9.5",
        "0.3",
        "100000000000000000000",
        "0.0000001",
        "0.25",
        "-3",
        "true",
        "false",
        "2012-12-05",
        "2012-12-05T00:00:00",
        "2012-12-05T10:30:15",
        "2012-12-05",
        "10:30:00",
        "P1DT43200S",
    ]


def test_rows_are_counted_as_in_the_sheet(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet["A3"], sheet["B3"] = "id", "name"
        sheet["A4"] = 1
        sheet["A6"], sheet["C6"] = 2, "stray"
        sheet["D90"].fill = openpyxl.styles.PatternFill("solid", fgColor="FF0000")

    path = save(tmp_path / "b.xlsx", fill)
    found = read(path, headerRows=[3])
    assert found == [["", ""], ["", ""], ["id", "name"], ["1", ""], ["", ""], ["2", "", "stray"]]


def test_a_sheet_is_named_numbered_or_the_first(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "one"
    book.active.append(["a"])
    book.create_chartsheet("chart").add_chart(openpyxl.chart.BarChart())
    book.create_sheet("ورقة").append(["b"])
    book.save(path := tmp_path / "b.xlsx")
    assert read(path) == [["a"]]
    assert read(path, sheetNumber=2) == read(path, sheetName="ورقة") == [["b"]]
    made = plain(path, sheetName="three")
    assert (made.damage, made.code) == ("there is no sheet 'three'; it has 'one', 'ورقة'", "source-error")
    assert "there is no sheet number 3" in plain(path, sheetNumber=3).damage


def broken(sheet: Any) -> None:
    sheet.append(["id", "name"])
    sheet.append([1, "#REF!"])
    sheet["B2"].data_type = "e"
    sheet.append(["=1+1", "text #REF! is text"])
    sheet["A4"] = "merged"
    sheet.merge_cells("A4:B5")


def test_what_would_vanish_is_refused_with_its_cell(tmp_path: Path) -> None:
    made = plain(save(tmp_path / "b.xlsx", broken, "S"))
    assert made.damage == (
        "sheet 'S': B2 holds the error #REF!, A3 holds a formula that was never calculated, A4:B5 is merged into one cell"
    )


def test_a_title_above_the_header_may_be_merged(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet["A1"] = "Members"
        sheet.merge_cells("A1:B1")
        sheet.append(["id", "name"])

    assert read(save(tmp_path / "b.xlsx", fill), headerRows=[2]) == [["Members"], ["id", "name"]]


def test_results_of_formulas_are_taken(tmp_path: Path) -> None:
    """Those that were calculated, an empty text among them."""
    path = save(tmp_path / "b.xlsx", rows(["a", "b"], ["=1+1", '=""']))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    sheet = sheet.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>").replace(b"<v />", b"<v></v>")
    sheet = sheet.replace(b'<c r="B2"><f>""</f>', b'<c r="B2" t="str"><f>""</f>')
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in (parts | {"xl/worksheets/sheet1.xml": sheet}).items():
            archive.writestr(name, body)
    assert read(path) == [["a", "b"], ["2", ""]]


def rewrite(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in found.items():
            archive.writestr(name, parts.get(Path(name).stem, body))
    return path


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_bytes(b"id,name\n"), "not an XLSX workbook"),
        (lambda path: path.write_bytes(path.read_bytes()[:900]), "not an XLSX workbook"),
        (lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0 an old or locked one"), "not an XLSX workbook"),
        (lambda path: rewrite(path, workbook=ENTITIES), "entities"),
        (lambda path: rewrite(path, sheet1=ENTITIES), "entities"),
        (lambda path: rewrite(path, sheet1=b"<worksheet><sheetData>"), "no element found"),
        (lambda path: rewrite(path, workbook=b"<workbook/>"), "it has none"),
    ],
)
def test_what_is_no_workbook_is_a_finding(tmp_path: Path, spoil: Callable[[Path], Any], says: str) -> None:
    path = save(tmp_path / "b.xlsx", rows(["a"]))
    spoil(path)
    assert says in plain(path).damage


NOON = dt.datetime(2012, 12, 5, 12)  # noqa: DTZ001 - Excel knows no time zones
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
CELLS = st.one_of(
    TEXTS.filter(lambda text: not text.startswith("=") and "_x" not in text),
    st.integers(-(10**15), 10**15),
    st.booleans(),
    st.decimals(-(10**6), 10**6, places=4).map(float),
    st.datetimes(NOON.replace(year=1901), NOON.replace(year=2100)).map(lambda it: it.replace(microsecond=0)),
    st.none(),
)


def expected(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return "" if value is None else str(value)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS), max_size=6))
def test_what_goes_in_comes_out(tmp_path: Path, given_rows: list[tuple[Any, Any]]) -> None:
    found = read(save(tmp_path / "b.xlsx", rows(["a", "b"], *map(list, given_rows))))
    while given_rows and given_rows[-1] == (None, None):
        given_rows.pop()
    for row, cells in zip(found[1:], given_rows, strict=True):
        for text, value in zip(row, cells, strict=True):
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                assert float(text) == value
                assert "e" not in text.lower()
            else:
                assert text == expected(value)


SCHEMA = """
name: p
resources:
  - name: members
    path: book.xlsx
    dialect: {sheetName: الأعضاء}
    schema:
      primaryKey: id
      fields:
        - {name: id, type: integer}
        - {name: joined, type: date}
        - {name: active, type: boolean}
        - {name: note, type: string}
"""


def test_a_workbook_is_published_and_its_findings_name_rows_of_the_sheet(tmp_path: Path) -> None:
    (tmp_path / "datapackage.yaml").write_text(SCHEMA, encoding="utf-8")
    good = [1, dt.date(2012, 12, 5), True, "two\nlines"]
    book = tmp_path / "book.xlsx"
    save(book, rows(["id", "joined", "active", "note"], good, [2, dt.date(2014, 9, 30), False, "ملاحظة"]))
    store = MemoryStore()
    package = read_package(tmp_path / "datapackage.yaml", project_root=None)
    assert publish_package(Run(store, Settings()), package, Wishes()).version == "1.0.0"
    assert store.read("p/v/1.0.0/members.csv")[0].decode() == (
        'id,joined,active,note\n1,2012-12-05,true,"two\nlines"\n2,2014-09-30,false,ملاحظة\n'
    )
    assert publish_package(Run(store, Settings()), package, Wishes()).outcome == "unchanged"

    save(book, rows(["id", "joined", "active", "note"], good, [2, "someday", "perhaps", None]))
    report = validate_package(package)
    assert [(item.row, item.line, item.name) for item in report.findings] == [(3, None, "joined"), (3, None, "active")]
    assert compare(validate_package(package, checks=None), reference_package(package)).equal

    save(book, broken, "الأعضاء")
    with pytest.raises(InvalidData) as caught:
        publish_package(Run(store, Settings()), package, Wishes())
    (finding,) = caught.value.report.findings  # type: ignore[attr-defined]
    assert finding.type == "source-error"
    assert "B2 holds the error #REF!" in finding.note


def test_two_workbooks_are_parts_of_one_table(tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{name}.xlsx", rows(["id"], [name])) for name in "ab"]
    made = make_plain(paths, "utf-8", tmp_path, header=True, where="t", kind="xlsx")
    assert list(csv.reader(io.StringIO(made.path.read_text()))) == [["id"], ["a"], ["b"]]
