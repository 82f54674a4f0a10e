"""What tests share: the folder of test material outside the project, and skips that a full run turns into failures."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
FULL = os.environ.get("PUBLISHER_FULL") == "1"
"""Whether everything is tried, for which nobody waits: all rounds, points and pairs, where else a part of them is."""
SHARED = Path(os.environ.get("PUBLISHER_SHARED", ROOT.parent / "shared"))


def require(available: object, reason: str) -> None:
    """Skip the test where a tool is missing; fail where REQUIRE_ALL=1 says that nothing may be missing."""
    if available:
        return
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(f"REQUIRE_ALL=1, but: {reason}")
    pytest.skip(reason, allow_module_level=True)


def load(name: str) -> ModuleType:
    """A module of an extra; where it is missing, as `require`."""
    require(find_spec(name), f"{name} is not installed")
    return import_module(name)


def shared(path: str) -> Path:
    """A file of the test material; skips (never fails) where the material is absent, since the project stands without it."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"no {path}: the shared test material is not beside this checkout")
    return found
