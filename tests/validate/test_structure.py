"""What the structure gate lets through is what Python's csv reads; everything else is read by Python."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher import validate_table
from publisher.engine import Engine, open_engine
from publisher.findings import Report
from publisher.load import Plain
from publisher.schema import Dialect
from publisher.validate import mend, structure, table
from publisher.validate.reading import careful_records
from publisher.validate.textfile import read_csv, text_columns

CELLS = [
    "a",
    "",
    '"a"',
    '""',
    '"a,b"',
    '"a\nb"',
    '"a""b"',
    'a"b',
    ' "a"',
    '"a" ',
    '"a" "b"',
    '"a"b',
    '"""a"',
    '"a"\t"b"',
    " a",
    "é",
    "\0",
    '"a\r\nb"',
    "a\rb",
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder)) as opened:
        yield opened


@settings(max_examples=400, deadline=None)
@given(
    width=st.integers(1, 3),
    rows=st.lists(
        st.tuples(
            st.lists(st.sampled_from(CELLS), min_size=1, max_size=4),
            st.sampled_from(["\n", "\n", "\r\n", "\n\n", ",\n", ""]),
        )
    ),
    eol=st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_gate_lets_through_was_read_rightly(
    engine: Engine, width: int, rows: list[tuple[list[str], str]], eol: str
) -> None:
    body = "".join(",".join(cells[:width]) + end for cells, end in rows)
    data = ",".join("abc"[:width]) + eol + body
    path = engine.folder / "t.csv"
    path.write_bytes(data.encode())
    head = structure.head_bytes(Plain(path, "utf-8"), Dialect(), 1)
    assert head is not None
    law = structure.Conservation(path, '"', head)
    sql = read_csv(path, text_columns(width), skip=1, eol=head.eol)
    try:
        with law:
            found = [list(row) for row in engine.rows(f"SELECT * FROM {sql}")]
    except Exception:  # noqa: BLE001 - a file that DuckDB refuses goes to Python
        return
    size = sum(len(cell.encode()) - cell.count('"') for row in found for cell in row)
    size += structure.FORBIDDEN * sum(cell.count("\r") for row in found for cell in row) if law.crlf else 0
    if law.holds(len(found), width, size):
        expected = list(csv.reader(io.StringIO(data, newline="")))[1:]
        assert found == [row or [""] for row in expected]


def check(tmp_path: Path, data: bytes, schema: dict[str, object], **options: object) -> Report:
    (tmp_path / "t.csv").write_bytes(data)
    return validate_table(tmp_path / "t.csv", schema, **options)  # type: ignore[arg-type]


TWO = {"fields": [{"name": "a"}, {"name": "b", "type": "integer"}]}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a,b\n1,2\n\n3,x\n", [[3, None, "blank-row", 3], [4, 2, "type-error", 4]]),
        (b"a,b\n\n\n", [[2, None, "blank-row", 2], [3, None, "blank-row", 3]]),
        (b"a,b\n1,2,\n", [[2, 3, "extra-cell", 2]]),
        (b"a,b\n1\n", [[2, 2, "missing-cell", 2]]),
        (b'a,b\n"x\ny",1\n"p\nq",z\n', [[3, 2, "type-error", 4]]),
        (b'a,b\n"x"y,1\nz,w\n', [[3, 2, "type-error", 3]]),
        (b"a,b\r\n1,2\r\n3,x", [[3, 2, "type-error", 3]]),
        (b"\xef\xbb\xbfa,b\n1,x\n", [[2, 2, "type-error", 2]]),
        (b"a,b\n1,caf\xe9\n", [[None, None, "encoding-error", None]]),
        (b"", [[None, None, "source-error", None]]),
        (b"b,a\n1,2\n", [[None, 1, "incorrect-label", 1], [None, 2, "incorrect-label", 1]]),
    ],
)
def test_records_are_numbered_as_frictionless_does_and_lines_as_editors_do(
    tmp_path: Path, data: bytes, expected: list[object]
) -> None:
    assert check(tmp_path, data, TWO).flatten(["rowNumber", "fieldNumber", "type", "line"]) == expected


def test_a_record_longer_than_duckdbs_buffer(tmp_path: Path) -> None:
    assert check(tmp_path, b"a,b\n" + b"x" * 5_000_000 + b",1\n", TWO).valid


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4",
        'a,b\n"x, ""y""",2\n"""",\n',
        'a,b\n"x\ny",2\n3,4\n',
        'a,b\r\n"x, ""y""",2\r\n3,4\r\n',
        "a,b\né,٣\n",
    ],
)
def test_what_csv_writers_write_is_read_by_duckdb_alone(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise AssertionError("Python reads it")

    for way in ("careful_records", "mended_records"):
        monkeypatch.setattr(table, way, refuse)
    (tmp_path / "t.csv").write_bytes(text.encode())
    assert validate_table(tmp_path / "t.csv", {"fields": [{"name": name, "type": "string"} for name in "ab"]}).valid


def test_null_sequence_is_missing(tmp_path: Path) -> None:
    assert check(tmp_path, b"a,b\nx,\\N\n", TWO, dialect={"nullSequence": "\\N"}).valid


def test_odd_records_among_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mend, "BLOCK", 2000)
    lines = [f'"x\ny",{number}' if number % 5 == 0 else f"x,{number}" for number in range(1, 2001)]
    lines[700:700] = [""]
    lines[1200:1200] = ["x,1,", 'a"b,2', "c"]
    found = check(tmp_path, ("a,b\n" + "\n".join(lines) + "\nx,y\n").encode(), TWO)
    assert found.flatten(["rowNumber", "fieldNumber", "type", "line"]) == [
        [702, None, "blank-row", 842],
        [1202, 3, "extra-cell", 1441],
        [1204, 2, "missing-cell", 1443],
        [2006, 2, "type-error", 2406],
    ]
    assert found.tasks[0].rows == 2005


@pytest.mark.parametrize(("end", "mended"), [("x", True), ("x\n", True), ('x,"1', False), ('x,"1\n', False)])
def test_a_file_in_blocks_that_ends_within_a_record_is_read_by_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, *, mended: bool
) -> None:
    monkeypatch.setattr(mend, "BLOCK", 2000)
    read = []
    monkeypatch.setattr(table, "careful_records", lambda *given: read.append(given) or careful_records(*given))
    lines = [f"x,{number}" for number in range(1, 2001)]
    lines[700:700] = ["x,1,"]
    check(tmp_path, ("a,b\n" + "\n".join(lines) + "\n" + end).encode(), TWO)
    assert (read == []) is mended


def test_nul_beside_an_odd_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells come from DuckDB as one text that NUL parts."""
    monkeypatch.setattr(mend, "BLOCK", 2000)
    lines = [f"x,{number}" for number in range(1, 2001)]
    lines[700:700] = [""]
    lines[701] = "x\0y,z"
    found = check(tmp_path, ("a,b\n" + "\n".join(lines) + "\n").encode(), TWO)
    assert found.flatten(["rowNumber", "fieldNumber", "type", "cell"]) == [
        [702, None, "blank-row", ""],
        [703, 2, "type-error", "z"],
    ]
    assert found.findings[1].cells == ("x\0y", "z")
