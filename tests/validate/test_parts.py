"""Tables of many parts: whatever the splitting, the findings are those of the joined table."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from publisher.engine import Engine, open_engine
from publisher.errors import ProjectError
from publisher.findings import Report
from publisher.load.plain import BOMS
from publisher.model import Package, Resource
from publisher.schema import parse_dialect
from publisher.validate.package import report_of, validate_tables
from publisher.validate.parts import apart, key_file
from publisher.validate.partwise import part_rules, read_part
from publisher.validate.reading import read_lines
from publisher.validate.union import Divided, Kept

from .draws import Case, cases
from .test_property import DRAWS

LIMIT = 3


OPEN = Case(b'a;b\r\na;b\r\n"', {"fields": [{"name": "a"}, {"name": "b"}]}, {"csv": {"delimiter": ";"}}, "utf-8")
"""Its last record has no end, but for the line end that joining adds."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder)) as opened:
        yield opened


@settings(max_examples=max(1, DRAWS // 4), deadline=None, suppress_health_check=list(HealthCheck))
@example(case=OPEN, cuts=[0])
@given(case=cases(), cuts=st.lists(st.integers(0, 9), min_size=1, max_size=3))
def test_any_splitting_gives_the_findings_of_the_whole(engine: Engine, case: Case, cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        package = split(case, sorted(cuts), Path(folder))
        try:
            joined = validate_tables(engine, package, checks="house", limit=LIMIT)
        except ProjectError:
            return
        divided = divide(engine, package, Path(folder))
        found = validate_tables(engine, package, checks="house", limit=LIMIT, divided=divided)
        assert shape(report_of(found)) == shape(report_of(joined))


def split(case: Case, cuts: Sequence[int], folder: Path) -> Package:
    """The case's table cut after the given records, each part with the header."""
    dialect = parse_dialect(case.dialect, "t")
    assume(dialect.divisible and not case.data.startswith(tuple(mark for mark, _ in BOMS.values())))
    try:
        lines = list(io.StringIO(case.data.decode(case.encoding or "utf-8"), newline=""))
        reader = read_lines(iter(lines), dialect)
        ends = [reader.line_num for _ in reader]
    except (UnicodeError, csv.Error, LookupError):
        assume(False)
    # lines of a joined file are counted by line feeds
    assume(not re.search("\r(?!\n)", "".join(lines)))
    header = lines[: ends[0]] if dialect.header and ends else []
    # of a later part, one line is dropped, whatever it holds
    assume(len(header) <= 1 and all(line.endswith("\n") for line in header))
    places = [ends[min(cut, len(ends) - 1)] if ends else 0 for cut in cuts]
    pieces = [lines[first:last] for first, last in zip([0, *places], [*places, len(lines)], strict=True)]
    paths = []
    for number, piece in enumerate(pieces):
        path = folder / f"part-{number}.csv"
        path.write_bytes("".join(header * (number > 0) + piece).encode(case.encoding or "utf-8"))
        paths.append(path)
    tables = [Resource("t", tuple(paths), case.schema, case.dialect, case.encoding, {"name": "t"})]
    if case.other:
        (folder / "other.csv").write_bytes(case.other[0])
        tables.append(Resource("other", (folder / "other.csv",), case.other[1], {}, "utf-8", {"name": "other"}))
    return Package("p", folder, {"name": "p"}, tuple(tables))


def divide(engine: Engine, package: Package, folder: Path) -> dict[str, Divided]:
    """The table `t` read part by part."""
    rules = part_rules(package, limit=LIMIT, without=())["t"]
    kept = []
    for number, path in enumerate(package.tables[0].paths):
        own = folder / f"keys-{number}"
        own.mkdir()
        _, scan = read_part(engine, rules, path, own)
        kept.append(Kept(path, own, scan))
    return {"t": Divided(rules.sets, tuple(kept))}


def shape(report: Report) -> list[Any]:
    return [task.to_dict() | {"paths": [item.path for item in task.findings]} for task in report.tasks]


SCHEMA = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string", "constraints": {"unique": True}},
        {"name": "of", "type": "integer"},
    ],
    "primaryKey": "id",
    "foreignKeys": [{"fields": "of", "reference": {"resource": "", "fields": "id"}}],
}


def table(
    folder: Path, *parts: str, schema: dict[str, Any] = SCHEMA, dialect: dict[str, Any] | None = None, **more: Any
) -> Package:
    paths = []
    for number, text in enumerate(parts):
        paths.append(folder / f"{number}.csv")
        paths[-1].write_text("id,name,of\n" + text, encoding="utf-8")
    return Package(
        "p",
        folder,
        {"name": "p"},
        (Resource("t", tuple(paths), schema, dialect or {}, "utf-8", {"name": "t", **more}),),
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["1,a,\n2,b,1\n", "3,c,2\n4,d,1\n"], []),
        (["1,a,\n2,b,1\n", "2,c,2\n4,d,1\n"], [["primary-key", 4, "1.csv", 2]]),
        (["1,a,\n2,b,1\n", "3,a,2\n4,d,1\n"], [["unique-error", 4, "1.csv", 2]]),
        (["1,a,\n2,b,1\n", "3,A,2\n4,d,1\n"], [["near-duplicate", 4, "1.csv", 2]]),
        (["1,a,\n2,b,3\n", "3,c,2\n4,d,1\n"], []),
        (["1,a,\n2,b,1\n", "3,c,9\n4,d,1\n"], [["foreign-key", 4, "1.csv", 2]]),
        (
            ["1,a,\n2,b,1\n", "x,c,2\n4,d ,1\n"],
            [["type-error", 4, "1.csv", 2], ["primary-key", 4, "1.csv", 2], ["invisible-space", 5, "1.csv", 3]],
        ),
        (['1,"a\nb",\n2,b,1\n', '3,"c\nd",2\n4,d,?\n'], [["type-error", 5, "1.csv", 4]]),
        (["1,a,\n2,b,1\n", "3,c\n4,d,1\n"], [["missing-cell", 4, "1.csv", 2]]),
    ],
)
def test_keys_hold_across_parts(tmp_path: Path, parts: list[str], expected: list[Any]) -> None:
    package = table(tmp_path, *parts)
    with open_engine(tmp_path) as opened:
        divided = divide(opened, package, tmp_path)
        found = validate_tables(opened, package, checks="house", limit=None, divided=divided)
        findings = report_of(found).findings
        assert [[item.type, item.row, Path(item.path).name, item.line] for item in findings] == expected
        assert shape(report_of(found)) == shape(report_of(validate_tables(opened, package, checks="house", limit=None)))


