"""Does a store honour conditional writes? In: a store. Out: Capabilities, with what was tried in words.

Sequential checks find servers that ignore or refuse conditions; a race among a few writers finds those that check and then write
without holding the object in between (OpenStack Swift's s3api answers 412 one after the other, yet lets several racing writers win).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from publisher.canonical import sha256_bytes
from publisher.errors import AccessDenied, Conflict, PreconditionFailed, StoreError, Unavailable
from publisher.model import Headers
from publisher.store.base import PROBES, Capabilities, Stat, Store

RACERS = 8
_HEADERS = Headers("text/plain; charset=utf-8", "no-store")


def probe_store(store: Store) -> Capabilities:
    """Try each condition on keys of its own and remove them. Raises AccessDenied where nothing can be written, Unavailable."""
    key = f"{PROBES}{secrets.token_hex(8)}"
    keys = (f"{key}-create", f"{key}-swap", f"{key}-race")
    try:
        create, create_words = _probe_create(store, keys[0], keys[2])
        swap, swap_words = _probe_swap(store, keys[1])
    finally:
        cleaned = _remove(store, keys)
    return Capabilities(create, swap, "; ".join(filter(None, (create_words, swap_words, cleaned))))


def _probe_create(store: Store, key: str, race_key: str) -> tuple[bool, str]:
    _write(store, key, b"first", if_absent=True)
    if _try(lambda: _write(store, key, b"second", if_absent=True)) != "refused":
        return False, "If-None-Match: * does not keep an existing object"
    winners = _race(lambda number: _write(store, race_key, b"%d" % number, if_absent=True))
    if winners > 1:
        return False, f"If-None-Match: * let {winners} of {RACERS} racing writers create the same object"
    return True, "If-None-Match: * creates exactly once"


def _probe_swap(store: Store, key: str) -> tuple[bool, str]:
    first = _write(store, key, b"first")
    second = _write(store, key, b"second")
    stale = _try(lambda: _write(store, key, b"third", if_match=first.etag))
    if stale != "refused":
        return False, f"If-Match with a stale ETag is not answered with 412 (it was {stale})"
    fresh = _try(lambda: _write(store, key, b"third", if_match=second.etag))
    if fresh != "done":
        return False, f"If-Match with the current ETag does not replace the object (it was {fresh})"
    current = store.stat(key)
    etag = current.etag if current else ""
    winners = _race(lambda number: _write(store, key, b"racer %d" % number, if_match=etag))
    if winners > 1:
        return False, f"If-Match let {winners} of {RACERS} racing writers replace the same object"
    return True, "If-Match replaces exactly once"


def _write(store: Store, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> Stat:
    return store.put(key, body, sha256=sha256_bytes(body), headers=_HEADERS, if_absent=if_absent, if_match=if_match)


def _try(write: Callable[[], Stat]) -> str:
    try:
        write()
    except PreconditionFailed:
        return "refused"
    except (AccessDenied, Unavailable):
        raise
    except StoreError as error:
        return f"an error: {error.message}"
    return "done"


def _race(write: Callable[[int], Stat]) -> int:
    """How many of the racing writers were told that they had won. Losers may hear 412, 409, or 500 from Ceph (ECANCELED inside)."""

    def run(number: int) -> bool:
        try:
            write(number)
        except (PreconditionFailed, Conflict, Unavailable):
            return False
        return True

    with ThreadPoolExecutor(RACERS) as pool:
        return sum(pool.map(run, range(RACERS)))


def _remove(store: Store, keys: tuple[str, ...]) -> str:
    """Publishing itself needs no right to delete, so its lack is told and no error."""
    try:
        for key in keys:
            store.delete(key)
    except StoreError as error:
        return f"probe objects below {PROBES} could not be removed ({error.message})"
    return ""
