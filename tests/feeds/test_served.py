"""Tables beyond what single records are good for are left to their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from publisher.feeds.served import ROWS, served
from publisher.package.published import read_release
from publisher.store.memory import MemoryStore
from tests.shelf import three_releases


def test_large_tables_are_read_as_files(tmp_path: Path) -> None:
    store = MemoryStore()
    three_releases(store, tmp_path)
    published = read_release(store, "global-alliance", "1.1.0", tmp_path)
    assert served(published) is published
    first, *others = published.info.tables
    large = replace(published, info=replace(published.info, tables=(replace(first, rows=ROWS + 1), *others)))
    assert served(large).info.tables == tuple(others)
