"""Settings: every one documented, checked and overridable; a typo is refused with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.errors import UsageError
from publisher.project import SETTINGS, Settings, find_project, read_settings
from tests.tools import ROOT


def test_defaults() -> None:
    assert read_settings({}, {}, "here") == Settings()


def test_the_environment_wins() -> None:
    settings = read_settings(
        {"target": "a"}, {"PUBLISHER_TARGET": "s3://bucket/prefix", "PUBLISHER_SINGLE_WRITER": "true"}, "here"
    )
    assert settings.target == "s3://bucket/prefix"
    assert settings.single_writer


@pytest.mark.parametrize("written", [({"targt": "a"}, {}), ({}, {"PUBLISHER_TARGT": "a"})])
def test_an_unknown_setting_is_refused_with_the_nearest(written: tuple[dict[str, str], dict[str, str]]) -> None:
    with pytest.raises(UsageError) as caught:
        read_settings(*written, "here")
    assert caught.value.remedy == "Did you mean target?"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target", ""),
        ("target", "ftp://host/x"),
        ("base_url", "data.example.org"),
        ("base_url", "https://data.example.org/?a=1"),
        ("languages", []),
        ("languages", ["en", "de"]),
        ("languages", ["en", "en"]),
        ("single_writer", "perhaps"),
        ("retention_releases", 0),
        ("retention_days", "-1"),
        ("retention_days", True),
        ("memory", "lots"),
        ("query_seconds", "١٠"),
    ],
)
def test_a_wrong_value_is_refused_with_the_meaning(name: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        read_settings({name: value}, {}, "here")
    assert name in caught.value.message
    assert caught.value.remedy == SETTINGS[name].meaning


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, setting in SETTINGS.items():
        assert f"`{name}`" in text
        assert f"`PUBLISHER_{name.upper()}`" in text
        assert setting.meaning in text


def test_the_nearest_project_is_found(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.publisher]\ntarget = "out"\n')
    inner = tmp_path / "datasets" / "a"
    inner.mkdir(parents=True)
    (inner / "datapackage.json").write_text("{}")
    project = find_project(inner, {})
    assert project.root == tmp_path
    assert project.settings.target == "out"
    assert project.packages == ("a",)


def test_no_project_is_fine(tmp_path: Path) -> None:
    assert find_project(tmp_path, {"PUBLISHER_TARGET": "x"}).settings.target == "x"
