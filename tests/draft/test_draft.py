"""Drafts of tables: what is found in files as people have them, and what is left open because it could be read in two ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from publisher.draft import Draft, find_key, find_references, find_sources, read_draft, write_project
from publisher.draft.reading import table_name
from publisher.engine import Engine
from publisher.errors import ProjectError, UsageError
from publisher.project import read_package
from publisher.project.unfinished import find_unfinished
from publisher.validate import validate_package
from tests.diff.worlds import engine_in
from tests.tools import ROOT


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_in(tmp_path / "engine") as found:
        yield found


def draft(engine: Engine, folder: Path, text: str, *, name: str = "table.csv", encoding: str = "utf-8") -> Draft:
    path = folder / name
    path.write_text(text, encoding=encoding, newline="")
    return read_draft(engine, path, path.stem)


def column(engine: Engine, folder: Path, *cells: str, delimiter: str = ",") -> tuple[dict[str, Any], str]:
    """The field drafted for a column of these cells, beside one of numbers; and the remark on it."""
    rows = "".join(f'{number}{delimiter}"{cell}"\n' for number, cell in enumerate(cells, 1))
    found = draft(engine, folder, f"id{delimiter}value\n{rows}")
    field = dict(found.fields[1])
    assert field.pop("title") == "TODO: value"
    assert field.pop("name") == "value"
    return field, " ".join(found.remarks)


TYPES: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "whole numbers": (("1", "22", "-3"), ",", {"type": "integer"}),
    "decimals": (("1.5", "22", "-3.25"), ",", {"type": "number"}),
    "codes with leading zeros": (("01067", "10115", "99999"), ",", {"type": "string"}),
    "a comma for the decimals": (("3,14", "12,5", "7"), ";", {"type": "number", "decimalChar": ","}),
    "points for thousands": (("1.203,50", "12,5"), ";", {"type": "number", "decimalChar": ",", "groupChar": "."}),
    "commas for thousands": (("1,203", "12,500.5", "3"), ",", {"type": "number", "groupChar": ","}),
    "one or the other": (("1,203", "12,500"), ";", {"type": "string"}),
    "dates as the standard has them": (("2020-01-31", "2021-02-01"), ",", {"type": "date"}),
    "dates with points": (("31.01.2020", "01.02.2021"), ",", {"type": "date", "format": "%d.%m.%Y"}),
    "days first": (("31/01/2020", "01/02/2021"), ",", {"type": "date", "format": "%d/%m/%Y"}),
    "months first": (("01/31/2020", "02/01/2021"), ",", {"type": "date", "format": "%m/%d/%Y"}),
    "days or months first": (("01/02/2020", "03/04/2021"), ",", {"type": "string"}),
    "truth values": (("true", "false"), ",", {"type": "boolean"}),
    "German truth values": (
        ("ja", "nein", "Ja"),
        ",",
        {"type": "boolean", "trueValues": ["Ja", "ja"], "falseValues": ["nein"]},
    ),
    "one word": (("ja", "ja"), ",", {"type": "string"}),
    "missing numbers": (("1", "n/a", "3", "-"), ",", {"type": "integer", "missingValues": ["", "-", "n/a"]}),
    "Namibia": (("NA", "ZA", "DE"), ",", {"type": "string"}),
    "nothing": (("", "", ""), ",", {"type": "string"}),
    "text": (("x", "1", "2020-01-01"), ",", {"type": "string"}),
}


@pytest.mark.parametrize("case", TYPES)
def test_types_are_judged_by_all_cells(engine: Engine, tmp_path: Path, case: str) -> None:
    cells, delimiter, expected = TYPES[case]
    assert column(engine, tmp_path, *cells, delimiter=delimiter)[0] == expected


@pytest.mark.parametrize("case", ["one or the other", "days or months first", "codes with leading zeros", "nothing"])
def test_what_a_person_should_look_at_is_said(engine: Engine, tmp_path: Path, case: str) -> None:
    cells, delimiter, _ = TYPES[case]
    assert column(engine, tmp_path, *cells, delimiter=delimiter)[1].startswith("value: ")


def test_a_typo_does_not_make_a_column_text(engine: Engine, tmp_path: Path) -> None:
    assert column(engine, tmp_path, *map(str, range(30)), "3O")[0] == {"type": "integer"}


FILES: dict[str, tuple[str, str, str, str, dict[str, Any]]] = {
    "comma": ("a,b\n1,Müller\n", "t.csv", "utf-8", "utf-8", {}),
    "byte order mark": ("a,b\n1,Müller\n", "t.csv", "utf-8-sig", "utf-8", {}),
    "semicolon and latin-1": ("a;b\n1;Müller, Söhne\n2;Çelik\n", "t.csv", "latin-1", "cp1252", {"delimiter": ";"}),
    "windows-1252": ("a;b\n1;“Müller”\n", "t.csv", "cp1252", "cp1252", {"delimiter": ";"}),
    "Polish": (
        "a,b\n1,zażółć gęślą jaźń\n2,Wójcik Żółć źdźbło\n3,pięć łąk i śnieg\n",
        "t.csv",
        "cp1250",
        "cp1250",
        {},
    ),
    "Arabic": ("a,b\n1,حماية الأطفال\n2,التحالف العالمي\n3,الدول الأعضاء\n", "t.csv", "cp1256", "cp1256", {}),
    "utf-16": ("a,b\n1,Müller\n", "t.csv", "utf-16", "utf-16", {}),
    "tabs": ("a\tb\n1\tMüller\n", "t.tsv", "utf-8", "utf-8", {}),
    "tabs in a csv": ("a\tb\n1\tMüller\n2\tx\n", "t.csv", "utf-8", "utf-8", {"delimiter": "\t"}),
    "one column": ("name\nMüller\nÇelik\n", "t.csv", "utf-8", "utf-8", {}),
}


@pytest.mark.parametrize("case", FILES)
def test_encoding_and_dialect_are_pinned(engine: Engine, tmp_path: Path, case: str) -> None:
    text, name, encoding, expected, dialect = FILES[case]
    found = draft(engine, tmp_path, text, name=name, encoding=encoding)
    assert (found.encoding, dict(found.dialect)) == (expected, dialect)
    assert found.rows == text.count("\n") - 1
    guessed = encoding in {"latin-1", "cp1252", "cp1250", "cp1256"}
    assert any("not UTF-8" in item for item in found.remarks) == guessed


@pytest.mark.parametrize("text", ["", "\n", "\ufeff"])
def test_an_empty_file_is_named(engine: Engine, tmp_path: Path, text: str) -> None:
    with pytest.raises(ProjectError, match=r"table\.csv: (is empty|cannot be read)"):
        draft(engine, tmp_path, text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200) | st.text(alphabet='a1,;"\n\r\t é\0ب', max_size=80).map(str.encode))
@example(body=b'a,b\n"x\n')
@example(body=b"a,a,\n1,2,3,4\n")
@example(body=b"\xff\xfea")
def test_any_bytes_are_a_draft_or_an_error_with_a_place(engine: Engine, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(body)
    try:
        found = read_draft(engine, path, "any")
    except ProjectError as error:
        at = error.message
    else:
        at = str(path) if found.fields else ""
    assert str(path) in at
    assert path.read_bytes() == body


def keyed(engine: Engine, folder: Path, **tables: str) -> tuple[list[Draft], dict[str, tuple[str, ...]]]:
    drafts = [draft(engine, folder, text, name=f"{name}.csv") for name, text in tables.items()]
    return drafts, {item.name: find_key(engine, item) for item in drafts}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("id,name\n1,x\n2,y\n", ("id",)),
        ("name,member_id\nx,1\ny,2\n", ("member_id",)),
        ("name,age\nx,1\ny,1\n", ("name",)),
        ("id,name\n1,x\n1,y\n", ("id", "name")),
        ("id,name\n1,x\n,y\n", ()),
        ("id,name\n1,x\n-,y\n3,z\n", ()),
        ("country,year,value\nDE,2020,1\nDE,2021,1\nFR,2020,1\n", ("country", "year")),
        ("a,b\nx,1\nx,1\n", ()),
        ("price,name\n1.5,x\n2.5,x\n", ()),
        ("name\nx\n", ()),
    ],
)
def test_a_key_is_full_and_unique_and_named_as_one_or_first(
    engine: Engine, tmp_path: Path, text: str, key: tuple[str, ...]
) -> None:
    assert keyed(engine, tmp_path, table=text)[1]["table"] == key


def test_references_are_columns_named_after_a_key_or_a_table(engine: Engine, tmp_path: Path) -> None:
    drafts, keys = keyed(
        engine,
        tmp_path,
        members="iso2,name\nDE,x\nFR,y\nNA,z\n",
        schools="id,member,home_iso2,size\n1,DE,DE,1\n2,NA,,2\n3,FR,XX,3\n",
        visits="id,school_id,size\n7,1,2\n8,,3\n9,3,1\n",
    )
    found = [
        (f"{item.table}.{item.column}", item.other, item.missing) for item in find_references(engine, drafts, keys)
    ]
    assert found == [
        ("schools.member", "members", 0),
        ("schools.home_iso2", "members", 1),
        ("visits.school_id", "schools", 0),
    ]


def test_the_keys_of_the_shipped_tables_are_found_again(engine: Engine) -> None:
    package = read_package(ROOT / "datasets" / "global-alliance" / "datapackage.yaml", project_root=ROOT)
    drafts = [read_draft(engine, item.paths[0], item.name) for item in package.tables]
    for found, item in zip(drafts, package.tables, strict=True):
        assert set(find_key(engine, found)) <= set(item.primary_key)
        assert len(item.primary_key) > 1 or find_key(engine, found) == item.primary_key


@pytest.mark.parametrize(
    ("text", "name"),
    [("Members List (2020)", "members_list_2020"), ("données", "données"), ("أعضاء", "أعضاء"), ("...", "table")],
)
def test_any_file_name_gives_a_name(text: str, name: str) -> None:
    assert table_name(text) == name


def project(engine: Engine, sources: Path, root: Path, name: str = "pets") -> None:
    drafts = [read_draft(engine, path, table_name(path.stem)) for path in find_sources(sources)]
    keys = {item.name: find_key(engine, item) for item in drafts}
    write_project(root, name, drafts, keys, list(find_references(engine, drafts, keys)))


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "Cats (old).csv").write_bytes("id;name;born\n1;Mïnka;31.12.2019\n2;Tïger;01.02.2020\n".encode("latin-1"))
    (folder / "visits.csv").write_bytes(b"\xef\xbb\xbfid,weight\n1,3.5\n2,\n")
    return folder


def test_the_project_is_valid_and_says_what_is_to_be_filled_in(engine: Engine, tmp_path: Path, sources: Path) -> None:
    root = tmp_path / "project"
    project(engine, sources, root)
    package = read_package(root / "datasets" / "pets" / "datapackage.yaml", project_root=root)
    assert validate_package(package).valid
    assert find_unfinished(package)[:5] == (
        "title",
        "description",
        "licenses.0.name",
        "sources.0.title",
        "cats_old: title",
    )
    for before, after in (("Cats (old).csv", "cats_old.csv"), ("visits.csv", "visits.csv")):
        assert (root / "datasets" / "pets" / after).read_bytes() == (sources / before).read_bytes()


def test_no_file_is_ever_overwritten(engine: Engine, tmp_path: Path, sources: Path) -> None:
    root = tmp_path / "project"
    (root / "schemas").mkdir(parents=True)
    for name in ("Makefile", ".gitignore", "schemas/visits.json"):
        (root / name).write_text("{}", encoding="utf-8")
    project(engine, sources, root)
    assert {(root / name).read_text() for name in ("Makefile", ".gitignore", "schemas/visits.json")} == {"{}"}
    own = json.loads((root / "datasets" / "pets" / "schemas" / "visits.json").read_text(encoding="utf-8"))
    assert [item["name"] for item in own["fields"]] == ["id", "weight"]
    everything = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="there is a package already"):
        project(engine, sources, root)
    project(engine, sources, root, "others")
    assert {path: path.read_bytes() for path in everything} == everything


def test_a_pyproject_of_somebody_else_is_left_alone(engine: Engine, tmp_path: Path, sources: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(UsageError, match=r"has no \[tool.publisher\]"):
        project(engine, sources, tmp_path)
    assert not (tmp_path / "datasets").exists()


def test_tables_in_the_package_folder_stay_where_they_are(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "pets"
    folder.mkdir(parents=True)
    (folder / "My Cats.csv").write_text("id,name\n1,Minka\n")
    project(engine, folder, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["My Cats.csv", "datapackage.yaml"]


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no CSV file"):
        find_sources(tmp_path)
