"""A copy of the shipped project to work in, and the program as a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.servers.fixtures import ceph, moto  # noqa: F401 - fixtures that the tests of this folder ask for by name
from tests.tools import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The shipped project, to be changed at will."""
    for name in ("datasets", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name)
    settings = '[tool.publisher]\ntarget = "public"\nlanguages = ["en", "ar", "fr"]\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    return tmp_path
