"""A package's history, step by step. In: entries of its pointer, what each release says it changed. Out: Step."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.diff.lines import read_lines
from publisher.errors import NotFound
from publisher.model import Descriptor
from publisher.package.published import Published, fetch_file, read_document

READERS = 8
AHEAD = 64
"""Steps read at once."""


@dataclass(frozen=True, slots=True)
class Step:
    """An entry of the history. Of a release, `number` is its place on the line that leads to the latest one, from 0, and None beside that
    line; `changes` is its changes.json, `path` its changes.ndjson, None where no row changed. One that was removed by law has neither."""

    record: Mapping[str, Any]
    number: int | None
    changes: Descriptor
    path: Path | None

    @property
    def version(self) -> str:
        return str(self.record["version"])

    @property
    def is_release(self) -> bool:
        return bool(self.record["kind"] == "release")

    @property
    def is_there(self) -> bool:
        """Whether it tells what it changed."""
        return "to" in self.changes

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """Its row changes."""
        if self.path is not None:
            yield from read_lines(self.path)


def read_steps(
    published: Published, records: Iterable[Mapping[str, Any]], numbers: Mapping[str, int]
) -> Iterator[Step]:
    """Steps in the order of `records`, oldest first; `numbers` are those of the releases on the line. Raises Damaged."""
    left = iter(records)
    with ThreadPoolExecutor(READERS if published.store.remote else 1) as pool:
        while part := list(islice(left, AHEAD)):
            yield from pool.map(lambda record: _read(published, record, numbers), part)
            for record in part:
                shutil.rmtree(_scratch(published, record), ignore_errors=True)


def _read(published: Published, record: Mapping[str, Any], numbers: Mapping[str, int]) -> Step:
    version = str(record["version"])
    nothing: Descriptor = {"tables": [], "metadata": []}
    if record["kind"] != "release":
        return Step(record, None, nothing, None)
    try:
        changes = read_document(published.store, published.package, version, layout.CHANGES)
    except NotFound:
        return Step(record, numbers.get(version), nothing, None)
    path = None
    if any(count_rows(item["counts"]) for item in changes["tables"]):
        folder = _scratch(published, record)
        folder.mkdir(exist_ok=True)
        with suppress(NotFound):
            path = fetch_file(published.store, published.package, version, layout.CHANGE_ROWS, folder)
    return Step(record, numbers.get(version), changes, path)


def _scratch(published: Published, record: Mapping[str, Any]) -> Path:
    """A folder of its own: two releases may have the same changes, and are read at once."""
    return published.folder / f"step-{record['version']}"


def count_rows(counts: Mapping[str, int]) -> int:
    """Rows that came, changed or went."""
    return sum(int(counts.get(name, 0)) for name in ("added", "returned", "changed", "removed"))
