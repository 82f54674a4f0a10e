"""Rebuilding what follows from releases. In: a Plan, packages. Out: every derived object as the published releases make it.

Objects follow from heads and nothing else, so that whatever is lost can be made again. A package's own objects are an area of its own.
What shows several packages is made from cards, one a package, which the store's area keeps from run to run: a run that publishes one
package makes that one's card anew, takes the others as they are, and reads no other package. Where there are no cards, where another
program or other settings made them, where they do not suffice, and with `check`, every package is read.

Two publishers that rebuild at once end alike. Before its first write in an area a run reads its pointers again and enters the area's
manifest; each object is replaced on condition that it is the one that was known; in the end the manifest, and with it the cards, is
replaced on condition that nobody else finished, and the pointers are read once more. Who finds anything moved begins anew, and asks the
store then. So the last to write has seen the last release of its package and the last cards of all others; who dies leaves its name in
the manifest, and the next one asks the store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from publisher import layout
from publisher.commit.area import WORKERS, Area, Derived, Refreshed, Visit, bring_on, bring_up
from publisher.commit.manifest import Cards, Ledger, Manifest, open_ledger, read_manifest
from publisher.commit.pointer import Head, read_head
from publisher.commit.verify import promised_files
from publisher.errors import NotFound, PreconditionFailed, StoreError
from publisher.model import Headers
from publisher.store.base import Store
from publisher.store.retry import Retry

Heads = Mapping[str, Head]


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from heads. `maker` identifies the program and its settings: only cards of the same maker are taken as they are.

    own       the area of one package
    card      what documents of the whole store need of a package that has a latest release, in a store of so many such packages
    shared    the area of the store as a whole, from all cards; None where a card does not tell enough, so that all must be made anew"""

    maker: str
    own: Callable[[Store, Head], Area]
    card: Callable[[Store, Head, int], Mapping[str, Any]]
    shared: Callable[[Cards], Area | None]


def refresh(
    store: Store,
    packages: Iterable[str],
    plan: Plan,
    *,
    run: str,
    now: Callable[[], datetime],
    retry: Retry,
    check: bool = False,
) -> Refreshed:
    """Bring the derived objects of `packages`, and those that show several packages, up to the heads. `run` is any name of this run alone.

    Areas that were made from the same source are passed over, and objects that the manifests know are taken to be there; with `check`
    the store is asked for all of them, and every package that is known is read, not `packages` alone. Raises StoreError where others
    kept publishing until `retry` ended."""
    work = _Work(store, {*packages}, plan, Refreshed(), run, now, check)
    for _ in retry.attempts():
        try:
            if work.bring_up_all():
                return work.done
        except PreconditionFailed:
            continue
    raise StoreError(
        f"{store.url}: derived objects could not be brought up to date, since others keep publishing",
        "The release itself is published. Run `refresh` later.",
    )


