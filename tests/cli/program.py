"""The program as people and machines run it. In: a folder, arguments, variables. Out: the finished process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOREIGN = ("PUBLISHER_", "AWS_", "GITHUB_", "GITLAB_", "CI")
"""Variables that mean something to the program: a test sets those that it wants."""
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}


def publisher(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `publisher` in a project's folder, with no settings of the caller's own."""
    return subprocess.run(
        [sys.executable, "-m", "publisher", *arguments],
        cwd=project,
        env=CLEAN | {"COLUMNS": "120"} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
