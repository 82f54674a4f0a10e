"""What is known of derived objects without asking the store for each. In: an area. Out: Manifest and Ledger; the manifest is replaced only
by who read it last.

An area is what is brought up to date together: the derived objects of a package, or those of the store as a whole.

    manifest.json   {format, source, list: {path, sha256, objects}, open: {run: since}}     replaced conditionally
    <hash>.json.gz  {headers: [[...], ...], objects: {key: "sha256 header source etag"}, cards: {package: ...}}
                    named by its content, never replaced

Every object is replaced or removed only while the run that does it stands under `open`, and a run leaves only when it knows how each of
its writes ended. So a list can be trusted where nobody is open; where somebody is, or was when it died, it is a hint, and the store is
asked. What has been open for TICKET is closed by whoever has asked the store since.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from publisher import layout
from publisher.canonical import canonical_json, readable_json, sha256_bytes
from publisher.errors import Damaged, NotFound, PreconditionFailed
from publisher.model import Headers
from publisher.store.base import Store

FORMAT = 2
TICKET = timedelta(hours=1)
"""No request takes so long to arrive."""
_TRIES = 16


class Known(NamedTuple):
    """What is known of an object. `source` identifies what its bytes follow from, "" where nobody told."""

    sha256: str
    headers: Headers
    etag: str
    source: str = ""


Cards = Mapping[str, Mapping[str, Any]]
"""What the area of the store as a whole keeps of each package, by its name, so that the next run need not read it again: plain JSON
objects, opaque here but for `source`, which identifies what a card follows from."""


class Ledger:
    """What is known of objects, one text each: a hundred thousand of them take some 30 MB. And the cards."""

    def __init__(
        self,
        headers: list[Headers] | None = None,
        objects: dict[str, str] | None = None,
        cards: Cards | None = None,
    ) -> None:
        self.cards: Cards = dict(cards or {})
        self._headers = list(headers or ())
        self._places = {item: place for place, item in enumerate(self._headers)}
        self._objects = dict(objects or {})

    def __len__(self) -> int:
        return len(self._objects)

    def __contains__(self, key: str) -> bool:
        return key in self._objects

    def __iter__(self) -> Iterator[str]:
        return iter(self._objects)

    def note(self, key: str, sha256: str, headers: Headers, etag: str, source: str = "") -> None:
        place = self._places.setdefault(headers, len(self._places))
        if place == len(self._headers):
            self._headers.append(headers)
        self._objects[key] = f"{sha256} {place} {source} {etag}"

    def get(self, key: str) -> Known | None:
        """What is known of an object, if anything."""
        found = self._objects.get(key)
        if found is None:
            return None
        sha256, place, source, etag = found.split(" ", 3)
        return Known(sha256, self._headers[int(place)], etag, source)

    def sources(self) -> dict[str, str]:
        """What each object's bytes follow from, by key."""
        return {key: text.split(" ", 3)[2] for key, text in self._objects.items()}

    def lasts(self, key: str) -> bool:
        """Whether caches may keep an object for long."""
        known = self.get(key)
        return known is not None and known.headers.cache_control == layout.IMMUTABLE

    def dump(self) -> bytes:
        """Compressed; the same objects and cards give the same bytes, in whatever order they were noted."""
        order = sorted(
            self._headers, key=lambda item: (item.content_type, item.cache_control, item.content_disposition)
        )
        places = {str(self._places[item]): str(place) for place, item in enumerate(order)}
        objects = {}
        for key, text in self._objects.items():
            sha256, place, rest = text.split(" ", 2)
            objects[key] = f"{sha256} {places[place]} {rest}"
        headers = [[item.content_type, item.cache_control, item.content_disposition] for item in order]
        body = canonical_json({"headers": headers, "objects": objects})
        if self.cards:  # their members keep their order, in which documents are made of them
            cards = json.dumps(self.cards, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            body = b'{"cards":' + cards.encode() + b"," + body[1:]
        return gzip.compress(body, compresslevel=1, mtime=0)


def read_ledger(body: bytes) -> Ledger:
    """Raises ValueError, KeyError, TypeError or OSError for what is none."""
    document = json.loads(gzip.decompress(body))
    headers = [Headers(*item) for item in document["headers"]]
    return Ledger(headers, dict(document["objects"]), dict(document.get("cards", {})))


@dataclass(frozen=True, slots=True)
class Manifest:
    """`etag` is None where there is none yet. `source` identifies what the objects were made from, `listed` leads to the ledger."""

    area: str
    etag: str | None = None
    source: str = ""
    listed: Mapping[str, Any] | None = None
    open: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether its ledger can be trusted."""
        return self.listed is not None and not self.open

    def expired(self, now: datetime) -> set[str]:
        """Runs that died long ago."""
        return {run for run, since in self.open.items() if now - since > TICKET}


def read_manifest(store: Store, area: str) -> Manifest:
    """An empty one where there is none, or one that cannot be read. Raises StoreError."""
    key = layout.manifest(area)
    try:
        body, stat = store.read(key)
    except NotFound:
        return Manifest(area)
    except Damaged:
        found = store.stat(key)
        return Manifest(area, found.etag if found else None)
    try:
        document = json.loads(body)
        opened = {str(run): datetime.fromisoformat(since).astimezone(UTC) for run, since in document["open"].items()}
        if document["format"] == FORMAT:
            return Manifest(area, stat.etag, str(document["source"]), document["list"], opened)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return Manifest(area, stat.etag)


def open_ledger(store: Store, manifest: Manifest) -> Ledger | None:
    """None where it is missing or damaged."""
    if manifest.listed is None:
        return None
    try:
        body, _ = store.read(layout.manifest_folder(manifest.area) + str(manifest.listed["path"]))
        return read_ledger(body) if sha256_bytes(body) == manifest.listed["sha256"] else None
    except (NotFound, Damaged, ValueError, KeyError, TypeError, OSError):
        return None


def enter(store: Store, manifest: Manifest, run: str, now: datetime) -> Manifest:
    """Put `run` under `open`. Raises PreconditionFailed where somebody else finished since `manifest` was read."""
    return _swap(store, manifest, lambda found: replace(found, open={**found.open, run: now}))


def leave(store: Store, manifest: Manifest, ledger: Ledger, source: str, gone: set[str]) -> Manifest:
    """Publish a ledger and take the runs `gone` from `open`. The former ledger goes. Raises PreconditionFailed where somebody else
    finished since `manifest` was read."""
    body = ledger.dump()
    digest = sha256_bytes(body)
    listed = {"path": f"{digest[:16]}.json.gz", "sha256": digest, "objects": len(ledger)}
    if listed != manifest.listed:
        _put_list(store, manifest.area, listed, body)

    def left(found: Manifest) -> Manifest:
        still = {run: since for run, since in found.open.items() if run not in gone}
        return replace(found, source=source, listed=listed, open=still)

    done = _swap(store, manifest, left)
    if manifest.listed and manifest.listed["path"] != listed["path"]:
        store.delete(layout.manifest_folder(manifest.area) + str(manifest.listed["path"]))
    return done


def sweep(store: Store, manifest: Manifest, now: datetime) -> None:
    """Remove ledgers that dead runs left behind."""
    folder = layout.manifest_folder(manifest.area)
    for stat in store.list(folder):
        name = stat.key.removeprefix(folder)
        if (
            "/" not in name
            and name.endswith(".gz")
            and name != (manifest.listed or {}).get("path")
            and now - stat.modified > TICKET
        ):
            store.delete(stat.key)


def _swap(store: Store, manifest: Manifest, change: Callable[[Manifest], Manifest]) -> Manifest:
    """`change` applied to the manifest, and again where others only came or went meanwhile."""
    found = manifest
    for _ in range(_TRIES):
        wanted = change(found)
        try:
            return replace(wanted, etag=_write(store, wanted))
        except PreconditionFailed:
            found = read_manifest(store, manifest.area)
            if found.listed != manifest.listed or found.etag is None:
                raise
    raise PreconditionFailed(f"{store.url}: {layout.manifest(manifest.area)} is replaced again and again")


def _write(store: Store, manifest: Manifest) -> str:
    opened = {run: since.isoformat(timespec="seconds") for run, since in manifest.open.items()}
    body = readable_json({"format": FORMAT, "source": manifest.source, "list": manifest.listed, "open": opened})
    key = layout.manifest(manifest.area)
    conditions: dict[str, Any] = {"if_absent": True} if manifest.etag is None else {"if_match": manifest.etag}
    return store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key), **conditions).etag


def _put_list(store: Store, area: str, listed: Mapping[str, Any], body: bytes) -> None:
    """Its name follows from its bytes, so whoever wrote it already wrote the same."""
    key = layout.manifest_folder(area) + str(listed["path"])
    store.put(key, body, sha256=str(listed["sha256"]), headers=layout.headers(key))
