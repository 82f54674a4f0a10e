"""What we depend on is pinned, and a bill of materials names all of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec

from tests.tools import ROOT, require

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    return {plain(re.split(r"[\[<>=!~; ]", item, maxsplit=1)[0]) for item in requirements}


def plain(name: str) -> str:
    """As PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_everything_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {plain(line.partition("==")[0]) for line in lines if "==" in line}
    wanted = names(PROJECT["dependencies"]).union(*map(names, PROJECT["optional-dependencies"].values()))
    assert not wanted - pinned
    assert not [line for line in lines if line.strip() and not line.startswith("#") and "==" not in line]


def test_a_bill_of_materials_names_what_runs() -> None:
    require(find_spec("cyclonedx_py"), "no cyclonedx-bom here")
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", str(ROOT / "pyproject.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    bill = json.loads(done.stdout)
    assert bill["bomFormat"] == "CycloneDX"
    assert not names(PROJECT["dependencies"]) - {plain(item["name"]) for item in bill["components"]}
