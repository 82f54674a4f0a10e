"""A command that is stopped in the middle of its work: nothing of it stays on the machine or in the store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import CLEAN, publisher
from tests.tools import load


@pytest.mark.parametrize(("cluster", "number"), [("", signal.SIGINT), ("local:1", signal.SIGTERM)])
def test_nothing_is_left_behind(tmp_path: Path, cluster: str, number: signal.Signals) -> None:
    if cluster:
        load("distributed")
    psutil = load("psutil")
    variables = make_project(tmp_path, held=True)
    more = ("--cluster", cluster) if cluster else ()
    command = [sys.executable, "-m", "publisher", "publish", "p", *more]
    with subprocess.Popen(command, cwd=tmp_path, env=CLEAN | variables, stderr=subprocess.PIPE, text=True) as process:
        with (tmp_path / "begun").open() as begun:
            begun.read(1)
        others = psutil.Process(process.pid).children(recursive=True)
        assert bool(others) == bool(cluster)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 130
    psutil.wait_procs(others, timeout=20)
    assert not [item for item in others if item.is_running()]
    assert not list((tmp_path / "tmp").iterdir())
    assert not [path for path in (tmp_path / "public").rglob("*") if path.is_file() and ".publisher" not in path.parts]
    assert publisher(tmp_path, "publish", "p", **make_project(tmp_path, held=False)).returncode == 0


HOLD = """
import threading
from publisher.load import large
large.PARTED = 1
import publisher.validate.partwise as partwise
if {held}:
    real = partwise.read_part
    def read_part(engine, rules, path, folder):
        with open({begun!r}, "w") as begun:
            begun.write("x")
        threading.Event().wait()
    partwise.read_part = read_part
"""


def make_project(root: Path, *, held: bool) -> dict[str, str]:
    """A project with a table of four parts. Out: variables with which its first part never ends where `held`."""
    folder = root / "datasets/p"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(4):
        (folder / f"{number}.csv").write_text(f"id\n{number}\n")
    table = {"name": "t", "path": [f"{number}.csv" for number in range(4)], "schema": {"fields": [{"name": "id"}]}}
    (folder / "datapackage.json").write_text(json.dumps({"name": "p", "resources": [table]}))
    (root / "pyproject.toml").write_text('[tool.publisher]\ntarget = "public"\n')
    (root / "tmp").mkdir(exist_ok=True)
    (root / "site").mkdir(exist_ok=True)
    if held and not (root / "begun").exists():
        os.mkfifo(root / "begun")
    (root / "site/sitecustomize.py").write_text(HOLD.format(held=held, begun=str(root / "begun")))
    path = os.pathsep.join([str(root / "site"), *filter(None, [os.environ.get("PYTHONPATH", "")])])
    return {"PYTHONPATH": path, "TMPDIR": str(root / "tmp")}
