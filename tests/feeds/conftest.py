"""The Alliance in three releases, and everything that feeds make of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from publisher.engine import Engine, open_engine
from publisher.feeds import build_description, build_root, make_card
from publisher.package.published import Published, read_release
from publisher.store.memory import MemoryStore
from tests.shelf import Shelf, derive, three_releases

BASE = "https://data.example.org/open/"
PACKAGE = "global-alliance"


@dataclass(frozen=True)
class Library:
    """`objects` were made with a public address, `relative` without one; `before` are those of release 1.0.1."""

    store: MemoryStore
    shelf: Shelf
    objects: dict[str, bytes]
    relative: dict[str, bytes]
    latest: Published


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("feeds")
    store = MemoryStore()
    shelf = three_releases(store, folder / "shelf")
    objects, relative = derive(store, PACKAGE, folder / "one", BASE), derive(store, PACKAGE, folder / "two")
    latest = read_release(store, PACKAGE, "1.1.0", folder / "one")
    for name, (base, found) in {"three": (BASE, objects), "four": ("", relative)}.items():
        found |= root_objects(folder / name, latest, base)
    return Library(store, shelf, objects, relative, latest)


def root_objects(folder: Path, latest: Published, base: str) -> dict[str, bytes]:
    folder.mkdir()
    with open_engine(folder) as engine:
        return root_of(engine, latest, base, ("en", "ar", "fr"))


def root_of(engine: Engine, latest: Published, base: str, languages: tuple[str, ...]) -> dict[str, bytes]:
    """What a store of this package alone has, and the package's own description."""
    how: dict[str, Any] = {"base_url": base, "languages": languages}
    card = make_card(engine, latest, whole=True, **how)
    return dict(build_description(engine, latest, **how)) | dict(build_root([card], whole=True, **how))
