"""Is what is published served as programs need it? In: the public address of a store. Out: Served, one for each question.

Only reads, as anybody could: the index, the first package's pointer, descriptor and smallest table, a feed.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.parse import urljoin

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.errors import Damaged, Unavailable
from publisher.package.metadata import read_metadata

SECONDS = 10.0
_ORIGIN = "https://example.org"
_LARGE = 16 << 20
"""Bytes that are read of one answer."""


@dataclass(frozen=True, slots=True)
class Served:
    """What was asked, whether it is well, what was found, and how to mend it."""

    question: str
    well: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Message
    body: bytes

    def names(self, header: str) -> set[str]:
        """The items of a header that is a list, in small letters."""
        return {item.strip().lower() for item in (self.headers.get(header) or "").split(",")}


@dataclass(frozen=True, slots=True)
class _Sample:
    """Addresses of the documents that are looked at; `sums` are promised hashes."""

    pointer: str
    descriptor: str
    table: str
    feed: str
    sums: Mapping[str, str]


def examine(base_url: str, seconds: float = SECONDS) -> Iterator[Served]:
    """Ask for what is published below `base_url` in the ways that browsers, caches and programs do. Raises Unavailable, Damaged."""
    index = base_url + layout.INDEX
    answer = _ask(index, seconds)
    kind = answer.headers.get_content_type()
    if answer.status != 200 or kind != "application/json":
        found = f"{index} answers {answer.status} {kind}"
        yield Served(
            "index.json", False, found, "Publish first; then check that base_url is where the target is served."
        )
        return
    yield Served("index.json", True, f"{index} is there")
    sample = _read_sample(answer.body, index, seconds)
    if sample is None:
        return
    yield _conditions(sample, seconds)
    yield _ranges(sample, seconds)
    yield _caching(sample, seconds)
    yield _types(sample, base_url, seconds)
    yield _bytes(sample, seconds)
    yield _reading(sample, seconds)
    yield _preflight(sample, seconds)


def _read_sample(index: bytes, address: str, seconds: float) -> _Sample | None:
    """None where no package is published. Raises Damaged."""
    try:
        packages = json.loads(index)["packages"]
        return _sample(packages[0], address, seconds) if packages else None
    except (ValueError, KeyError, IndexError, TypeError, StopIteration) as error:
        raise Damaged(
            f"{address}, or what it leads to, cannot be read: {error!r}", "Run `publisher verify`."
        ) from error


def _sample(package: Mapping[str, Any], address: str, seconds: float) -> _Sample:
    links = {name: urljoin(address, link) for name, link in package["links"].items() if isinstance(link, str)}
    feeds = next(iter(package["links"]["feeds"]["releases"].values()))
    history = json.loads(_ask(links["versions"], seconds).body)["history"]
    released = next(item.get("release", item) for item in history if item["version"] == package["version"])
    descriptor = links["datapackage"]
    tables = read_metadata(json.loads(_ask(descriptor, seconds).body)).tables
    file = min((file for table in tables for file in table.files if file.format == "csv"), key=lambda file: file.bytes)
    table = urljoin(descriptor, file.path)
    sums = {descriptor: str(released["sha256"]), **({table: file.sha256} if file.bytes < _LARGE else {})}
    return _Sample(links["versions"], descriptor, table, urljoin(address, feeds["json"]), sums)


def _conditions(sample: _Sample, seconds: float) -> Served:
    etag = _ask(sample.pointer, seconds).headers.get("ETag") or ""
    status = _ask(sample.pointer, seconds, **{"If-None-Match": etag}).status if etag else 0
    found = f"If-None-Match is answered by {status}" if etag else "there is no ETag"
    return Served("conditional requests", status == 304, found, "Let the server send ETags and answer 304 (RFC 9110).")


def _ranges(sample: _Sample, seconds: float) -> Served:
    part = _ask(sample.table, seconds, Range="bytes=0-0")
    well = part.status == 206 and len(part.body) == 1
    found = f"Range is answered by {part.status}, {len(part.body)} bytes"
    return Served(
        "ranges", well, found, "Let the server honour Range: readers of Parquet and resumed downloads need it."
    )


def _caching(sample: _Sample, seconds: float) -> Served:
    release, pointer = (
        _ask(address, seconds, "HEAD").headers.get("Cache-Control") or "none"
        for address in (sample.table, sample.pointer)
    )
    well = "immutable" in release and "immutable" not in pointer and "max-age" in pointer
    found = f"Cache-Control of a release: {release}; of the pointer: {pointer}"
    return Served(
        "caching", well, found, "Send Cache-Control as docs/hosting.md lists it; let a CDN respect the origin's."
    )


def _types(sample: _Sample, base_url: str, seconds: float) -> Served:
    wanted = {
        sample.table: "text/csv",
        sample.feed: "application/feed+json",
        base_url + layout.CATALOG: "text/turtle",
    }
    found = {address: _ask(address, seconds, "HEAD").headers.get_content_type() for address in wanted}
    wrong = [
        f"{address} is {kind}, not {wanted[address]}" for address, kind in found.items() if kind != wanted[address]
    ]
    said = "; ".join(wrong) or ", ".join(wanted.values())
    return Served("types", not wrong, said, "Send Content-Type as docs/hosting.md lists it.")


def _bytes(sample: _Sample, seconds: float) -> Served:
    altered = [
        address for address, digest in sample.sums.items() if sha256_bytes(_ask(address, seconds).body) != digest
    ]
    found = (
        f"{', '.join(altered)} does not have the promised sha256" if altered else "files come as they were published"
    )
    remedy = "Turn off whatever rewrites bodies on the way (minification, obfuscation of e-mail addresses, injected scripts)."
    return Served("bytes", not altered, found, remedy)


def _reading(sample: _Sample, seconds: float) -> Served:
    answer = _ask(sample.table, seconds, "HEAD", Origin=_ORIGIN)
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    hidden = [name for name in layout.CORS_SHOWN if name.lower() not in answer.names("Access-Control-Expose-Headers")]
    if allowed not in {"*", _ORIGIN}:
        return Served("pages of other addresses", False, "they may not read", _CORS)
    found = f"they may read, but do not see {', '.join(hidden)}" if hidden else "they may read"
    return Served("pages of other addresses", not hidden, found, _CORS)


def _preflight(sample: _Sample, seconds: float) -> Served:
    wanted = ", ".join(layout.CORS_ASKED).lower()
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": wanted}
    answer = _ask(sample.table, seconds, "OPTIONS", Origin=_ORIGIN, **asked)
    refused = [
        name for name in layout.CORS_ASKED if not {"*", name.lower()} & answer.names("Access-Control-Allow-Headers")
    ]
    allowed = answer.headers.get("Access-Control-Allow-Origin") in {"*", _ORIGIN}
    well = 200 <= answer.status < 300 and allowed and not refused
    found = f"OPTIONS is answered by {answer.status}" + (f", without {', '.join(refused)}" if refused else "")
    return Served("their preflight requests", well, found, _CORS)


_CORS = "Set CORS: `publisher doctor --fix-cors` for a bucket, docs/hosting.md for a web server or CDN."


def _ask(address: str, seconds: float, method: str = "GET", **headers: str) -> _Answer:
    """Whatever the server answers. Raises Unavailable where it does not."""
    sent = {"User-Agent": "publisher", "Accept-Encoding": "identity", **headers}
    request = urllib.request.Request(address, headers=sent, method=method)  # noqa: S310 - settings let http and https pass only
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 - see above
            return _Answer(answer.status, answer.headers, answer.read(_LARGE))
    except urllib.error.HTTPError as error:
        with error:
            return _Answer(error.code, error.headers, error.read())
    except (OSError, HTTPException) as error:
        raise Unavailable(f"{address}: no answer ({error})", "Check base_url and the connection.") from error
