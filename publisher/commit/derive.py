"""Rebuilding what follows from releases. In: areas, packages. Out: every derived object as the published releases make it.

An area is built from heads and told nothing else, so that whatever is lost can be made again.

Two publishers that rebuild at once end alike. Before its first write in an area a run reads the pointers again and enters the area's
manifest; each object is replaced on condition that it is the one that was known; in the end the manifest is replaced on condition that
nobody else finished, and the pointers are read once more. Who finds anything moved begins anew, and asks the store then. So the last to
write has seen the last release; who dies leaves its name in the manifest, and the next one asks the store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath

from publisher import layout
from publisher.commit.area import WORKERS, Area, Derived, Refreshed, Visit, bring_up
from publisher.commit.manifest import read_manifest
from publisher.commit.pointer import Head, read_head
from publisher.commit.verify import promised_files
from publisher.errors import NotFound, PreconditionFailed, StoreError
from publisher.model import Headers
from publisher.store.base import Store
from publisher.store.retry import Retry

Heads = Mapping[str, Head]


Plan = Callable[[Store, Heads], Iterable[Area]]
"""The areas that follow from heads, in the order in which they are brought up to date; the store is for reading releases."""


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
    """Bring every derived object up to the heads of `packages` and of those that index.json names. `run` is any name of this run alone.

    Areas that were made from the same source are passed over, and objects that the manifests know are taken to be there; with `check`
    the store is asked for all of them. Raises StoreError where others kept publishing until `retry` ended."""
    names, done = set(packages), Refreshed()
    for _ in retry.attempts():
        heads = read_heads(store, names)
        done.kept = 0
        visit = Visit(run, now, partial(_still, store, names, heads), check)
        try:
            for area in plan(store, heads):
                bring_up(store, area, visit, done)
        except PreconditionFailed:
            continue
        if visit.still():
            return done
    raise StoreError(
        f"{store.url}: derived objects could not be brought up to date, since others keep publishing",
        "The release itself is published. Run `refresh` later.",
    )


def is_current(store: Store, package: str, source: str) -> bool:
    """Whether the package's own area was finished with what follows from `source`. Raises StoreError."""
    manifest = read_manifest(store, package)
    return manifest.settled and manifest.source == source


def read_heads(store: Store, packages: Iterable[str]) -> dict[str, Head]:
    """Heads of `packages` and of those that index.json names, by name; packages never published are left out."""
    names = sorted({*packages, *_indexed(store)})
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
