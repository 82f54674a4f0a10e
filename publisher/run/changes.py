"""What changed over several releases. In: a package's releases and their changes. Out: the changelog, and rollups to the latest release.

A rollup puts the changes of successive releases together, so that a copy of any of the last ROLLUPS releases needs one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import content_hash, readable_json
from publisher.diff import ChangeSet, compose, read, write
from publisher.engine import Engine
from publisher.notes import Entry, changelog_json, changelog_markdown, read_entry
from publisher.package.metadata import PackageInfo
from publisher.package.published import Published, fetch_file
from publisher.package.series import Series, Sheet, block, turned
from publisher.package.steps import Step

ROLLUPS = 10


@dataclass(frozen=True, slots=True)
class Changelog:
    """The changelog of a package's data: `entries` of the releases on the line to the latest one, oldest first. `face` identifies what it
    says besides."""

    info: PackageInfo
    base_url: str
    languages: Sequence[str]
    face: str

    def learn(self, entries: Series, step: Step) -> Series:
        """With the next step. A release that was removed by law tells nothing."""
        if step.number is None or not step.is_there:
            return entries.grown(())
        return entries.grown(changelog_json([read_entry(step.changes, str(step.record["created"]))]))

    def build(self, entries: Series) -> Iterator[tuple[str, bytes]]:
        """The newest releases, newest first."""
        name = self.info.name
        yield layout.changelog(name, "json"), self._json(entries.newest, 0, entries.pages)
        for language in self.languages:
            yield layout.changelog(name, "md", language), self._markdown(entries.newest, 0, entries.pages, language)

    def build_pages(self, before: Series, after: Series) -> Iterator[Sheet]:
        """The pages of older releases that came to be since `before`."""
        name = self.info.name
        for number in turned(before, after):
            entries = after.page(number)
            place, source = block("changelog", number), content_hash([self.face, number, list(entries)])
            make = partial(self._json, entries, number, number - 1)
            yield Sheet(place, layout.changelog_page(name, number, "json"), source, make)
            for language in self.languages:
                key = layout.changelog_page(name, number, "md", language)
                yield Sheet(place, key, source, partial(self._markdown, entries, number, number - 1, language))

    def _json(self, entries: Sequence[Mapping[str, Any]], number: int, earlier: int) -> bytes:
        """Page `number`, 0 for the newest; `earlier` is the page before it, 0 where there is none."""
        name, links = self.info.name, {}
        key = layout.changelog_page(name, number, "json") if number else layout.changelog(name, "json")
        if earlier:
            links["earlier"] = layout.address(self.base_url, key, layout.changelog_page(name, earlier, "json"))
        links = {"self": layout.address(self.base_url, key, key), **links}
        return readable_json({"package": name, "links": links, "releases": list(entries[::-1])})

    def _markdown(self, entries: Sequence[Mapping[str, Any]], number: int, earlier: int, language: str) -> bytes:
        name = self.info.name
        key = layout.changelog_page(name, number, "md", language) if number else layout.changelog(name, "md", language)
        link = ""
        if earlier:
            link = layout.address(self.base_url, key, layout.changelog_page(name, earlier, "md", language))
        told = (Entry(**entry) for entry in entries[::-1])
        return changelog_markdown(self.info.title(language), told, language, link).encode()


def build_rollups(
    engine: Engine, published: Published, versions: Sequence[str], folder: Path
) -> Iterator[tuple[str, bytes | Path]]:
    """Changes from each of the last releases to the latest; `versions` are those that led to it, oldest first. Raises NotFound, Damaged."""
    name, version = published.package, published.version
    steps: list[ChangeSet] = []
    for newer, older in pairwise(versions[: -ROLLUPS - 2 : -1]):
        steps.insert(0, _read_step(engine, published, newer, folder))
        target = folder / f"from-{older}"
        target.mkdir(exist_ok=True)
        for file in write(engine, compose(engine, steps), target):
            assert file.path is not None
            yield layout.rollup(name, older, version, file.name), file.path


def _read_step(engine: Engine, published: Published, version: str, folder: Path) -> ChangeSet:
    paths = [
        fetch_file(published.store, published.package, version, name, folder)
        for name in (layout.CHANGES, layout.CHANGE_ROWS)
    ]
    return read(engine, *paths)