def test_a_part_with_another_header_is_left_to_the_joined_table(tmp_path: Path) -> None:
    package = table(tmp_path, "1,a,\n", "2,b,\n")
    package.tables[0].paths[1].write_text("name,id,of\nb,2,\n")
    with open_engine(tmp_path) as opened:
        divided = divide(opened, package, tmp_path)
        assert not divided["t"].whole
        scans = validate_tables(opened, package, checks="house", limit=None, divided=divided)
        assert [item.type for item in report_of(scans).findings] == ["type-error", "primary-key"]


@pytest.mark.parametrize("end", ['"b', '"b\n', "b\\\n"], ids=["a quote", "a quote and a line", "an escaped line end"])
@pytest.mark.parametrize("last", [False, True])
def test_a_part_that_ends_within_a_record_is_left_to_the_joined_table(tmp_path: Path, end: str, *, last: bool) -> None:
    parts = [f"1,a,\n2,{end}", "3,c,\n"]
    package = table(
        tmp_path, *(parts[::-1] if last else parts), dialect={"csv": {"escapeChar": "\\"}} if "\\" in end else {}
    )
    with open_engine(tmp_path) as opened:
        divided = divide(opened, package, tmp_path)
        assert not divided["t"].whole
        found = validate_tables(opened, package, checks="house", limit=None, divided=divided)
        assert shape(report_of(found)) == shape(report_of(validate_tables(opened, package, checks="house", limit=None)))


