"""Everything that follows from releases. In: the heads of all packages. Out: pages, feeds, catalogues, copies, changelogs, the index.

Nothing here reads a source: a store that lost all of it gets it back from its releases alone (`publisher refresh`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from publisher import catalog, feeds, site
from publisher.commit import Head
from publisher.commit.derive import Builder, Derived, Heads, build_latest, derived
from publisher.commit.history import releases, walk
from publisher.engine import Engine
from publisher.package.published import Published, read_release
from publisher.project import Settings
from publisher.run.changes import build_changelog, build_rollups, lineage
from publisher.store.base import Store


def builders(engine: Engine, settings: Settings) -> tuple[Builder, ...]:
    """What `refresh` is to build, with `engine` for large tables and its folder for scratch."""
    return (build_latest, partial(_build, engine, settings))


def folders(packages: Iterable[str], settings: Settings) -> list[str]:
    """Folders in which only derived objects lie, so that whatever is not derived any more can go."""
    names = list(packages)
    own = [f"{name}/{part}/" for name in names for part in ("latest", "changes", "data", "feeds", "schemas")]
    return own + [folder for name in names for folder in site.folders(name, settings.languages)]


def _build(engine: Engine, settings: Settings, store: Store, heads: Heads) -> Iterator[Derived]:
    folder = engine.folder / "derived"
    folder.mkdir(exist_ok=True)
    current = {name: _read(store, name, head, folder) for name, head in heads.items() if head.latest is not None}
    for key, body in _objects(engine, settings, store, heads, current, folder):
        yield derived(key, body)


def _objects(
    engine: Engine, settings: Settings, store: Store, heads: Heads, current: dict[str, Published], folder: Path
) -> Iterator[tuple[str, bytes | Path]]:
    base, languages = settings.base_url, settings.languages
    histories = {name: list(walk(store, heads[name])) for name in current}
    for name, published in current.items():
        line = lineage(list(releases(store, heads[name])), published.version)
        yield from build_changelog(published, line, languages)
        yield from build_rollups(engine, published, line, folder)
        yield from feeds.build(engine, published, histories[name], base_url=base, languages=languages)
    yield from catalog.build(
        [(item.info, histories[name]) for name, item in current.items()], base_url=base, languages=languages
    )
    edition = site.open_edition(store, languages, base)
    for name, published in current.items():
        yield from _made(site.build_package(edition, published, histories[name]))
    newest = [(published, histories[name]) for name, published in current.items()]
    yield from _made(site.build_root(edition, newest, security_txt=settings.security_txt))
    yield from feeds.build_root(engine, list(current.values()), base_url=base, languages=languages)


def _made(pages: Iterable[site.Page]) -> Iterator[tuple[str, bytes]]:
    return ((page.key, page.make()) for page in pages)


def _read(store: Store, name: str, head: Head, folder: Path) -> Published:
    assert head.latest is not None
    return read_release(store, name, head.latest.version, folder)
