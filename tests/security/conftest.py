"""Drivers for the attack suite, started once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.sandbox import WORKERS, Driver, Sandbox, open_drivers


@pytest.fixture(scope="session")
def drivers() -> Iterator[list[Driver]]:
    with open_drivers(WORKERS) as drivers:
        yield drivers


@pytest.fixture
def sandbox(drivers: list[Driver], tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path, drivers)
