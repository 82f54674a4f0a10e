"""What web servers answer, as bytes that are whole. In: a way to ask for one address. Out: a file, or why there is none.

A download that was cut goes on where it ended (RFC 9110, Range with If-Range). Parts of two versions are never put together: the ETag of
the first part lies beside it, and a further part must come with the same one.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from publisher.canonical import CHUNK
from publisher.errors import AccessDenied, NotFound, SourceError, StoreError, Unavailable

Ask = Callable[[Mapping[str, str]], http.client.HTTPResponse]
"""GET one address with further headers. Answers below 400, and 304 and 416, come back; all others are raised (see `refusal`)."""

USER_AGENT = "publisher"
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came with a body: the server's ETag, date of change and encoding as sent ("" where it sent none). `told` says whether it told
    where the body ends, without which a cut one looks like a whole one."""

    etag: str
    modified: str
    encoding: str
    told: bool


def download(
    ask: Ask, part: Path, where: str, *, headers: Mapping[str, str] | None = None, limit: int | None = None
) -> Arrived | None:
    """Fill `part`, going on with what is there; None where the server answers 304 to the conditions in `headers`.

    `where` names the address in messages. Raises Unavailable where it is worth another try, which goes on; NotFound, AccessDenied,
    StoreError; SourceError for a body of more than `limit` bytes."""
    mark = part.with_name(f"{part.name}.etag")
    have = part.stat().st_size if part.exists() and mark.exists() else 0
    known = mark.read_text() if have else ""
    with ask({"Range": f"bytes={have}-", "If-Range": known} if have else headers or {}) as answer:
        if answer.status == 304:
            return None
        etag = answer.headers.get("ETag") or ""
        first, total = _range(answer)
        if answer.status == 416 or (answer.status == 206 and (first != have or etag not in {"", known})):
            part.unlink(missing_ok=True)
            raise Unavailable(
                f"{where}: the rest is not of the file that was begun", "It changed meanwhile; try again."
            )
        if answer.status not in {200, 203, 206}:
            raise StoreError(f"{where}: the server answered {answer.status}, which is no file", "Check the address.")
        if answer.status != 206:
            have = 0
            _write_mark(mark, etag)
            total = int(answer.headers.get("Content-Length") or 0)
        with part.open("ab" if have else "wb") as file:
            pour(answer, _limited(file.write, have, limit, where), where)
            size = file.tell()
        if size < total:
            raise Unavailable(f"{where}: {total - size} of {total} bytes did not come")
        encoding = (answer.headers.get("Content-Encoding") or "").lower()
        told = bool(total) or answer.chunked or answer.length is not None
        return Arrived(etag, answer.headers.get("Last-Modified") or "", encoding, told)


def pour(answer: http.client.HTTPResponse, write: Callable[[bytes], object], where: str) -> None:
    """All of an answer's body. Raises Unavailable where it was cut, after what came was written."""
    promised, came = answer.headers.get("Content-Length"), 0
    while data := _more(answer, where):
        came += len(data)
        write(data)
    if promised is not None and came < int(promised):
        raise Unavailable(f"{where}: the answer was cut after {came} of {promised} bytes")


def _more(answer: http.client.HTTPResponse, where: str) -> bytes:
    try:
        return answer.read1(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{where}: the answer was cut ({error})") from error


def refusal(code: int, where: str) -> StoreError:
    """The error for an answer that is none."""
    if code in {404, 410}:
        return NotFound(f"{where}: there is no such document", "Check the address.")
    if code in {401, 403, 407}:
        return AccessDenied(f"{where}: the server refuses ({code})", "Check the address, and whether it needs a key.")
    if code in {408, 425, 429} or code >= 500:
        return Unavailable(f"{where}: the server answered {code}", "Try again later.")
    return StoreError(f"{where}: the server answered {code}")


def _write_mark(mark: Path, etag: str) -> None:
    """Weak ETags do not promise equal bytes."""
    if etag and not etag.startswith("W/"):
        mark.write_text(etag)
    else:
        mark.unlink(missing_ok=True)


def _range(answer: http.client.HTTPResponse) -> tuple[int, int]:
    """Where a part begins (-1: it does not say) and how large the whole is (0: it does not say)."""
    found = _RANGE.match(answer.headers.get("Content-Range") or "")
    return (int(found[1]), int(found[2]) if found[2] != "*" else 0) if found else (-1, 0)


def _limited(write: Callable[[bytes], object], have: int, limit: int | None, where: str) -> Callable[[bytes], object]:
    came = have

    def write_limited(data: bytes) -> object:
        nonlocal came
        came += len(data)
        if limit is not None and came > limit:
            raise SourceError(f"{where}: more than {limit / 1e6:g} MB", "Raise `source_megabytes` if that is right.")
        return write(data)

    return write_limited
