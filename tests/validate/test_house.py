"""What SQL passes on to the judges of single cells: whatever one of them objects to is among it."""

from __future__ import annotations

import re
import unicodedata

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.privacy import kinds_of
from publisher.validate.house import BIDI, INVISIBLE, PERSONAL, suspect_person, suspect_signs

SIGNS = st.sampled_from(list("\u0301\u1680+00123456789٠١٢ ./()-_aZé@\t\n\r\x0b\x1c\x85\xa0\u200b\u2028\u202e\ufeff"))
CELLS = st.one_of(st.text(SIGNS, min_size=1, max_size=24), st.text(min_size=1, max_size=12))
NUMBERS = ["+41 44 123 45 67", "call 0041/44 1234567", "(+33(1)2345678)", "x: +1 202-555-0143,", "٠ 0041 44 1234567"]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def holds(connection: duckdb.DuckDBPyConnection, test: str, cell: str) -> bool:
    row = connection.execute(f"SELECT {test} FROM (SELECT $1 AS cell)", [cell]).fetchone()
    assert row is not None
    return bool(row[0])


@settings(max_examples=500, deadline=None)
@given(CELLS.filter(lambda cell: "\0" not in cell))
def test_a_cell_with_what_nobody_sees_is_suspect(connection: duckdb.DuckDBPyConnection, cell: str) -> None:
    if BIDI.search(cell) or INVISIBLE.search(cell) or not unicodedata.is_normalized("NFC", cell):
        assert holds(connection, suspect_signs("cell", plain=False), cell)
    if not cell.isascii():
        assert holds(connection, suspect_signs("cell", plain=True), cell)


@settings(max_examples=1000, deadline=None)
@given(st.one_of(CELLS, st.sampled_from(NUMBERS)))
def test_a_cell_with_personal_data_is_suspect(connection: duckdb.DuckDBPyConnection, cell: str) -> None:
    announced = re.search("tel|phone|tél|mobile|fax|هاتف", cell, re.IGNORECASE)
    if kinds_of(cell, PERSONAL) and not announced:
        assert holds(connection, suspect_person("cell"), cell)


def test_identifiers_and_addresses_with_long_numbers_are_not_suspect(connection: duckdb.DuckDBPyConnection) -> None:
    for cell in (
        "C00012345",
        "https://example.org/commitments/1000123456",
        "2024-00-12345",
        "1000200030004000",
        "République d'Équateur",
        "التزام",
    ):
        assert not holds(connection, f"{suspect_signs('cell', plain=False)} OR {suspect_person('cell')}", cell), cell
