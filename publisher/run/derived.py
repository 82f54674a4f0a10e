"""Everything that follows from releases. In: settings. Out: a Plan: pages, feeds, catalogues, copies, the index, made from heads alone.

Nothing here reads a source: a store that lost all of it gets it back from its releases alone (`publisher refresh`). Each package has
an area of its own, so that publishing one does not touch the others'; what shows several packages is made from their cards, so that
publishing one does not read the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from publisher import catalog, feeds, layout, site
from publisher.commit import Head
from publisher.commit.area import Area, Derived, Later, derived
from publisher.commit.derive import Plan
from publisher.commit.manifest import Cards
from publisher.engine import Engine
from publisher.package.published import Published, read_release
from publisher.project import Settings
from publisher.run.languages import joined, published_languages
from publisher.run.own import Own, pages
from publisher.run.source import maker, source
from publisher.store.base import Store

FEW = 12
"""Packages up to which documents of the store tell all of each. Of more they are brief, and lead to the packages' own documents."""


def make_plan(engine: Engine, settings: Settings) -> Plan:
    """What `refresh` is to bring up to date; `engine` is for large tables, its folder for scratch."""
    work = _Making(engine, settings)
    return Plan(maker(settings), work.own, work.card, work.shared)


class _Making:
    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings
        self._base = settings.base_url
        self._editions: dict[tuple[str, ...], site.Edition] = {}
        self._folder = engine.folder / "derived"
        self._folder.mkdir(exist_ok=True)
        self._last: Published | None = None

    def own(self, store: Store, head: Head) -> Area:
        """The area of one package."""
        languages = published_languages(head, self._settings)
        settings, edition = replace(self._settings, languages=languages), self._edition(languages)
        own = Own(self._engine, settings, edition, store, head, partial(self._published, store, head))
        return own.area(source(head, self._settings))

    def card(self, store: Store, head: Head, count: int) -> Mapping[str, Any]:
        """What each room that makes documents of the store needs of a package. The pointer's own history does, without its pages."""
        published, whole = self._published(store, head), count <= FEW
        languages = published_languages(head, self._settings)
        how: dict[str, Any] = {"base_url": self._base, "languages": languages, "whole": whole}
        return {
            "source": source(head, self._settings),
            "whole": whole,
            "catalog": catalog.make_card(published.info, head.history, head.earlier is None, **how),
            "feeds": feeds.make_card(self._engine, published, **how),
            "site": site.make_card(self._edition(languages), published, whole=whole, back=head.taken_back),
        }

    def shared(self, cards: Cards) -> Area | None:
        """The area of the store; None where cards tell more or less than documents of so many packages need."""
        whole = len(cards) <= FEW
        if any(card["whole"] is not whole for card in cards.values()):
            return None
        return Area("", maker(self._settings), (), lambda: self._store(cards, whole), cards)

    def _edition(self, languages: tuple[str, ...]) -> site.Edition:
        if languages not in self._editions:
            self._editions[languages] = site.make_edition(languages, self._base)
        return self._editions[languages]

    def _published(self, store: Store, head: Head) -> Published:
        """The latest release, as it was read for the package's area if that is where we come from."""
        assert head.latest is not None
        name, version = head.package, head.latest.version
        if self._last is None or (self._last.package, self._last.version) != (name, version):
            self._last = read_release(store, name, version, self._folder)
        return self._last

    def _store(self, cards: Cards, whole: bool) -> Iterator[Derived | Later]:
        """What belongs to all packages: catalogues, pages, who may sign, openapi.json, and index.json at the end."""
        of_site = {name: card["site"] for name, card in cards.items()}
        languages = joined(card["site"]["languages"] for card in cards.values()) or self._settings.languages
        edition = self._edition(languages)
        yield from pages(site.build_root(edition, of_site, security_txt=self._settings.security_txt))
        if self._settings.signers:
            yield derived(layout.SIGNERS, "".join(f"{line}\n" for line in self._settings.signers).encode())
        for key, body in chain(
            catalog.build_root(_of(cards, "catalog"), base_url=self._base, languages=languages),
            feeds.build_root(_of(cards, "feeds"), base_url=self._base, languages=languages, whole=whole),
        ):
            yield derived(key, body)


def _of(cards: Cards, room: str) -> Sequence[Mapping[str, Any]]:
    return [card[room] for card in cards.values()]
