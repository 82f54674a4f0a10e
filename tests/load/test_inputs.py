"""Files are found, hashed and identified; whatever decides a release changes its identity."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from publisher.errors import ProjectError
from publisher.load import load, make_plain
from publisher.model import Check, Package, Resource


def make(folder: Path) -> Package:
    (folder / "members.csv").write_text("a\n1\n")
    table = Resource(
        "members", (folder / "members.csv",), {"fields": [{"name": "a"}]}, {}, "utf-8", {"name": "members"}
    )
    return Package("p", folder, {"name": "p"}, (table,))


def test_files_are_hashed(tmp_path: Path) -> None:
    loaded = load(make(tmp_path), read_at="2025-01-01T00:00:00Z")
    (file,) = loaded.files["members"]
    assert (file.bytes, file.sha256) == (4, hashlib.sha256(b"a\n1\n").hexdigest())


def test_identity_follows_everything_that_decides(tmp_path: Path) -> None:
    first = make(tmp_path)
    table = first.resources[0]
    variants = [
        first,
        replace(first, descriptor={"name": "p", "title": "x"}),
        replace(first, settings={"message": "x"}),
        replace(first, checks=(Check("c", tmp_path / "c.sql", "SELECT 1"),)),
        replace(first, resources=(replace(table, schema={"fields": [{"name": "a", "type": "integer"}]}),)),
        replace(first, resources=(replace(table, dialect={"delimiter": ";"}),)),
    ]
    assert len({load(item, read_at="now").inputs for item in variants}) == len(variants)
    assert load(first, read_at="later").inputs == load(first, read_at="now").inputs
    (tmp_path / "members.csv").write_text("a\n2\n")
    assert load(first, read_at="now").inputs != load(variants[1], read_at="now").inputs


def test_a_missing_file_is_named_with_its_neighbour(tmp_path: Path) -> None:
    package = make(tmp_path)
    (tmp_path / "members.csv").rename(tmp_path / "member.csv")
    with pytest.raises(ProjectError, match=r"table members does not exist\n.*member\.csv"):
        load(package, read_at="now")


def test_an_archive_holds_one_file(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", "a\n")
        archive.writestr("b.csv", "a\n")
    with pytest.raises(ProjectError, match="holds 2 files"):
        make_plain([tmp_path / "t.zip"], "utf-8", tmp_path, header=True, where="t")


def test_parts_that_do_not_end_their_line(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(f"h\n{name}")
    plain = make_plain([tmp_path / "a", tmp_path / "b"], "utf-8", tmp_path, header=True, where="t")
    assert plain.path.read_text() == "h\na\nb\n"


def test_an_unknown_encoding(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("h\n")
    with pytest.raises(ProjectError, match="unknown encoding"):
        make_plain([tmp_path / "a"], "utf-99", tmp_path, header=True, where="t")
