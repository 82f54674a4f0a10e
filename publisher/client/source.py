"""Where a package is read from: a web address or a folder of this machine. In: paths below the package. Out: bytes, files that are whole.

A download that was cut goes on where it ended (RFC 9110, Range with If-Range), in this run or a later one; a file takes its name only when
its sha256 is the promised one.
"""

from __future__ import annotations

import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import url2pathname

from publisher import layout
from publisher.canonical import sha256_bytes, sha256_file
from publisher.errors import AccessDenied, Damaged, NotFound, Unavailable, UsageError
from publisher.store.retry import Retry
from publisher.web.transfer import USER_AGENT, download, pour, refusal

SECONDS = 30.0
"""How long one answer may keep silent."""
POINTER = layout.pointer("").lstrip("/")
"""The pointer's path below its package."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document and the ETag it came with; `body` is None where it is still the one whose ETag was sent."""

    body: bytes | None
    etag: str


class Source(Protocol):
    """A package somewhere."""

    @property
    def url(self) -> str:
        """Where it lies, as it was asked for."""
        ...

    def read(self, path: str, etag: str = "") -> Fetched:
        """A small document. Raises NotFound, AccessDenied, Unavailable."""
        ...

    def fetch(self, path: str, target: Path, sha256: str) -> None:
        """A file, whole and with the promised sha256. Raises NotFound, AccessDenied, Unavailable, Damaged."""
        ...


def open_source(url: str, retry: Retry, seconds: float = SECONDS) -> Source:
    """The package at `url`: its folder's address or that of its versions.json, on the web or on this machine. Raises UsageError."""
    place = url.removesuffix(POINTER)
    parts = urlsplit(place)
    if parts.scheme in {"http", "https"}:
        return WebSource(place if place.endswith("/") else f"{place}/", retry, seconds)
    path = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(place)
    if "://" in url and parts.scheme != "file":
        raise UsageError(f"{url}: cannot be read from", "Give an http or https address, or a folder.")
    if not (path / POINTER).is_file():
        raise UsageError(
            f"{url}: there is no {POINTER}", "Give the address of one package, such as https://host/package/."
        )
    return FolderSource(path.absolute())


def read_checked(source: Source, path: str, sha256: str) -> bytes:
    """A small document with the promised sha256, read again where it has another one. Raises Damaged."""
    for _ in range(3):
        body = source.read(path).body or b""
        if sha256_bytes(body) == sha256:
            return body
    raise _altered(f"{source.url}{path}")


def _altered(where: str) -> Damaged:
    return Damaged(
        f"{where} does not have the sha256 that was promised for it",
        "Try again; if it stays so, tell the publisher: the file was altered on its way or at its place.",
    )


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A published package on this machine, or a copy of one."""

    root: Path

    @property
    def url(self) -> str:
        return f"{self.root}/"

    def read(self, path: str, etag: str = "") -> Fetched:
        try:
            body = (self.root / path).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"{self.url}{path}: there is no such file") from error
        except OSError as error:
            raise AccessDenied(f"{self.url}{path} cannot be read: {error.strerror}") from error
        found = sha256_bytes(body)
        return Fetched(None if etag == found else body, found)

    def fetch(self, path: str, target: Path, sha256: str) -> None:
        source, part = self.root / path, _part(target)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, part)
        except FileNotFoundError as error:
            raise NotFound(f"{source}: there is no such file") from error
        except OSError as error:
            raise AccessDenied(f"{source} cannot be copied: {error.strerror}") from error
        _keep(part, target, sha256, str(source))


@dataclass(frozen=True, slots=True)
class WebSource:
    """A package on a web server or bucket; plain GET requests, no credentials."""

    url: str
    retry: Retry
    seconds: float

    def read(self, path: str, etag: str = "") -> Fetched:
        return self.retry.call(lambda: self._read(path, etag))

    def _read(self, path: str, etag: str) -> Fetched:
        with self._ask(path, {"If-None-Match": etag} if etag else {}) as answer:
            if answer.status == 304:
                return Fetched(None, etag)
            parts: list[bytes] = []
            pour(answer, parts.append, self.url + path)
            return Fetched(b"".join(parts), answer.headers.get("ETag") or "")

    def fetch(self, path: str, target: Path, sha256: str) -> None:
        part = _part(target)
        part.parent.mkdir(parents=True, exist_ok=True)
        for last in (False, True):
            self.retry.call(lambda: download(partial(self._ask, path), part, self.url + path))
            try:
                return _keep(part, target, sha256, self.url + path)
            except Damaged:
                if last:
                    raise
        return None

    def _ask(self, path: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """See transfer.Ask. urllib follows redirects, and the proxy of whoever pulls: that is their own machine asking for public data."""
        address = urljoin(self.url, quote(path, safe="/,~@"))
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        request = urllib.request.Request(address, headers=sent)  # noqa: S310 - open_source lets http and https pass only
        try:
            answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=self.seconds)  # noqa: S310 - see above
        except urllib.error.HTTPError as error:
            if error.code in {304, 416}:
                return error  # type: ignore[return-value]
            error.close()
            raise refusal(error.code, address) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{address}: no answer ({error})", "Check the address and the connection.") from error
        return answer


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _keep(part: Path, target: Path, sha256: str, address: str) -> None:
    """Give a downloaded file its name if it is the promised one, else remove it."""
    with suppress(FileNotFoundError):
        part.with_name(f"{part.name}.etag").unlink()
    if sha256_file(part) != sha256:
        part.unlink()
        raise _altered(address)
    part.replace(target)
