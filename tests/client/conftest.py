"""Web servers that a client reads from: a published folder as a bucket would serve it, with a good line and with a bad one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from publisher import layout
from publisher.cli.preview import serve
from publisher.store.files import FileStore
from publisher.store.retry import Retry
from tests.servers.fixtures import ceph
from tests.servers.threads import running
from tests.shelf import Shelf

__all__ = ["ceph", "published", "site"]

QUICK = Retry(tries=40, first=0.001, most=0.005, budget=120.0)
"""Many tries in no time: what fails in these tests fails at random."""


@dataclass
class Site:
    """`root` is served at `address`; releases are put there through `shelf`."""

    root: Path
    address: str
    shelf: Shelf

    def release(self, package: str, version: str) -> dict[str, bytes]:
        """The files of a release as they were published."""
        folder = self.root / package / "v" / version
        return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    root = tmp_path / "public"
    store = FileStore(root, layout.headers)
    root.mkdir()
    with running(serve(root, 0)) as address:
        yield Site(root, address, Shelf(store, tmp_path / "shelf"))


def published(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
