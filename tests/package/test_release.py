"""A release is complete, names every byte, depends on nothing but its content, and does not write twice what did not change."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from publisher.canonical import sha256_file
from publisher.errors import UsageError
from publisher.model import File, Package
from publisher.package.descriptor import identity
from publisher.package.release import write_canonical
from publisher.query import derive
from tests.package.making import CREATED, checked, document, opened, package, publish, query, serialise, sums, table

MEMBERS: dict[str, Any] = {
    "fields": [{"name": "code", "type": "string"}, {"name": "joined", "type": "date"}],
    "primaryKey": "code",
}
GOALS: dict[str, Any] = {"fields": [{"name": "id", "type": "integer"}], "primaryKey": ["id"]}
COUNT: dict[str, Any] = {
    "fields": [{"name": "year", "type": "year"}, {"name": "members", "type": "integer"}],
    "primaryKey": ["year"],
}
SQL = "SELECT year(joined) AS year, count(*) AS members FROM members GROUP BY ALL ORDER BY year"
ROWS: dict[str, list[list[str | None]]] = {
    "members": [["AT", "2012-12-05"], ["AL", "2014-01-01"]],
    "goals": [["2"], ["1"]],
}


def example(**descriptor: Any) -> Package:
    return package(
        table("members", MEMBERS, title="Members"), table("goals", GOALS), query("by_year", COUNT, SQL), **descriptor
    )


def content(folder: Path, of: Package, rows: dict[str, list[list[str | None]]]) -> str:
    with opened(folder) as engine:
        tables = derive(checked(engine, of, rows), engine)
        return identity(tables, write_canonical(engine, tables, folder / "release"))


def test_every_file_is_named_once_with_its_bytes(tmp_path: Path) -> None:
    release = publish(tmp_path, example(), ROWS)
    folder = tmp_path / "release"
    names = [file.name for file in release.files]
    assert sorted(names) == sorted(
        [
            f"{name}.{suffix}"
            for name in ("members", "goals", "by_year")
            for suffix in ("csv", "json", "ndjson", "parquet")
        ]
        + ["datapackage.json", "validation.json", "SHA256SUMS"]
    )
    assert names[-1] == "datapackage.json"
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    for file in release.files:
        assert file.path == folder / file.name
        assert (file.bytes, file.sha256) == ((folder / file.name).stat().st_size, sha256_file(folder / file.name))


def test_sha256sum_accepts_the_folder_and_names_everything_but_its_own_list(tmp_path: Path) -> None:
    release = publish(tmp_path, example(), ROWS)
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=tmp_path / "release", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    listed = [line.split("  ", 1)[1] for line in (tmp_path / "release" / "SHA256SUMS").read_text().splitlines()]
    assert listed == sorted(file.name for file in release.files if file.name != "SHA256SUMS")


def test_the_descriptor_names_the_files_of_all_formats(tmp_path: Path) -> None:
    found = sums(publish(tmp_path, example(title="Example", licenses=[{"name": "CC-BY-4.0"}]), ROWS))
    descriptor = document(tmp_path)
    assert (descriptor["version"], descriptor["created"], descriptor["title"]) == ("1.0.0", CREATED, "Example")
    assert [item["name"] for item in descriptor["resources"]] == ["members", "goals", "by_year"]
    members = descriptor["resources"][0]
    assert (members["type"], members["path"], members["rows"], members["encoding"]) == (
        "table",
        "members.csv",
        2,
        "utf-8",
    )
    assert members["dialect"]["lineTerminator"] == "\n"
    for file in (members, *members["formats"]):
        path = tmp_path / "release" / file["path"]
        assert (file["hash"], file["bytes"]) == (f"sha256:{found[file['path']]}", path.stat().st_size)
    assert [file["format"] for file in members["formats"]] == ["json", "ndjson", "parquet"]


def test_what_steers_the_publication_stays_behind_and_the_sql_is_shown(tmp_path: Path) -> None:
    resource = table("goals", GOALS, publisher={"min_rows": 1, "deprecated": {"since": "1.0.0"}})
    of = package(
        resource, query("count", GOALS, "SELECT count(*) AS id FROM goals ORDER BY id"), publisher={"schedule": "daily"}
    )
    publish(tmp_path, of, {"goals": [["1"]]})
    text = (tmp_path / "release" / "datapackage.json").read_text()
    goals, count = document(tmp_path)["resources"]
    assert "publisher" not in text
    assert goals["deprecated"] == {"since": "1.0.0"}
    assert "query" not in goals
    assert count["query"] == "SELECT count(*) AS id FROM goals ORDER BY id"


def test_content_does_not_depend_on_clock_version_or_order_of_the_source(tmp_path: Path) -> None:
    first = content(tmp_path / "a", example(version="7.0.0", created="1999-01-01T00:00:00Z"), ROWS)
    other = {"members": ROWS["members"][::-1], "goals": ROWS["goals"][::-1]}
    assert content(tmp_path / "b", example(), other) == first


@pytest.mark.parametrize(
    "changed",
    [
        example(title="Another"),
        package(table("members", MEMBERS, title="Other"), table("goals", GOALS), query("by_year", COUNT, SQL)),
        package(
            table("members", MEMBERS, title="Members"), table("goals", GOALS), query("by_year", COUNT, SQL + " DESC")
        ),
        package(
            table("members", MEMBERS | {"title": "x"}, title="Members"),
            table("goals", GOALS),
            query("by_year", COUNT, SQL),
        ),
    ],
)
def test_content_depends_on_everything_that_is_said(tmp_path: Path, changed: Package) -> None:
    assert content(tmp_path / "a", example(), ROWS) != content(tmp_path / "b", changed, ROWS)


def test_content_depends_on_every_cell(tmp_path: Path) -> None:
    rows = ROWS | {"goals": [["2"], ["3"]]}
    assert content(tmp_path / "a", example(), ROWS) != content(tmp_path / "b", example(), rows)


def test_a_table_that_did_not_change_is_copied_and_keeps_the_version_it_was_written_with(tmp_path: Path) -> None:
    first = publish(tmp_path / "1", example(), ROWS)
    parent = document(tmp_path / "1")
    rows = ROWS | {"goals": [["1"], ["2"], ["3"]]}
    second = publish(tmp_path / "2", example(), rows, version="1.1.0", parent="1.0.0", parent_descriptor=parent)
    files = {file.name: file for file in second.files}
    for name in ("members.csv", "members.json", "members.ndjson", "members.parquet", "by_year.csv"):
        assert files[name] == File(name, files[name].bytes, sums(first)[name], None, f"example/v/1.0.0/{name}")
    assert files["goals.json"].copy_of is None
    versions = {item["name"]: item["version"] for item in document(tmp_path / "2")["resources"]}
    assert versions == {"members": "1.0.0", "goals": "1.1.0", "by_year": "1.0.0"}
    assert document(tmp_path / "2", "goals.json")["version"] == "1.1.0"
    assert document(tmp_path / "2")["resources"][0] == parent["resources"][0]
    third = publish(
        tmp_path / "3", example(), rows | {"members": ROWS["members"][:1]}, version="1.2.0", parent="1.1.0",
        parent_descriptor=document(tmp_path / "2"),
    )  # fmt: skip
    goals = next(file for file in third.files if file.name == "goals.json")
    assert goals.copy_of == "example/v/1.1.0/goals.json"
    assert document(tmp_path / "3")["resources"][1]["version"] == "1.1.0"


def test_a_table_with_another_schema_is_written_again(tmp_path: Path) -> None:
    publish(tmp_path / "1", example(), ROWS)
    described = json.loads(json.dumps(MEMBERS))
    described["fields"][0]["description"] = "now described"
    of = package(table("members", described, title="Members"), table("goals", GOALS), query("by_year", COUNT, SQL))
    second = publish(
        tmp_path / "2", of, ROWS, version="1.0.1", parent="1.0.0", parent_descriptor=document(tmp_path / "1")
    )
    copied = {file.name for file in second.files if file.copy_of}
    assert "members.json" not in copied
    assert "goals.json" in copied


def test_files_made_elsewhere_are_covered(tmp_path: Path) -> None:
    path = tmp_path / "changes.json"
    path.write_bytes(b"{}\n")
    release = publish(tmp_path, example(), ROWS, changes=(File("changes.json", 3, sha256_file(path), path),))
    assert "changes.json" in sums(release)
    assert f"{sha256_file(path)}  changes.json\n" in (tmp_path / "release" / "SHA256SUMS").read_text()


def test_a_folder_that_cannot_be_written_is_one_clear_message(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        tables = derive(checked(engine, example(), ROWS), engine)
        (tmp_path / "release").write_text("in the way")
        with pytest.raises(UsageError, match="release cannot be written"):
            write_canonical(engine, tables, tmp_path / "release")


def test_a_full_disk_is_one_clear_message(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        tables = derive(checked(engine, example(), ROWS), engine)
        folder = tmp_path / "release"
        folder.mkdir()
        (folder / "validation.json").symlink_to("/dev/full")
        with pytest.raises(UsageError, match="No space left"):
            serialise(engine, tables, folder)


def test_the_report_names_no_path_of_this_machine(tmp_path: Path) -> None:
    publish(tmp_path, example(), ROWS)
    assert str(tmp_path) not in (tmp_path / "release" / "validation.json").read_text()
    assert "/nowhere" not in (tmp_path / "release" / "validation.json").read_text()
