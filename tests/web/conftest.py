"""A certificate authority of our own, and servers that use it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.server import Certificates, Server, run_server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure(certificates: Certificates) -> Iterator[Server]:
    with run_server(certificates.server) as server:
        yield server


@pytest.fixture
def plain() -> Iterator[Server]:
    with run_server() as server:
        yield server
