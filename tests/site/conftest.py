"""The Alliance's site, built once."""

from __future__ import annotations

import pytest

from publisher.store.memory import MemoryStore
from tests.shelf import three_releases
from tests.site.world import BASE, World, build_site, publish_alliance


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The site without an address of its own, every link relative."""
    return publish_alliance(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The site of three releases, one of them withdrawn, with an address."""
    folder = tmp_path_factory.mktemp("past")
    store = MemoryStore()
    shelf = three_releases(store, folder / "shelf")
    shelf.yank("global-alliance", "1.0.1", "A value was wrong")
    return World(store, folder, build_site(store, folder / "scratch", BASE))
