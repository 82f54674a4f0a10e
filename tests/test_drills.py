"""The drills of docs/operations.md are run as they are written there, and print what is printed there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from publisher import layout
from publisher.errors import OutcomeUnknown, Unavailable
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package
from publisher.store.base import Stat
from publisher.store.memory import MemoryStore
from publisher.store.retry import NEVER
from tests.cli.conftest import small  # noqa: F401 - asked for by name
from tests.cli.program import CLEAN
from tests.tools import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def drills() -> list[tuple[str, list[str]]]:
    """Commands and the lines they print, in the order of the page."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```", PAGE.partition("\n## Drills\n")[2], re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def pattern(lines: list[str]) -> re.Pattern[str]:
    """`…` stands for anything in a line; alone, for any number of lines."""
    parts = [r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r" *\n" for line in lines]
    return re.compile("".join(parts))


def test_every_drill_does_what_its_page_says(small: Path) -> None:  # noqa: F811
    program = small / "bin" / "publisher"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m publisher "$@"\n')
    program.chmod(0o755)
    environment = CLEAN | {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }
    commands = drills()
    assert len(commands) > 25
    for command, lines in commands:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=small,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert pattern(lines).fullmatch(done.stdout), f"$ {command}\n{done.stdout}"


class Silent(MemoryStore):
    """Carries the publishing request out, and is not heard of for a while afterwards."""

    silent = lost = False

    def put(self, key: str, *arguments: object, **more: object) -> Stat:  # type: ignore[override]
        done = super().put(key, *arguments, **more)  # type: ignore[arg-type]
        if key == layout.pointer("pets") and not self.lost:
            self.silent = self.lost = True
        if self.silent:
            raise Unavailable("no answer")
        return done

    def read(self, key: str) -> tuple[bytes, Stat]:
        if self.silent:
            raise Unavailable("no answer")
        return super().read(key)


def test_an_unknown_outcome_is_told_and_cleared_up_by_running_again(small: Path) -> None:  # noqa: F811
    package = read_package(small / "datasets" / "pets" / "datapackage.yaml", project_root=small)
    store = Silent()
    run = Run(store, Settings(), retry=NEVER)
    with pytest.raises(OutcomeUnknown) as caught:
        publish_package(run, package, Wishes())
    said = str(caught.value).replace("1.0.0", "1.1.0").replace(store.url, "s3://open-data/pets")
    assert said in PAGE
    assert caught.value.exit_code == 5
    store.silent = False
    again = publish_package(run, package, Wishes())
    assert (again.outcome, again.version) == ("unchanged", "1.0.0")
