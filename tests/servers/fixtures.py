"""The places that tests publish to. In: the servers of this folder. Out: `place`: opens handles to one fresh, empty store of each kind.

A test that takes `place` runs on memory, a directory, moto and Ceph. Servers start when a test first needs them, once a session.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from publisher import layout
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.files import FileStore
from publisher.store.memory import MemoryStore
from tests.servers.bucket import Bucket
from tests.servers.ceph import find_ceph, run_ceph
from tests.servers.moto import run_moto
from tests.tools import require


@dataclass(frozen=True)
class Place:
    """Somewhere to publish. `open()` gives a new handle, as another process would have; `bucket` is None where there is none."""

    kind: str
    open: Callable[[], Store]
    bucket: Bucket | None = None
    root: Path | None = None

    @property
    def target(self) -> str:
        return self.bucket.target if self.bucket else str(self.root)

    @property
    def env(self) -> dict[str, str]:
        return dict(self.bucket.env) if self.bucket else {}


@pytest.fixture(scope="session")
def moto() -> Iterator[Bucket]:
    with run_moto() as bucket:
        yield bucket


@pytest.fixture(scope="session")
def ceph() -> Iterator[Bucket]:
    home = find_ceph()
    require(home, "no Ceph S3 gateway here: .ci/ceph.sh unpacks one")
    assert home is not None
    with run_ceph(home) as bucket:
        yield bucket


def open_place(kind: str, folder: Path, request: pytest.FixtureRequest) -> Place:
    """A fresh, empty store of a kind."""
    if kind == "memory":
        store = MemoryStore()
        return Place(kind, lambda: store)
    if kind == "files":
        root = folder / "store"
        return Place(kind, lambda: FileStore(root, layout.headers), root=root)
    bucket: Bucket = request.getfixturevalue(kind).fresh()
    return Place(kind, lambda: open_store(bucket.target, env=bucket.env), bucket=bucket)


CEPH = pytest.param("ceph", marks=pytest.mark.ceph)
KINDS: list[Any] = ["memory", "files", "moto", CEPH]
SHARED_KINDS: list[Any] = ["files", "moto", CEPH]
"""Those that several processes can open."""


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what is tested there is not the disk, and flushing it takes time."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return open_place(request.param, tmp_path, request)


@pytest.fixture(params=SHARED_KINDS)
def shared_place(request: pytest.FixtureRequest, quick_folder: Path) -> Place:
    return open_place(request.param, quick_folder, request)
