"""Reading the project's files: what is refused, and that every refusal names the file and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.errors import ProjectError
from publisher.project.files import inside, read_object, refuse_unknown


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", '{"a": 1, "a": 2}', "stands twice"),
        ("a.json", '{"a": NaN}', "NaN is not a JSON value"),
        ("a.json", '{"a": ', "a.json:1:7"),
        ("a.json", "[1]", "must hold an object, found a list"),
        ("a.json", '{"a":' * 70 + "1" + "}" * 70, "nested deeper"),
        ("a.json", "[" * 100_000, "a.json"),
        ("a.yaml", "a: 1\na: 2\n", "a.yaml:2:1"),
        ("a.yaml", "a: &x [1]\nb: *x\n", "aliases are not allowed"),
        ("a.yaml", "a: !!python/object/apply:os.system [id]\n", "not YAML that can be used"),
        ("a.yaml", "a: [1\n", "not YAML that can be used"),
        ("a.yaml", "- 1\n", "must hold an object"),
    ],
)
def test_refused_with_the_file_named(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = write(tmp_path, name, text)
    with pytest.raises(ProjectError, match=says.replace("(", r"\(")) as caught:
        read_object(path)
    assert str(path) in caught.value.message


def test_yaml_keeps_dates_as_text(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "created: 2012-12-05\nat: 06:00\nrows: 55\n")
    assert read_object(path)["created"] == "2012-12-05"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert read_object(write(tmp_path, "a.json", '\ufeff{"a": 1}')) == {"a": 1}


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "members.json", "{}")
    with pytest.raises(ProjectError) as caught:
        read_object(tmp_path / "member.json")
    assert caught.value.remedy == "Did you mean members.json?"


@pytest.mark.parametrize(
    "reference",
    ["../a.csv", "/etc/passwd", "a/../../b", "", ".", "a\\b", "http://a.example/b", "file:///etc/passwd", "a\0"],
)
def test_references_stay_inside(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ProjectError):
        inside(reference, tmp_path, where="here")


def test_a_link_that_leaves_is_refused(tmp_path: Path) -> None:
    outside = write(tmp_path, "secret.csv", "a\n")
    package = tmp_path / "package"
    package.mkdir()
    (package / "a.csv").symlink_to(outside)
    with pytest.raises(ProjectError, match="a link that leaves"):
        inside("a.csv", package, where="here")


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    with pytest.raises(ProjectError) as caught:
        refuse_unknown(["scedule"], ["schedule", "languages"], "package x")
    assert caught.value.remedy == "Did you mean schedule?"
