"""What the public gets. In: the address under which a store is served. Out: status.json, and packages proved to be readable from there."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from publisher import layout
from publisher.client.copy import Pointer, read_pointer, read_remote
from publisher.client.source import WebSource
from publisher.errors import UsageError
from publisher.status import Status, parse_status
from publisher.store.retry import Retry

SECONDS = 15.0
"""How long one answer may keep silent: monitoring does not wait long."""


def read_public_status(url: str, retry: Retry) -> Status:
    """status.json as it is served. Raises UsageError, NotFound, AccessDenied, Unavailable, Damaged."""
    return parse_status(WebSource(_root(url), retry, SECONDS).read(layout.STATUS).body or b"")


def read_public_pointer(url: str, package: str, retry: Retry) -> Pointer:
    """versions.json of a package as it is served, after its latest release was found there: datapackage.json and SHA256SUMS with the
    hashes that the pointer promises. Raises NotFound, AccessDenied, Unavailable, Damaged."""
    source = WebSource(f"{_root(url)}{quote(package, safe='')}/", retry, SECONDS)
    pointer = read_pointer(source)
    if pointer.latest is not None:
        read_remote(source, pointer, pointer.latest)
    return pointer


def _root(url: str) -> str:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise UsageError(f"{url}: this is no public address", "Give one that begins with https:// or http://.")
    return url if url.endswith("/") else f"{url}/"
