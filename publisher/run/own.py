"""The derived objects of one package. In: its head, its latest release. Out: its area, and before it the parts that tell of its past.

What a package's documents of today are made from lies in its own area. Whatever tells of earlier releases and stays as it is (the pages of
releases, full pages of lists, of the changelog and of feeds) lies in blocks, each an area of its own, so that a publication that adds a
release visits the blocks in which that puts something, and no other. All else makes every block anew, from the first release on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import chain
from typing import Any

from publisher import catalog, feeds, layout, site
from publisher.canonical import content_hash
from publisher.commit import Head
from publisher.commit.area import Area, Derived, Later, block_source, derived
from publisher.commit.derive import build_latest
from publisher.commit.history import walk_marked
from publisher.engine import Engine
from publisher.feeds.served import is_served, served
from publisher.package.metadata import PackageInfo, TableInfo
from publisher.package.published import Published
from publisher.package.series import Sheet
from publisher.package.steps import Step, read_steps
from publisher.project import Settings
from publisher.run.changes import Changelog, build_rollups
from publisher.run.digest import Digest, Lens, line_to, read_digest
from publisher.store.base import Store

Blocks = dict[str, dict[str, Later]]


class Own:
    """What one package alone decides. `read` gives its latest release, once it is wanted."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        edition: site.Edition,
        store: Store,
        head: Head,
        read: Callable[[], Published],
    ) -> None:
        self._engine, self._settings, self._edition = engine, settings, edition
        self._store, self._head, self._read = store, head, read
        self._told: Told | None = None
        self._elsewhere: set[str] = set()

    def area(self, source: str) -> Area:
        name = self._head.package
        folders = tuple(f"{name}/{part}/" for part in ("latest", "changes", "data", "feeds", "schemas"))
        own = (*folders, *site.folders(name, self._settings.languages))
        return Area(name, source, own, self._build, parts=self._parts, added=self._added, elsewhere=self._elsewhere)

    def _build(self) -> Iterator[Derived | Later]:
        """Copies, the changelog, rollups, the static API, the feeds, pages, catalogues; what is kept of the past."""
        told = self._told
        if told is None:
            return
        digest, info, settings = told.digest, told.published.info, self._settings
        how: dict[str, Any] = {"base_url": settings.base_url, "languages": settings.languages}
        yield from build_latest(self._store, self._head)
        for key, body in chain(
            told.lens.changelog.build(digest.changelog),
            build_rollups(self._engine, told.published, digest.versions, told.published.folder),
            feeds.build(self._engine, told.published, digest.versions, digest.api, digest.news, told.voice),
            feeds.build_description(self._engine, told.published, **how),
            catalog.build_package(info, self._head.history, self._head.earlier is None, **how),
        ):
            yield derived(key, body)
        yield derived(layout.digest(self._head.package), digest.dump())
        yield from pages(site.build_package(self._edition, told.shelf))

    def _added(self) -> Iterator[Area] | None:
        """The blocks that the new releases belong to, where nothing but releases came since the digest was made."""
        if self._head.latest is None or (digest := read_digest(self._store, self._head.package)) is None:
            return None
        told = self._told = self._tell(digest)
        records = digest.unknown(self._head) if digest.face == told.lens.face else []
        return self._add(told, records) if records else None

    def _tell(self, digest: Digest) -> Told:
        return Told(self._read(), self._edition, self._settings, digest, self._head.taken_back)

    def _add(self, told: Told, records: list[Mapping[str, Any]]) -> Iterator[Area]:
        blocks: Blocks = {}
        current, number, first = told.digest.site.current, told.digest.site.number, len(told.digest.versions)
        numbers = {str(record["version"]): first + place for place, record in enumerate(records)}
        for step in read_steps(told.published, records, numbers):
            _put(blocks, told.learn(step))
        _put(blocks, told.release(current, number))
        for name, items in blocks.items():
            yield Area(self._name(name), told.lens.face, (), items.values, adds=True)

    def _parts(self) -> Iterator[Area]:
        """Every block, each as soon as no step can change it any more, and in the end those that are not wanted now."""
        done: set[str] = set()
        self._elsewhere.clear()
        if self._head.latest is not None:
            told = self._told = self._tell(Digest(""))
            for name, items in self._fold(told):
                done.add(self._name(name))
                self._elsewhere.update(items)
                sources = {key: item.source for key, item in items.items()}
                yield Area(self._name(name), block_source(told.lens.face, sources), (), items.values)
        for name in sorted(self._known() - done):
            yield Area(name, block_source("", {}), (), tuple)

    def _fold(self, told: Told) -> Iterator[tuple[str, dict[str, Later]]]:
        """What the past is told by, from the first step on. A step touches the last pages of a kind alone, so that all blocks of that kind
        but the newest are finished."""
        told.forget()
        records = list(walk_marked(self._store, self._head))[::-1]
        blocks: Blocks = {}
        for step in read_steps(told.published, records, line_to(records, told.published.version)):
            _put(blocks, told.learn(step))
            newest = {_kind(name): name for name in sorted(blocks)}
            for name in [name for name in blocks if newest[_kind(name)] != name]:
                yield name, blocks.pop(name)
        yield from blocks.items()

    def _known(self) -> set[str]:
        """Blocks that there are in the store."""
        top = layout.manifest_folder(f"{self._head.package}/past")
        found = (stat.key for stat in self._store.list(top) if stat.key.endswith("/manifest.json"))
        return {self._name(key.removeprefix(top).rpartition("/")[0]) for key in found}

    def _name(self, block: str) -> str:
        return f"{self._head.package}/past/{block}"


