"""What browser tests need from outside: Debian's Chromium, npm packages. In: the environment. Out: paths; skips where they are missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.tools import require

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """Path of the browser; PUBLISHER_CHROMIUM overrides."""
    found = os.environ.get("PUBLISHER_CHROMIUM") or shutil.which("chromium") or ""
    require(found, "no chromium: apt-get install chromium")
    return found


def npm(name: str) -> Path:
    """A file of an npm package, below PUBLISHER_NPM or ~/.cache/publisher/npm (.ci/npm.sh fills it)."""
    home = Path(os.environ.get("PUBLISHER_NPM") or Path.home() / ".cache" / "publisher" / "npm")
    found = home / "node_modules" / name
    require(found.exists(), f"no npm package file {name}: run .ci/npm.sh")
    return found
