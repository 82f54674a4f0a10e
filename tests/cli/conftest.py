"""A copy of the shipped project to work in, and the program as a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.servers.fixtures import ceph, moto  # noqa: F401 - fixtures that the tests of this folder ask for by name
from tests.tools import ROOT

SMALL = """name: pets
title: Pets
resources:
  - name: cats
    title: Cats
    path: cats.csv
    schema:
      fields: [{name: id, type: integer}, {name: name, type: string}, {name: born, type: date}]
      primaryKey: id
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A project of one table, quick to publish."""
    folder = tmp_path / "small" / "datasets" / "pets"
    folder.mkdir(parents=True)
    (tmp_path / "small" / "pyproject.toml").write_text('[tool.publisher]\ntarget = "public"\n')
    (folder / "datapackage.yaml").write_text(SMALL)
    (folder / "cats.csv").write_text("id,name,born\n1,Minka,2019-05-01\n2,Tiger,2021-02-28\n")
    return tmp_path / "small"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The shipped project, to be changed at will; its pages in one language, which is quicker."""
    for name in ("datasets", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name)
    settings = '[tool.publisher]\ntarget = "public"\nlanguages = ["en"]\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    return tmp_path
