"""Everything that follows from releases. In: the heads of all packages. Out: areas: pages, feeds, catalogues, copies, the index.

Nothing here reads a source: a store that lost all of it gets it back from its releases alone (`publisher refresh`). Each package has
an area of its own, so that publishing one does not touch the others'; what shows several packages belongs to the store's area.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import chain

from publisher import catalog, feeds, layout, site
from publisher.canonical import content_hash
from publisher.commit import Head
from publisher.commit.area import Area, Derived, Later, derived
from publisher.commit.derive import Heads
from publisher.engine import Engine
from publisher.load import tool_version
from publisher.package.published import Published, read_release
from publisher.project import Settings
from publisher.run.own import Own, pages
from publisher.store.base import Store


def areas(engine: Engine, settings: Settings, store: Store, heads: Heads) -> Iterator[Area]:
    """What `refresh` is to bring up to date, what shows several packages last; `engine` is for large tables, its folder for scratch."""
    folder = engine.folder / "derived"
    folder.mkdir(exist_ok=True)

    @cache
    def read(name: str) -> Published:
        head = heads[name]
        assert head.latest is not None
        return read_release(store, name, head.latest.version, folder)

    edition = site.make_edition(settings.languages, settings.base_url)
    for name, head in heads.items():
        own = Own(engine, settings, edition, store, head, partial(read, name))
        yield own.area(source(head, settings))
    current = [head for head in heads.values() if head.latest is not None]
    yield Area("", "", (), partial(_store, engine, settings, edition, current, read))


def source(head: Head, settings: Settings) -> str:
    """Identifies all that a package's own area follows from: its pointer, this program, what is set."""
    return content_hash([head.etag, tool_version(), settings.base_url, list(settings.languages)])


def _store(
    engine: Engine, settings: Settings, edition: site.Edition, heads: Sequence[Head], read: Callable[[str], Published]
) -> Iterator[Derived | Later]:
    """What belongs to all packages: catalogues, pages, who may sign, openapi.json, and index.json at the end."""
    base, languages = settings.base_url, settings.languages
    current = [read(head.package) for head in heads]
    infos = [(published.info, head.history) for published, head in zip(current, heads, strict=True)]
    yield from pages(site.build_root(edition, current, security_txt=settings.security_txt))
    if settings.signers:
        yield derived(layout.SIGNERS, "".join(f"{line}\n" for line in settings.signers).encode())
    for key, body in chain(
        catalog.build(infos, base_url=base, languages=languages),
        feeds.build_root(engine, current, base_url=base, languages=languages),
    ):
        yield derived(key, body)
