"""The program as people and machines run it. In: a folder, arguments, variables. Out: the finished process."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

FOREIGN = ("PUBLISHER_", "AWS_", "GITHUB_", "GITLAB_", "CI")
"""Variables that mean something to the program: a test sets those that it wants."""
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
SECONDS = 120
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["publisher.cli.publish", "publisher.run.derived", "publisher.package.workbook"])
"""A process that has loaded what the program loads, which takes longer than most of what tests ask of it. Each call is a fork of that one,
so a process of its own."""


def publisher(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `publisher` in a project's folder, with no settings of the caller's own."""
    environment = CLEAN | {"COLUMNS": "120"} | variables
    if "PYTHONPATH" in variables:
        return begin(project, arguments, environment)
    with tempfile.TemporaryDirectory() as name:
        said = [Path(name) / stream for stream in ("stdout", "stderr")]
        process = _FORKS.Process(target=_run, args=(project, arguments, environment, said))
        process.start()
        process.join(SECONDS)
        if process.is_alive():
            process.kill()
            raise subprocess.TimeoutExpired(arguments, SECONDS)
        texts = [path.read_text(encoding="utf-8") for path in said]
        return subprocess.CompletedProcess(arguments, process.exitcode or 0, *texts)


def begin(project: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A process from its beginning."""
    return subprocess.run(
        [sys.executable, "-m", "publisher", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _run(project: Path, arguments: Sequence[str], environment: Mapping[str, str], said: Sequence[Path]) -> None:
    """In the fork: what `python -m publisher` does."""
    from publisher.cli import main

    os.chdir(project)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    tempfile.tempdir = None
    for number, path in enumerate(said, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.argv = ["publisher", *arguments]
    try:
        main()
    finally:
        atexit._run_exitfuncs()
