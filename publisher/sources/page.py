"""A table on the web. In: an address. Out: its bytes in the cache; those that did not change since are not sent again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from publisher.address import shown
from publisher.canonical import sha256_file
from publisher.errors import SourceError, StoreError, Unavailable
from publisher.model import Origin
from publisher.sources.cache import Kept, Slot
from publisher.sources.outside import Outside
from publisher.sources.packed import refuse_packed
from publisher.web.transfer import Arrived, Ask, download
from publisher.web.visit import Visitor

_ENCODINGS = {"": "", "identity": "", "gzip": ".gz", "x-gzip": ".gz"}
_PAGE = (b"<!doctype html", b"<html")


def read_page(origin: Origin, slot: Slot, outside: Outside) -> Kept:
    """Bring the cache up to date. Raises SourceError, StoreError (what the server answered), Unavailable (after all tries)."""
    address = origin.address or outside.variable(origin.variable)
    where = shown(address, secret=bool(origin.variable))
    visitor = outside.visitor or Visitor(outside.settings.allow_hosts, outside.settings.allow_http, clock=outside.clock)
    ask = partial(
        visitor.ask,
        address,
        until=outside.clock() + outside.settings.source_seconds,
        authorization=outside.variable(origin.authorization) if origin.authorization else "",
        secret=bool(origin.variable),
    )
    kept = slot.kept()

    def attempt(part: Path) -> Kept:
        arrived = download(ask, part, where, headers=_conditions(kept), limit=outside.limit)
        if arrived is None:
            if kept is None:
                raise StoreError(f"{where}: the server answered 304 to a question without conditions")
            slot.record(kept)
            return kept
        suffix = _suffix(origin, arrived, where)
        try:
            _refuse_damage(arrived, part, suffix, outside.limit, where)
            _refuse_page(part, suffix, where)
            _refuse_change(ask, arrived, part, slot, where, outside.limit)
        except Unavailable:
            part.unlink()
            raise
        return slot.keep(part, suffix, arrived.etag, arrived.modified)

    with slot.part() as part:
        return outside.retry.call(lambda: attempt(part))


def _conditions(known: Kept | Arrived | None) -> Mapping[str, str]:
    """Send it only if it is another one by now."""
    if known is None:
        return {}
    if known.etag:
        return {"If-None-Match": known.etag}
    return {"If-Modified-Since": known.modified} if known.modified else {}


def _suffix(origin: Origin, arrived: Arrived, where: str) -> str:
    """How the file's name ends. A file that is sent packed stays so; what reads tables unpacks it."""
    if arrived.encoding not in _ENCODINGS:
        raise SourceError(f"{where}: was sent in the encoding {arrived.encoding}", "Ask its owner to send it as it is.")
    packed = _ENCODINGS[arrived.encoding]
    return origin.suffix if origin.suffix.endswith(packed) else origin.suffix + packed


def _refuse_damage(arrived: Arrived, part: Path, suffix: str, limit: int, where: str) -> None:
    """Damage to a file that came whole is its owner's: it is found again when it is read as a table, and told with the other findings."""
    try:
        refuse_packed(part, suffix, limit, where)
    except Unavailable:
        if not arrived.told:
            raise


def _refuse_page(part: Path, suffix: str, where: str) -> None:
    """Servers send a page for people, with a good status, where a log-in has run out."""
    with part.open("rb") as file:
        begin = file.read(200).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begin.startswith(_PAGE) and not suffix.endswith(".gz"):
        raise SourceError(f"{where}: is a web page, not a table", "Check the address, and whether it needs a key.")


def _refuse_change(ask: Ask, arrived: Arrived, part: Path, slot: Slot, where: str, limit: int) -> None:
    """Raise Unavailable where the file changed while it was read. Where the server does not tell its length, reading it again must give
    the same, since nothing else shows that it was not cut."""
    if not arrived.told:
        with slot.part() as again:
            download(ask, again, where, limit=limit)
            same = sha256_file(again) == sha256_file(part)
        if not same:
            raise Unavailable(
                f"{where}: is another file each time it is read, or was cut", "Ask its owner for its length."
            )
    elif conditions := _conditions(arrived):
        with ask(conditions) as answer:
            now = (answer.headers.get("ETag") or "", answer.headers.get("Last-Modified") or "")
            if answer.status != 304 and now != (arrived.etag, arrived.modified):
                raise Unavailable(f"{where}: changed while it was read", "Try again later.")
