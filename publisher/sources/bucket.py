"""A table in a bucket. In: an s3 address, or a prefix. Out: bytes in the cache; an object whose ETag is known is not read again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from publisher.canonical import CHUNK
from publisher.errors import NotFound, ProjectError, SourceError, Unavailable
from publisher.model import Origin
from publisher.project.origin import PACKED, file_format, is_part
from publisher.sources.cache import Kept, Slot
from publisher.sources.outside import Outside
from publisher.sources.packed import refuse_packed
from publisher.store import open_store
from publisher.store.base import Stat, Store


@dataclass(frozen=True, slots=True)
class Listed:
    """An object below a prefix, as its bucket lists it."""

    origin: Origin
    store: Store
    stat: Stat


def list_prefix(prefix: Origin, declared: str, outside: Outside) -> list[Listed]:
    """The parts below a prefix, by the code points of their names; `declared` is their format, or "". Raises SourceError, StoreError."""
    parts = urlsplit(prefix.address)
    store = open_store(f"s3://{parts.netloc}", env=outside.environment, retry=outside.retry)
    root = unquote(parts.path.lstrip("/"))
    found = []
    for stat in store.list(root):
        name = stat.key.removeprefix(root)
        if is_part(name):
            address = f"s3://{parts.netloc}/{quote(stat.key)}"
            found.append(Listed(Origin("bucket", address, address, suffix=_suffix(address, declared)), store, stat))
    if not found:
        raise NotFound(
            f"{prefix.place}: there is no object", "Check the address; an empty table is a file with a header."
        )
    for item in found:
        if item.origin.suffix.split(".")[1] != prefix.suffix[1:]:
            raise SourceError(
                f"{item.origin.place}: is not {prefix.suffix[1:]} as the table",
                "Take away what is no part of the table, or say its `format`.",
            )
    return sorted(found, key=lambda item: item.stat.key.encode())


def read_part(part: Listed, slot: Slot, outside: Outside) -> Kept:
    """A part brought to the cache; nothing is asked of the bucket where the list says that it is there already. Raises as read_object."""
    kept = slot.kept()
    if kept is not None and part.stat.etag and kept.etag == part.stat.etag and kept.name.endswith(part.origin.suffix):
        slot.record(kept)
        return kept
    return read_from(part.store, part.stat.key, part.origin.suffix, slot, outside)


def _suffix(address: str, declared: str) -> str:
    name = PurePosixPath(address)
    try:
        form = file_format(name.name, declared, address)
    except ProjectError as error:
        raise SourceError(error.message, "Take away what is no part of the table, or say its `format`.") from error
    packed = name.suffix.lower()
    return f".{form}{packed if packed in PACKED else ''}"


def read_object(origin: Origin, slot: Slot, outside: Outside) -> Kept:
    """Bring the cache up to date. Raises SourceError, StoreError (what the bucket answered), Unavailable (after all tries)."""
    parts = urlsplit(origin.address)
    store = open_store(f"s3://{parts.netloc}", env=outside.environment, retry=outside.retry)
    return read_from(store, unquote(parts.path.lstrip("/")), origin.suffix, slot, outside)


def read_from(store: Store, key: str, suffix: str, slot: Slot, outside: Outside) -> Kept:
    """An object of a store, brought to the cache. Raises as read_object does."""
    where = f"{store.url}/{key}"
    until = outside.clock() + outside.settings.source_seconds

    begun = ""

    def attempt(part: Path) -> Kept:
        nonlocal begun
        found = _find(store, key, where, outside.limit)
        kept = slot.kept()
        if kept is not None and kept.etag == found.etag and kept.name.endswith(suffix):
            slot.record(kept)
            return kept
        if begun != found.etag:
            part.unlink(missing_ok=True)
        begun = found.etag
        _copy(store, key, part, where, until, outside)
        if _find(store, key, where, outside.limit).etag != found.etag or part.stat().st_size != found.size:
            begun = ""
            raise Unavailable(f"{where}: changed while it was read", "Try again later.")
        with suppress(Unavailable):
            # it is the whole object; damage is found again when it is read as a table, and then told with the other findings
            refuse_packed(part, suffix, outside.limit, where)
        return slot.keep(part, suffix, found.etag, found.modified.isoformat(timespec="seconds"))

    with slot.part() as part:
        return outside.retry.call(lambda: attempt(part))


def _find(store: Store, key: str, where: str, limit: int) -> Stat:
    found = store.stat(key)
    if found is None:
        raise NotFound(f"{where}: there is no such object", "Check the address.")
    if found.size > limit:
        raise SourceError(f"{where}: more than {limit / 1e6:g} MB", "Raise `source_megabytes` if that is right.")
    return found


def _copy(store: Store, key: str, part: Path, where: str, until: float, outside: Outside) -> None:
    """Go on with what is there."""
    with part.open("ab") as target, store.open(key, target.tell()) as source:
        while data := source.read(CHUNK):
            target.write(data)
            if outside.clock() > until:
                raise SourceError(f"{where}: took too long", "Raise `source_seconds` if that is right.")
