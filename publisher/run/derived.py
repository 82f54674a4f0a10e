"""Everything that follows from releases. In: the heads of all packages. Out: areas: pages, feeds, catalogues, copies, the index.

Nothing here reads a source: a store that lost all of it gets it back from its releases alone (`publisher refresh`). Each package has
an area of its own, so that publishing one does not touch the others'; what shows several packages belongs to the store's area.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from typing import Any

from publisher import catalog, feeds, layout, site
from publisher.canonical import content_hash
from publisher.commit import Head
from publisher.commit.area import Area, Derived, Later, derived
from publisher.commit.derive import Heads, build_latest
from publisher.commit.history import releases, walk
from publisher.engine import Engine
from publisher.load import tool_version
from publisher.package.published import Published, read_release
from publisher.project import Settings
from publisher.run.changes import build_changelog, build_rollups, lineage
from publisher.store.base import Store

Read = tuple[Published, list[Mapping[str, Any]]]


def areas(engine: Engine, settings: Settings, store: Store, heads: Heads) -> Iterator[Area]:
    """What `refresh` is to bring up to date, what shows several packages last; `engine` is for large tables, its folder for scratch."""
    folder = engine.folder / "derived"
    folder.mkdir(exist_ok=True)

    @cache
    def read(name: str) -> Read:
        head = heads[name]
        assert head.latest is not None
        return read_release(store, name, head.latest.version, folder), list(walk(store, head))

    edition = site.make_edition(settings.languages, settings.base_url)
    for name, head in heads.items():
        own = (f"{name}/{part}/" for part in ("latest", "changes", "data", "feeds", "schemas"))
        folders = (*own, *site.folders(name, settings.languages))
        yield Area(
            name, source(head, settings), folders, partial(_package, engine, settings, edition, store, head, read)
        )
    current = [name for name, head in heads.items() if head.latest is not None]
    yield Area("", "", (), partial(_store, engine, settings, edition, current, read))


def source(head: Head, settings: Settings) -> str:
    """Identifies all that a package's own area follows from: its pointer, this program, what is set."""
    return content_hash([head.etag, tool_version(), settings.base_url, list(settings.languages)])


def _package(
    engine: Engine, settings: Settings, edition: site.Edition, store: Store, head: Head, read: Callable[[str], Read]
) -> Iterator[Derived | Later]:
    """What one package alone decides: copies, changelog, rollups, the static API, the feeds, its pages."""
    if head.latest is None:
        return
    yield from build_latest(store, head)
    published, history = read(head.package)
    line, languages = lineage(list(releases(store, head)), published.version), settings.languages
    for key, body in chain(
        build_changelog(published, line, languages),
        build_rollups(engine, published, line, published.folder),
        feeds.build(engine, published, history, base_url=settings.base_url, languages=languages),
    ):
        yield derived(key, body)
    yield from _pages(site.build_package(edition, published, history))


def _store(
    engine: Engine, settings: Settings, edition: site.Edition, names: Sequence[str], read: Callable[[str], Read]
) -> Iterator[Derived | Later]:
    """What belongs to all packages: catalogues, pages, who may sign, openapi.json, and index.json at the end."""
    base, languages = settings.base_url, settings.languages
    current = [read(name) for name in names]
    infos = [(published.info, history) for published, history in current]
    yield from _pages(site.build_root(edition, current, security_txt=settings.security_txt))
    if settings.signers:
        yield derived(layout.SIGNERS, "".join(f"{line}\n" for line in settings.signers).encode())
    for key, body in chain(
        catalog.build(infos, base_url=base, languages=languages),
        feeds.build_root(engine, [published for published, _ in current], base_url=base, languages=languages),
    ):
        yield derived(key, body)


def _pages(pages: Iterable[site.Page]) -> Iterator[Derived | Later]:
    """Those pages that cannot tell what they follow from are made at once."""
    for page in pages:
        yield Later(page.key, page.source, page.make) if page.source else derived(page.key, page.make())