def test_a_part_need_not_end_its_last_line(tmp_path: Path) -> None:
    package = table(tmp_path, '1,a,\n2,"b\n",', "3,c,\n")
    with open_engine(tmp_path) as opened:
        divided = divide(opened, package, tmp_path)
        assert divided["t"].whole
        assert report_of(validate_tables(opened, package, checks=None, limit=None, divided=divided)).valid


def test_parts_that_were_compared_are_compared_with_new_ones_only(tmp_path: Path) -> None:
    package = table(tmp_path, "1,a,\n", "2,b,\n", "1,c,\n")
    with open_engine(tmp_path) as opened:
        ((name, found),) = divide(opened, package, tmp_path).items()
        parts = tuple(
            Kept(item.path, item.folder, item.scan, compared=number < 2) for number, item in enumerate(found.parts)
        )
        scans = validate_tables(opened, package, checks="house", limit=None, divided={name: Divided(found.sets, parts)})
        assert [(item.type, item.row, item.other) for item in report_of(scans).findings] == [("primary-key", 4, 2)]


@pytest.mark.parametrize(
    ("keys", "follow"),
    [
        ([["8", "9"], ["10", "11"]], True),
        ([["10", "11"], ["8", "9"]], True),
        ([["8", "9"], [], ["10"]], True),
        ([["AE", "AFG"], ["B", "C"]], True),
        ([["8", "10"], ["9", "11"]], False),
        ([["9", "8"], ["10", "11"]], False),
        ([["8", "9"], ["9", "10"]], False),
        ([["a", "b"], ["é", "é1"], ["𝄞"]], True),
    ],
)
def test_parts_whose_keys_follow_each_other_are_not_compared(
    tmp_path: Path, keys: list[list[str]], *, follow: bool
) -> None:
    schema = {"fields": [{"name": "id"}, {"name": "name"}, {"name": "of"}], "uniqueKeys": ["id"]}
    package = table(tmp_path, *("".join(f"{key},,\n" for key in its) for its in keys), schema=schema)
    with open_engine(tmp_path) as opened:
        divided = divide(opened, package, tmp_path)
        assert apart([part.scan.spans[0] for part in divided["t"].parts if part.scan.rows]) is follow
        if follow:
            for part in divided["t"].parts:
                key_file(part.folder, 0).unlink()
        found = validate_tables(opened, package, checks="house", limit=None, divided=divided)
        assert shape(report_of(found)) == shape(report_of(validate_tables(opened, package, checks="house", limit=None)))


def test_other_tables_refer_to_all_parts(tmp_path: Path) -> None:
    package = table(tmp_path, "1,a,\n", "2,b,\n")
    (tmp_path / "acts.csv").write_text("of\n1\n2\n3\n")
    schema = {
        "fields": [{"name": "of", "type": "integer"}],
        "foreignKeys": [{"fields": "of", "reference": {"resource": "t", "fields": "id"}}],
    }
    package = Package(
        "p",
        tmp_path,
        {"name": "p"},
        (*package.tables, Resource("acts", (tmp_path / "acts.csv",), schema, {}, "utf-8", {})),
    )
    with open_engine(tmp_path) as opened:
        scans = validate_tables(opened, package, checks=None, limit=None, divided=divide(opened, package, tmp_path))
        assert [(item.type, item.row) for item in report_of(scans).findings] == [("foreign-key", 4)]
        (tmp_path / "acts.csv").write_text("of\n1\n2\n")
        again = tmp_path / "again"
        again.mkdir()
        scans = validate_tables(opened, package, checks=None, limit=None, divided=divide(opened, package, again))
        assert report_of(scans).valid
        assert scans["t"].parts, "the joined table was not read"
