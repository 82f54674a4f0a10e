"""Rebuilding what follows from releases. In: builders, packages. Out: every derived object as the published releases make it.

A builder is a function from heads to objects, told nothing else, so that whatever is lost can be made again. Two publishers that rebuild
at once end alike: pointers are read, then the ETags of the objects to be replaced, then the pointers again. Who finds them moved begins
anew; who finds an object replaced meanwhile begins anew; who is done looks once more. So the last to write has seen the last release.
Copies are replaced without a condition, which not every server has for them, and the last look makes good for that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes, sha256_file
from publisher.commit.pointer import Head, read_head
from publisher.commit.verify import promised_files
from publisher.errors import NotFound, PreconditionFailed, StoreError
from publisher.model import Headers
from publisher.store.base import Stat, Store
from publisher.store.retry import Retry

WORKERS = 12

Heads = Mapping[str, Head]


@dataclass(frozen=True, slots=True)
class Derived:
    """An object as it ought to be: bytes, or a copy of another object of the store, whose hash is then given."""

    key: str
    headers: Headers
    sha256: str
    body: bytes | Path | None = None
    copy_of: str | None = None


Builder = Callable[[Store, Heads], Iterable[Derived]]
"""What follows from the heads of all packages; the store is for reading releases."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Keys of derived objects: written, right already, and removed since nothing derives them any more."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]


def derived(key: str, body: bytes | Path) -> Derived:
    """An object of bytes or of a file, with the headers that its key has."""
    sha256 = sha256_file(body) if isinstance(body, Path) else sha256_bytes(body)
    return Derived(key, layout.headers(key), sha256, body=body)


def refresh(
    store: Store, packages: Iterable[str], builders: Iterable[Builder], *, folders: Iterable[str] = (), retry: Retry
) -> Refreshed:
    """Bring every derived object up to the heads of `packages` and of those that index.json names. Below `folders` (keys ending with a
    slash) nothing else remains. Raises StoreError where others kept publishing until `retry` ended."""
    names, makers, clear = set(packages), tuple(builders), tuple(folders)
    for _ in retry.attempts():
        heads = read_heads(store, names)
        wanted = {item.key: item for build in makers for item in build(store, heads)}
        present = _look(store, wanted, clear)
        if not _same(heads, read_heads(store, names)):
            continue
        changed = [item for key, item in wanted.items() if not _is_right(present.get(key), item)]
        stale = sorted(present.keys() - wanted.keys())
        if _write_all(store, changed, present) and _same(heads, read_heads(store, names)):
            for key in stale:
                store.delete(key)
            written = tuple(item.key for item in changed)
            return Refreshed(written, tuple(sorted(wanted.keys() - set(written))), tuple(stale))
    raise StoreError(
        f"{store.url}: derived objects could not be brought up to date, since others keep publishing",
        "The release itself is published. Run `refresh` later.",
    )


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


def build_index(store: Store, heads: Heads) -> Iterable[Derived]:
    """index.json: each package with its current version and where to read on."""
    packages = []
    for name, head in heads.items():
        latest = head.latest
        if latest is not None:
            descriptor = _descriptor(store, name, latest.version)
            packages.append(
                {
                    "name": name,
                    **{part: descriptor[part] for part in ("title", "description") if part in descriptor},
                    "version": latest.version,
                    "published": latest.published,
                    "versions": layout.pointer(name),
                    "datapackage": layout.release_file(name, latest.version, layout.DESCRIPTOR),
                }
            )
    yield derived(layout.INDEX, readable_json({"packages": packages}))


def build_latest(store: Store, heads: Heads) -> Iterable[Derived]:
    """`<package>/latest/`: copies of the current release for people's bookmarks; what is downloaded is named by its version."""
    for name, head in heads.items():
        latest = head.latest
        if latest is None:
            continue
        for file, promise in promised_files(store, name, latest).items():
            key = layout.latest_file(name, file)
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


def _descriptor(store: Store, package: str, version: str) -> Mapping[str, Any]:
    body, _ = store.read(layout.release_file(package, version, layout.DESCRIPTOR))
    descriptor: Mapping[str, Any] = json.loads(body)
    return descriptor


def _look(store: Store, wanted: Mapping[str, Derived], folders: tuple[str, ...]) -> dict[str, Stat]:
    keys = {*wanted, *(stat.key for folder in folders for stat in store.list(folder))}
    with ThreadPoolExecutor(WORKERS) as pool:
        return {stat.key: stat for stat in pool.map(store.stat, sorted(keys)) if stat is not None}


def _same(one: Heads, other: Heads) -> bool:
    return {name: head.etag for name, head in one.items()} == {name: head.etag for name, head in other.items()}


def _is_right(stat: Stat | None, item: Derived) -> bool:
    """A folder keeps no headers: there, those of the key are all that can be."""
    return stat is not None and stat.sha256 == item.sha256 and stat.headers in (item.headers, layout.headers(item.key))


def _write_all(store: Store, items: list[Derived], present: Mapping[str, Stat]) -> bool:
    """False where another publisher replaced one of them meanwhile. Every result is awaited; the index, which tells that all else is
    done, is written last."""

    def write(item: Derived) -> bool:
        stat = present.get(item.key)
        if item.copy_of is not None:
            store.copy(item.copy_of, item.key, headers=item.headers, replace=True)
            return True
        assert item.body is not None
        try:
            store.put(
                item.key,
                item.body,
                sha256=item.sha256,
                headers=item.headers,
                if_absent=stat is None,
                if_match=stat.etag if stat else None,
            )
        except PreconditionFailed:
            return False
        return True

    last = [item for item in items if item.key == layout.INDEX]
    with ThreadPoolExecutor(WORKERS) as pool:
        done = all([*pool.map(write, (item for item in items if item.key != layout.INDEX))])
    return done and all(write(item) for item in last)
