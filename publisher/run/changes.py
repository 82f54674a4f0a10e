"""What changed over several releases. In: a package's releases and their changes. Out: the changelog, and rollups to the latest release.

A rollup puts the changes of successive releases together, so that a copy of any of the last ROLLUPS releases needs one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from publisher import layout
from publisher.canonical import readable_json
from publisher.commit.pointer import Entry
from publisher.diff import ChangeSet, compose, read, write
from publisher.engine import Engine
from publisher.notes import changelog_json, changelog_markdown, read_entry
from publisher.package.published import Published, fetch_file, read_document

ROLLUPS = 10


def build_changelog(
    published: Published, line: Sequence[Entry], languages: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """The changelog of the releases of `line`, newest first. Raises NotFound, Damaged."""
    name, store = published.package, published.store
    entries = [read_entry(read_document(store, name, item.version, layout.CHANGES), item.created) for item in line]
    yield layout.changelog(name, "json"), readable_json({"package": name, "releases": changelog_json(entries)})
    for language in languages:
        yield (
            layout.changelog(name, "md", language),
            changelog_markdown(published.info.title(language), entries, language).encode(),
        )


def build_rollups(
    engine: Engine, published: Published, line: Sequence[Entry], folder: Path
) -> Iterator[tuple[str, bytes | Path]]:
    """Changes from each of the last releases of `line` (newest first) to the latest. Raises NotFound, Damaged."""
    name, version = published.package, published.version
    steps: list[ChangeSet] = []
    for newer, older in pairwise(line[: ROLLUPS + 1]):
        steps.insert(0, _read_step(engine, published, newer.version, folder))
        target = folder / f"from-{older.version}"
        target.mkdir(exist_ok=True)
        for file in write(engine, compose(engine, steps), target):
            assert file.path is not None
            yield layout.rollup(name, older.version, version, file.name), file.path


def lineage(entries: Sequence[Entry], version: str) -> list[Entry]:
    """The releases from `version` back along their parents, newest first."""
    known = {entry.version: entry for entry in entries}
    line = []
    wanted: str | None = version
    while wanted is not None and wanted in known:
        line.append(known[wanted])
        wanted = known[wanted].parent
    return line


def _read_step(engine: Engine, published: Published, version: str, folder: Path) -> ChangeSet:
    paths = [
        fetch_file(published.store, published.package, version, name, folder)
        for name in (layout.CHANGES, layout.CHANGE_ROWS)
    ]
    return read(engine, *paths)
