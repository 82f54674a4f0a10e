"""A project to work in, and web servers with certificates of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.project import Settings
from tests.servers.fixtures import moto
from tests.sources.world import World
from tests.web.conftest import certificates, plain, secure
from tests.web.server import Certificates

__all__ = ["certificates", "moto", "plain", "secure", "world"]

HERE = frozenset({"127.0.0.1"})


@pytest.fixture
def world(tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> World:
    """Our authority is trusted as an administrator would have it: by SSL_CERT_FILE, which OpenSSL reads."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.path))
    settings = Settings(cache=str(tmp_path / "cache"), allow_hosts=HERE)
    return World(tmp_path, settings)
