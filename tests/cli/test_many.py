"""`publisher publish` of several packages: a line each, one exit code, status.json for all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.program import publisher
from tests.cli.small import make_project
from tests.tools import load


@pytest.fixture
def several(tmp_path: Path) -> Path:
    root = make_project(tmp_path)
    for name in ("other", "third"):
        shutil.copytree(root / "datasets/small", root / "datasets" / name)
        path = root / "datasets" / name / "datapackage.yaml"
        path.write_text(path.read_text().replace("name: small", f"name: {name}", 1))
    return root


def test_all_packages_whatever_becomes_of_one(several: Path) -> None:
    load("distributed")
    (several / "datasets/other/things.csv").write_text("id,word\nx,y\n")
    done = publisher(several, "publish", "--all", "--cluster", "local:2")
    assert done.returncode == 1
    assert "small: small 1.0.0 published" in done.stdout
    assert "third: third 1.0.0 published" in done.stdout
    assert "2 of 3 packages are up to date; not published: other" in done.stdout
    assert "other: not published: other: 2 findings" in done.stderr
    assert "istributed" not in done.stderr
    assert "worker" not in done.stderr
    status = json.loads((several / "public/status.json").read_text())
    assert {item["name"]: item["last_attempt"]["outcome"] for item in status["packages"]} == {
        "other": "invalid",
        "small": "published",
        "third": "published",
    }


def test_some_packages_as_json(several: Path) -> None:
    done = publisher(several, "publish", "small", "third", "--json")
    assert done.returncode == 0
    packages = json.loads(done.stdout)["packages"]
    assert [(item["name"], item["outcome"], item["version"]) for item in packages] == [
        ("small", "published", "1.0.0"),
        ("third", "published", "1.0.0"),
    ]
    assert not (several / "public/other").exists()


@pytest.mark.parametrize(
    "arguments", [("--all", "small"), ("small", "other", "--expect", "1.0.0"), ("--all", "--level", "major")]
)
def test_what_is_about_one_package_is_refused(several: Path, arguments: tuple[str, ...]) -> None:
    done = publisher(several, "publish", *arguments)
    assert (done.returncode, "about one package" in done.stderr) == (2, True)
