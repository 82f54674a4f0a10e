"""Reading everything back. In: a store, packages. Out: Verified: how much was read, and every object that is not as promised.

The chain of promises: versions.json names each release's datapackage.json and SHA256SUMS with their hashes, SHA256SUMS names every other
file, datapackage.json says how large its resources are. Objects that no promise covers are told as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from publisher import layout
from publisher.canonical import CHUNK, sha256_bytes
from publisher.commit.history import releases
from publisher.commit.pointer import Entry, read_head
from publisher.errors import Damaged, NotFound
from publisher.store.base import Store
from publisher.store.retry import Retry

WORKERS = 8

Watch = Callable[[int, int, str], None]
"""Told objects read, objects in all, and the key."""
Judge = Callable[[bytes, bytes, datetime], str]
"""What is wrong with a signature of SHA256SUMS made at a moment; "" where nothing is (signing.check)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An object that is not as promised."""

    key: str
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read: releases, objects, bytes; and what was wrong, in the order of keys."""

    releases: int
    objects: int
    bytes: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """What an object must be. `size` is None where only its hash was promised."""

    key: str
    sha256: str
    size: int | None = None


@dataclass(slots=True)
class _Found:
    promises: list[Promise] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    releases: int = 0


def unwatched(done: int, total: int, key: str) -> None:
    """Progress that nobody watches."""


def verify(
    store: Store,
    packages: list[str],
    *,
    retry: Retry,
    workers: int = WORKERS,
    watch: Watch = unwatched,
    judge: Judge | None = None,
) -> Verified:
    """Every object of every release of `packages`, read and hashed. `judge` is asked about the signature of each release as well.

    Raises StoreError where the store cannot be asked at all."""
    found = _Found()
    for package in packages:
        _expect_package(store, package, found, judge)
    total, size = len(found.promises), 0
    with ThreadPoolExecutor(workers) as pool:
        checks = pool.map(lambda promise: _check(store, promise, retry), found.promises)
        for done, (promise, (read, problem)) in enumerate(zip(found.promises, checks, strict=True), 1):
            size += read
            found.problems += [Problem(promise.key, problem)] if problem else []
            watch(done, total, promise.key)
    problems = sorted(found.problems, key=lambda problem: problem.key)
    return Verified(found.releases, total, size, tuple(problems))


def promised_files(store: Store, package: str, entry: Entry) -> dict[str, Promise]:
    """The files of a release by name, as its entry, SHA256SUMS and datapackage.json promise them. Raises NotFound, Damaged."""
    folder = layout.release_folder(package, entry.version)
    sums, _ = _read_promised(store, folder + layout.CHECKSUMS, str(entry.record.get("checksums", "")))
    descriptor, _ = _read_promised(store, folder + layout.DESCRIPTOR, entry.sha256)
    tables = json.loads(descriptor).get("resources", ())
    sizes = {str(file.get("path")): file.get("bytes") for item in tables for file in item.get("parts") or (item,)}
    hashes = {name: digest for digest, name in parse_sums(sums)}
    hashes |= {layout.CHECKSUMS: sha256_bytes(sums), layout.DESCRIPTOR: entry.sha256}
    if "signature" in entry.record:
        hashes[layout.SIGNATURE] = str(entry.record["signature"])
    return {name: Promise(folder + name, digest, sizes.get(name)) for name, digest in sorted(hashes.items())}


def parse_sums(body: bytes) -> Iterator[tuple[str, str]]:
    """Hash and name of each line of a SHA256SUMS file."""
    for line in body.splitlines():
        digest, _, name = line.decode().partition("  ")
        yield digest, name


def _read_promised(store: Store, key: str, sha256: str) -> tuple[bytes, Any]:
    body, stat = store.read(key)
    if sha256 and sha256_bytes(body) != sha256:
        raise Damaged(f"{store.url}: {key} is not the one that versions.json promises", "Put it back from a backup.")
    return body, stat


def _expect_package(store: Store, package: str, found: _Found, judge: Judge | None) -> None:
    try:
        for entry in releases(store, read_head(store, package)):
            found.releases += 1
            _expect_release(store, package, entry, found)
            if judge and (wrong := _judge(store, package, entry, judge)):
                key = layout.release_file(package, entry.version, layout.SIGNATURE)
                found.problems.append(Problem(key, wrong))
    except Damaged as error:
        found.problems.append(Problem(layout.pointer(package), error.message))


def _expect_release(store: Store, package: str, entry: Entry, found: _Found) -> None:
    folder = layout.release_folder(package, entry.version)
    try:
        promises = promised_files(store, package, entry)
    except NotFound as error:
        found.problems.append(Problem(folder, f"incomplete: {error.message}"))
        return
    except (Damaged, ValueError) as error:
        found.problems.append(Problem(folder, f"damaged: {error}"))
        return
    # Pages that were made later lie in the folder too; they are derived, and served as such.
    kept = (stat.key for stat in store.list(folder) if layout.headers(stat.key).cache_control == layout.IMMUTABLE)
    listed = {key.removeprefix(folder) for key in kept}
    found.promises += promises.values()
    found.problems += [
        Problem(folder + name, "is not part of the release") for name in listed - promises.keys() - {layout.CLAIM}
    ]
    if layout.CLAIM not in listed:
        found.problems.append(Problem(folder + layout.CLAIM, "missing: nothing keeps this number from being claimed"))


def _judge(store: Store, package: str, entry: Entry, judge: Judge) -> str:
    """What is wrong with a release's signature ("" if nothing)."""
    try:
        signature, sums = (
            store.read(layout.release_file(package, entry.version, name))[0]
            for name in (layout.SIGNATURE, layout.CHECKSUMS)
        )
    except NotFound:
        return "missing: the release is not signed"
    return judge(signature, sums, datetime.fromisoformat(entry.created))


def _check(store: Store, promise: Promise, retry: Retry) -> tuple[int, str]:
    """Bytes read, and what is wrong ("" if nothing)."""

    def read() -> tuple[int, str]:
        digest, size = hashlib.sha256(), 0
        with store.open(promise.key) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
        return size, digest.hexdigest()

    try:
        size, digest = retry.call(read)
    except NotFound:
        return 0, "missing"
    if promise.size is not None and size != promise.size:
        return size, f"{size} bytes, where datapackage.json says {promise.size}"
    if digest != promise.sha256:
        return size, f"sha256 {digest[:12]}, where {promise.sha256[:12]} was published"
    stat = store.stat(promise.key)
    if stat is not None and stat.sha256 not in {"", digest}:
        return size, f"recorded sha256 {stat.sha256[:12]} is not that of its bytes"
    return size, ""
