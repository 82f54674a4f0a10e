"""One pass over an area of derived objects. In: an area, its manifest, the store. Out: each object as it ought to be, others gone.

Objects are made one after the other and compared with the manifest, which knows what is there: one that is right costs no request, and
one that says what it follows from is not even made. Where the manifest cannot be trusted, or `check` is asked for, the area is
listed, and the store asked about whatever the listing cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Lock

from publisher import layout
from publisher.canonical import content_hash, sha256_bytes, sha256_file
from publisher.commit.crew import Crew
from publisher.commit.manifest import Cards, Ledger, Manifest, enter, leave, open_ledger, read_manifest, sweep
from publisher.errors import AccessDenied, PreconditionFailed
from publisher.model import Headers
from publisher.store.base import Stat, Store

WORKERS = 12


@dataclass(frozen=True, slots=True)
class Derived:
    """An object as it ought to be: bytes, or a copy of another object of the store, whose hash is then given. `source` is as in Later."""

    key: str
    headers: Headers
    sha256: str
    body: bytes | Path | None = None
    copy_of: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """An object that is made only where it must be: where what its bytes follow from, which `source` identifies, is not what the object
    in the store was made from."""

    key: str
    source: str
    make: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Area:
    """What is brought up to date together. `name` is a package's, or "" for what belongs to the store as a whole; `source` identifies
    all that its objects follow from ("" where that cannot be told); below `folders` (keys with a final slash) lie its objects alone,
    and some lie elsewhere. `build` makes each object once. `cards` are what the objects were made from, where that is to be kept.

    `parts` are areas to be brought up before it, which keep account of objects that hardly change any more; `elsewhere` are the keys of
    theirs that lie below `folders`. `added` are those of them in which something is new, which is enough where the manifest of this area
    can be trusted; None where it is not. An area that `adds` makes nothing but what is new in it, the rest stays as it is; its `source`
    is the face that block_source is made with."""

    name: str
    source: str
    folders: tuple[str, ...]
    build: Callable[[], Iterable[Derived | Later]]
    cards: Cards | None = None
    parts: Callable[[], Iterable[Area]] | None = None
    added: Callable[[], Iterable[Area] | None] = lambda: None
    elsewhere: Container[str] = frozenset()
    adds: bool = False


class Unsettled(Exception):
    """What was to be added to is not known well."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who comes, when, and what it may rely on. `run` is a name of this run alone; `still` tells whether the heads are those that the
    area is made from; with `check` the store is asked for every object."""

    run: str
    now: Callable[[], datetime]
    still: Callable[[], bool]
    check: bool


@dataclass(slots=True)
class Refreshed:
    """Keys of derived objects: written, and removed since nothing derives them any more; how many were right already."""

    written: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    kept: int = 0


def derived(key: str, body: bytes | Path, source: str = "") -> Derived:
    """An object of bytes or of a file, with the headers that its key has."""
    sha256 = sha256_file(body) if isinstance(body, Path) else sha256_bytes(body)
    return Derived(key, layout.headers(key), sha256, body=body, source=source)


def block_source(face: str, sources: Mapping[str, str]) -> str:
    """The source of an area all of whose objects tell theirs; `face` is what they have in common."""
    return content_hash([face, sources])


def bring_up(store: Store, area: Area, visit: Visit, done: Refreshed) -> None:
    """Bring an area up to date; what was done is told to `done`. One that was made from the same source is passed over. Raises
    PreconditionFailed where somebody else came in between, Unsettled for one that adds, where its manifest is not what it should be."""
    manifest = read_manifest(store, area.name)
    trusted = manifest.settled and not visit.check
    if trusted and area.source in {manifest.source} - {""}:
        done.kept += int((manifest.listed or {})["objects"])
        return
    before = open_ledger(store, manifest)
    if area.adds and manifest.etag is not None:
        known = trusted and before is not None and manifest.source == block_source(area.source, before.sources())
        if not known:
            raise Unsettled(area.name)
    bring_on(store, area, visit, done, manifest, before)


def bring_on(
    store: Store, area: Area, visit: Visit, done: Refreshed, manifest: Manifest, before: Ledger | None
) -> None:
    """Bring an area up to date that was planned with what its manifest tells. Raises PreconditionFailed as above."""
    work = _Pass(store, area, visit, done, manifest, before)
    if area.parts is not None:
        work.enter()
        if not (manifest.settled and not visit.check and _add(store, area, visit, done)):
            for part in area.parts():
                bring_up(store, part, visit, done)
    work.send()
    work.clear()
    work.finish()


def _add(store: Store, area: Area, visit: Visit, done: Refreshed) -> bool:
    """Bring up those parts in which something is new; whether that was enough."""
    added = area.added()
    if added is None:
        return False
    try:
        for part in added:
            bring_up(store, part, visit, done)
    except Unsettled:
        return False
    return True


class _Pass:
    """`before` is what the manifest knows, `seen` the ETags that were listed, None where the manifest is trusted; `after` is what is known
    now; `learned` that it is more or other than before. `entered` is the manifest once this run stands in it."""

    def __init__(
        self, store: Store, area: Area, visit: Visit, done: Refreshed, manifest: Manifest, before: Ledger | None
    ) -> None:
        self._store = store
        self._area = area
        self._visit = visit
        self._done = done
        self._manifest = manifest
        self._before = before or Ledger()
        self._seen: dict[str, str] | None = None
        if before is None or manifest.open or visit.check:
            self._seen = {stat.key: stat.etag for folder in area.folders for stat in store.list(folder)}
        self._after = Ledger(cards=area.cards)
        self._entered: Manifest | None = None
        self._learned = False
        self._lock = Lock()
        self._workers = WORKERS if store.remote else 1

    def enter(self) -> None:
        """Before the first write: are the heads still the same? Then this run's name goes into the manifest. Who writes in parts stands
        in that of the whole, so that nobody trusts it where a run died in one of them, or was overtaken there."""
        with self._lock:
            if self._entered is None:
                if not self._visit.still():
                    raise PreconditionFailed(f"{self._store.url}: a pointer moved")
                self._entered = enter(self._store, self._manifest, self._visit.run, self._visit.now())

    def send(self) -> None:
        """Write what is not right; the index, which tells that all else is done, after everything else has been written for good."""
        last = None
        with self._store.batch() as quick, Crew(self._workers) as crew:
            for wanted in self._area.build():
                if isinstance(wanted, Later) and self._is_made(wanted):
                    continue
                item = derived(wanted.key, wanted.make(), wanted.source) if isinstance(wanted, Later) else wanted
                if item.key == layout.INDEX:
                    last = item
                elif not self._keep(item):
                    crew.do(partial(self._settle, quick, item))
        if last is not None and not self._keep(last):
            self._settle(self._store, last)

    def clear(self) -> None:
        """Remove what was derived once and is not any more. What is cached for long stays: a cached page may still name it."""
        if self._area.adds:
            self._keep_others()
            return
        listed = (key for key in self._seen or () if key not in self._after)
        known = (key for key in self._before if key not in self._after and not self._before.lasts(key))
        stale = sorted(key for key in {*listed, *known} if key not in self._area.elsewhere)
        if stale:
            self._learned = True
            self.enter()
        with Crew(self._workers) as crew:
            for key in stale:
                crew.do(partial(self._remove, key))
        self._done.removed.update(stale)

    def finish(self) -> None:
        """Publish what is known now, and leave."""
        trusted, source = self._seen is None, self._area.source
        if self._area.adds:
            source = block_source(source, self._after.sources())
        if self._after.cards != self._before.cards:
            self._learned = True
            self.enter()
        if trusted and not self._learned and self._entered is None and self._manifest.source == source:
            return
        now = self._visit.now()
        gone = {self._visit.run, *(() if trusted else self._manifest.expired(now))}
        left = leave(self._store, self._entered or self._manifest, self._after, source, gone)
        if not trusted:
            sweep(self._store, left, now)

    def _keep_others(self) -> None:
        """What nothing was made of stays as it is known."""
        for key in self._before:
            if key not in self._after and (known := self._before.get(key)):
                self._after.note(key, known.sha256, known.headers, known.etag, known.source)

    def _keep(self, item: Derived) -> bool:
        """Whether an object is known to be right."""
        known = self._before.get(item.key)
        if known is None or known[:2] != (item.sha256, item.headers) or not self._is_there(item.key, known.etag):
            return False
        self._note(item, known.etag, written=False)
        return True

    def _is_made(self, wanted: Later) -> bool:
        """Whether an object is known to be there, and to follow from the same."""
        known = self._before.get(wanted.key)
        if known is None or known[1:] != (layout.headers(wanted.key), known.etag, wanted.source):
            return False
        if not self._is_there(wanted.key, known.etag):
            return False
        self._note(Derived(wanted.key, known.headers, known.sha256, source=known.source), known.etag, written=False)
        return True

    def _is_there(self, key: str, etag: str) -> bool:
        return self._seen is None or (etag != "" and self._seen.get(key) == etag)

    def _settle(self, store: Store, item: Derived) -> None:
        """Look where that is needed, write what is not right. Raises PreconditionFailed where somebody else wrote meanwhile."""
        known = self._before.get(item.key)
        etag = known.etag if known else None
        if etag == "" and item.copy_of is None and self._seen is None:
            found = self._store.stat(item.key)
            etag = found.etag if found else None
        if self._seen is not None:
            found = self._look(store, item.key, self._seen)
            if found is not None and _is_right(found, item):
                self._note(item, found.etag, written=False)
                return
            etag = found.etag if found else None
        self.enter()
        self._note(item, _write(store, item, etag), written=True)

    def _remove(self, key: str) -> None:
        """A page that lies among a release's files stays where the publisher's key may not delete there; nothing links to it any more."""
        try:
            self._store.delete(key)
        except AccessDenied:
            if "/v/" not in key:
                raise

    def _look(self, store: Store, key: str, seen: dict[str, str]) -> Stat | None:
        listed = any(key.startswith(folder) for folder in self._area.folders)
        return None if listed and key not in seen else store.stat(key)

    def _note(self, item: Derived, etag: str, *, written: bool) -> None:
        with self._lock:
            assert item.key not in self._after, f"{item.key} is made twice"
            self._after.note(item.key, item.sha256, item.headers, etag, item.source)
            self._learned |= self._before.get(item.key) != self._after.get(item.key)
            if written:
                self._done.written.add(item.key)
            else:
                self._done.kept += 1


def _is_right(stat: Stat, item: Derived) -> bool:
    """A folder keeps no headers: there, those of the key are all that can be."""
    return stat.sha256 == item.sha256 and stat.headers in (item.headers, layout.headers(item.key))


def _write(store: Store, item: Derived, etag: str | None) -> str:
    """The object's ETag, "" for a copy: those are replaced without a condition, which not every server has for them."""
    if item.copy_of is not None:
        store.copy(item.copy_of, item.key, headers=item.headers, replace=True)
        return ""
    assert item.body is not None
    return store.put(
        item.key, item.body, sha256=item.sha256, headers=item.headers, if_absent=etag is None, if_match=etag
    ).etag
