"""Drivers for the attack suite, started once a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.security.sandbox import WORKERS, Driver, Sandbox, open_driver


@pytest.fixture(scope="session")
def drivers() -> Iterator[list[Driver]]:
    with ExitStack() as stack:
        yield [stack.enter_context(open_driver()) for _ in range(WORKERS)]


@pytest.fixture
def sandbox(drivers: list[Driver], tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path, drivers)