class _Work:
    """One refreshing, however often it begins anew. `settled` are the ETags of the pointers whose packages' own areas were brought up,
    `made` the cards that were made, by package, ETag and number of packages; `kept` counts objects that were right, by area."""

    def __init__(
        self,
        store: Store,
        packages: set[str],
        plan: Plan,
        done: Refreshed,
        run: str,
        now: Callable[[], datetime],
        check: bool,
    ) -> None:
        self._store, self._packages, self._plan, self.done = store, packages, plan, done
        self._run, self._now, self._check = run, now, check
        self._settled: dict[str, str | None] = {}
        self._made: dict[tuple[str, str | None, int], Mapping[str, Any]] = {}
        self._kept: dict[str, int] = {}

    def bring_up_all(self) -> bool:
        """False where a pointer moved meanwhile. Raises PreconditionFailed where anything else did."""
        found = None if self._check else self._bring_up(self._packages, every=False)
        if found is None:
            found = self._bring_up({*self._packages, *self._known(self._open()[1])}, every=True)
        self.done.kept = sum(self._kept.values())
        return bool(found)

    def _bring_up(self, names: set[str], *, every: bool) -> bool | None:
        """Bring up the own areas of these packages, and what is shared: from cards made here, where these are `every` package there is,
        else with the cards that are kept; None where those do not suffice."""
        heads = read_heads(self._store, names)
        visit = Visit(self._run, self._now, partial(_still, self._store, names, heads), self._check)
        for name, head in heads.items():
            if name not in self._settled or self._settled[name] != head.etag:
                area = self._plan.own(self._store, head)
                self._count(name, partial(bring_up, self._store, area, visit, self.done))
                self._settled[name] = head.etag
        manifest, ledger = self._open()
        if every and not self._known(ledger) <= names:
            raise PreconditionFailed(f"{self._store.url}: another package was published")
        if not every and (ledger is None or manifest.source != self._plan.maker):
            return None
        others = {} if every or ledger is None else {name: ledger.cards[name] for name in {*ledger.cards} - names}
        area_of_all = self._plan.shared(self._cards(heads, others))
        if area_of_all is None:
            assert not every, "cards made here tell enough"
            return None
        self._count("", partial(bring_on, self._store, area_of_all, visit, self.done, manifest, ledger))
        return visit.still()

    def _cards(self, heads: Heads, others: Cards) -> Cards:
        """Cards of all packages with a latest release, by name, the others' as they are."""
        current = [head for head in heads.values() if head.latest is not None]
        count = len(others) + len(current)
        cards = dict(others)
        for head in current:
            place = (head.package, head.etag, count)
            if place not in self._made:
                self._made[place] = self._plan.card(self._store, head, count)
            cards[head.package] = self._made[place]
        return {name: cards[name] for name in sorted(cards)}

    def _open(self) -> tuple[Manifest, Ledger | None]:
        """What the store's area is known to hold. Raises PreconditionFailed where somebody finished, and took the list away, meanwhile:
        to take it for lost would mean reading every package."""
        manifest = read_manifest(self._store, "")
        ledger = open_ledger(self._store, manifest)
        if ledger is None and read_manifest(self._store, "").etag != manifest.etag:
            raise PreconditionFailed(f"{self._store.url}: another run finished")
        return manifest, ledger

    def _known(self, ledger: Ledger | None) -> set[str]:
        return {*_indexed(self._store), *(ledger.cards if ledger else ())}

    def _count(self, name: str, bring: Callable[[], None]) -> None:
        self.done.kept = 0
        bring()
        self._kept[name] = self.done.kept


def is_current(store: Store, package: str, source: str) -> bool:
    """Whether what follows from `source` was finished: the package's own area, and what is shared, whose card of the package has the
    same source. Raises StoreError."""
    own = read_manifest(store, package)
    if not own.settled or own.source != source:
        return False
    ledger = open_ledger(store, read_manifest(store, ""))
    return ledger is not None and ledger.cards.get(package, {}).get("source") == source


def read_heads(store: Store, packages: Iterable[str]) -> dict[str, Head]:
    """Heads of `packages` by name, in the order of names; packages never published are left out."""
    names = sorted(packages)
    with ThreadPoolExecutor(WORKERS) as pool:
        heads = pool.map(lambda name: read_head(store, name), names)
        return {name: head for name, head in zip(names, heads, strict=True) if head.etag is not None}


def find_packages(store: Store) -> list[str]:
    """Every package of a store, found by listing all of it."""
    end = f"/{PurePosixPath(layout.pointer('x')).name}"
    return [stat.key.removesuffix(end) for stat in store.list() if stat.key.endswith(end) and "/v/" not in stat.key]


def build_latest(store: Store, head: Head) -> Iterator[Derived]:
    """`<package>/latest/`: copies of the current release for people's bookmarks; what is downloaded is named by its version."""
    if head.latest is None:
        return
    for file, promise in promised_files(store, head.package, head.latest).items():
        key = layout.latest_file(head.package, file)
        served, plain = layout.headers(promise.key), layout.headers(key)
        headers = Headers(plain.content_type, plain.cache_control, served.content_disposition)
        yield Derived(key, headers, promise.sha256, copy_of=promise.key)


def _indexed(store: Store) -> list[str]:
    """Packages that index.json names. It is derived itself: where it cannot be read, nothing is missing that a listing will not find."""
    try:
        body, _ = store.read(layout.INDEX)
        return [str(item["name"]) for item in json.loads(body)["packages"]]
    except (NotFound, ValueError, KeyError, TypeError):
        return []


def _still(store: Store, names: Iterable[str], heads: Heads) -> bool:
    found = read_heads(store, names)
    return {name: head.etag for name, head in found.items()} == {name: head.etag for name, head in heads.items()}