class Told:
    """One package's past as today's documents tell it, while it is learned."""

    def __init__(
        self,
        published: Published,
        edition: site.Edition,
        settings: Settings,
        digest: Digest,
        back: Mapping[str, Any] | None = None,
    ) -> None:
        self.published, self._edition, self.digest, self._back = published, edition, digest, back
        base, languages = settings.base_url, settings.languages
        self.shelf = site.Shelf(published, digest.versions, digest.site, back)
        columns = self.shelf.captions(languages)
        face = content_hash([edition.identity, *_face(published.info), columns])
        changelog = Changelog(published.info, base, languages, face)
        self.lens = Lens(served(published).info, columns, changelog, face)
        self.voice = feeds.make_voice(published.info, base, languages, face)

    def forget(self) -> None:
        """Begin with the first release."""
        self.digest = Digest(self.lens.face)
        self.shelf = site.Shelf(self.published, self.digest.versions, self.digest.site, self._back)

    def learn(self, step: Step) -> Iterator[Sheet]:
        """Take in the next step. Out: what it puts among the objects that tell of the past."""
        digest = self.digest
        news, listed, changelog = digest.news, digest.site.listed, digest.changelog
        digest.learn(self.lens, step)
        yield from feeds.build_archives(self.voice, news, digest.news)
        yield from site.build_lists(self._edition, self.shelf, listed, self.lens.face)
        yield from self.lens.changelog.build_pages(changelog, digest.changelog)
        if step.is_release:
            yield from self.release(step.record, digest.site.count)

    def release(self, entry: Mapping[str, Any], number: int) -> Iterator[Sheet]:
        """The page of a release."""
        return site.build_release(self._edition, self.shelf, entry, number, self.lens.face)


def pages(found: Iterable[site.Page]) -> Iterator[Derived | Later]:
    """Those pages that cannot tell what they follow from are made at once."""
    for page in found:
        yield Later(page.key, page.source, page.make) if page.source else derived(page.key, page.make())


def _kind(block: str) -> str:
    return block.rpartition("/")[0]


def _put(blocks: Blocks, sheets: Iterable[Sheet]) -> None:
    for sheet in sheets:
        blocks.setdefault(sheet.block, {})[sheet.key] = Later(sheet.key, sheet.source, sheet.make)


def _face(info: PackageInfo) -> list[Any]:
    """What documents about the past say of a package, and all that reading the past hangs on."""
    texts = (info.title, info.version_rules)
    links = [asdict(item) for item in (*info.licenses, *info.contributors)]
    return [*map(asdict, texts), links, [_table(table) for table in info.tables]]


def _table(table: TableInfo) -> list[Any]:
    columns = [
        [item.name, item.type, asdict(item.title), [asdict(label) for label in item.categories]]
        for item in table.fields
    ]
    keys = [asdict(item) for item in table.foreign_keys]
    return [table.name, asdict(table.title), columns, table.primary_key, keys, table.row_links, is_served(table)]
