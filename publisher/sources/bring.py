"""Tables that come from elsewhere, brought to this machine. In: a package as declared. Out: the same with local files, and what was read.

Every source is tried before any failure is told, so that one message names them all. Nothing is published from a source that failed, and
what was published before stays.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from urllib.parse import urlsplit

from publisher.errors import PublisherError, SourceError, StoreError
from publisher.model import Origin, Package, Reading, Resource
from publisher.project.files import did_you_mean
from publisher.project.origin import FORMATS, PACKED, tabular_dialect
from publisher.sources.bucket import list_prefix, read_object, read_part
from publisher.sources.cache import Kept, Slot, forget, open_slot
from publisher.sources.inbox import Found, Inbox, find, open_inbox, strays
from publisher.sources.outside import Outside
from publisher.sources.page import read_page

_LOG = logging.getLogger(__name__)
AT_A_TIME = 8
"""Objects of a prefix that are fetched at once."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A dropped file that the package is read from now: where it lies in the inbox, and its bytes here."""

    found: Found
    kept: Kept
    body: Path


@dataclass(frozen=True, slots=True)
class Brought:
    """A package whose files all lie on this machine. `inbox` and `drops` are for what becomes of dropped files (dropped.py)."""

    package: Package
    inbox: Inbox | None = None
    drops: tuple[Drop, ...] = ()


@dataclass(slots=True)
class _Trip:
    """What one call gathers. `done` holds origins already read, since several tables may come from one workbook."""

    outside: Outside
    inbox: Inbox | None = None
    drops: list[Drop] = field(default_factory=list)
    done: dict[Origin, tuple[Kept, Path]] = field(default_factory=dict)
    failures: list[PublisherError] = field(default_factory=list)


def bring(package: Package, outside: Outside) -> Brought:
    """Read all origins of a package; one without any comes back as it is. Raises SourceError, UsageError."""
    if not any(item.origins for item in package.resources):
        return Brought(package)
    trip = _Trip(outside)
    _read_databases(package, trip)
    resources = tuple(_bring_table(package.name, item, trip) if item.origins else item for item in package.resources)
    if trip.failures:
        raise _join(package.name, trip.failures)
    if trip.inbox:
        _tell_strays(trip.inbox, package)
    forget(outside.cache, outside.now())
    return Brought(replace(package, resources=resources), trip.inbox, tuple(trip.drops))


def _bring_table(package: str, resource: Resource, trip: _Trip) -> Resource:
    """The table with its files, or as it was where a failure was noted."""
    first = resource.origins[0]
    if first.kind == "database" and first not in trip.done:
        return resource
    try:
        if first.kind == "inbox":
            return _from_inbox(package, resource, trip)
        if first.kind == "prefix":
            return _from_prefix(resource, first, trip)
        read = [_read(origin, trip) for origin in resource.origins]
    except (SourceError, StoreError, OSError) as error:
        trip.failures.append(_failure(resource.name, error))
        return resource
    readings = tuple(
        _reading(origin, kept, trip.outside) for origin, (kept, _) in zip(resource.origins, read, strict=True)
    )
    return _with_files(resource, [path for _, path in read], readings)


def _from_prefix(resource: Resource, prefix: Origin, trip: _Trip) -> Resource:
    """The table read from every object below a prefix, in the order of their names."""
    outside = trip.outside
    parts = list_prefix(prefix, str(resource.descriptor.get("format", "")), outside)
    slots = [_slot(part.origin, outside) for part in parts]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        kept = list(pool.map(lambda part, slot: read_part(part, slot, outside), parts, slots))
    readings = tuple(_reading(part.origin, its, outside) for part, its in zip(parts, kept, strict=True))
    return _with_files(resource, [slot.path(its) for slot, its in zip(slots, kept, strict=True)], readings)


def _read(origin: Origin, trip: _Trip) -> tuple[Kept, Path]:
    """An origin's bytes and their file."""
    if origin not in trip.done:
        slot = _slot(origin, trip.outside)
        kept = (read_page if origin.kind == "web" else read_object)(origin, slot, trip.outside)
        trip.done[origin] = kept, slot.path(kept)
    return trip.done[origin]


def _read_databases(package: Package, trip: _Trip) -> None:
    """The tables of each database together, in one transaction."""
    groups: dict[str, list[Resource]] = {}
    for item in package.resources:
        if item.origins and item.origins[0].kind == "database":
            groups.setdefault(item.origins[0].variable, []).append(item)
    for variable, tables in groups.items():
        try:
            _read_database(variable, tables, trip)
        except (SourceError, StoreError, OSError) as error:
            trip.failures.append(_failure(", ".join(item.name for item in tables), error))


def _read_database(variable: str, tables: Sequence[Resource], trip: _Trip) -> None:
    try:
        # an extra, and 0.1 s to import
        from publisher.sources.database import Wanted, read_database
    except ModuleNotFoundError as error:
        raise SourceError("psycopg is not installed", "pip install 'publisher[postgres]'") from error
    wanted = [
        Wanted(item.name, item.origins[0].sql, item.primary_key, _slot(item.origins[0], trip.outside))
        for item in tables
    ]
    for item, want, kept in zip(tables, wanted, read_database(variable, wanted, trip.outside), strict=True):
        trip.done[item.origins[0]] = kept, want.slot.path(kept)


def _from_inbox(package: str, resource: Resource, trip: _Trip) -> Resource:
    """The table read from what was dropped last; from its `path` where nothing ever was."""
    trip.inbox = trip.inbox or open_inbox(trip.outside)
    found = find(trip.inbox, package, resource.name)
    if found is None:
        if not resource.paths:
            raise SourceError(
                "nothing was dropped for it yet", f"Drop {resource.name}.csv into {package}/ of the inbox."
            )
        return replace(resource, origins=())
    slot = open_slot(
        trip.outside.cache, ["inbox", trip.outside.settings.inbox, package, resource.name], trip.outside.now()
    )
    kept = trip.inbox.read(found, slot, trip.outside)
    if found.pending:
        trip.drops.append(Drop(found, kept, slot.path(kept)))
    name = f"{resource.name}{found.suffix}"
    reading = Reading("inbox", name, kept.read_at, kept.bytes, kept.sha256, modified=kept.modified)
    return _with_files(resource, [slot.path(kept)], (reading,))


def _tell_strays(inbox: Inbox, package: Package) -> None:
    tables = [item.name for item in package.resources if item.origins and item.origins[0].kind == "inbox"]
    for name in strays(inbox, package.name, tables):
        near = did_you_mean(name, [f"{table}{PurePath(name).suffix}" for table in tables])
        _LOG.warning("inbox: %s/%s has the name of no table that is read from there. %s", package.name, name, near)


def _with_files(resource: Resource, paths: list[Path], readings: tuple[Reading, ...]) -> Resource:
    kind = FORMATS[next(item[1:] for item in reversed(paths[0].suffixes) if item not in PACKED)]
    brought = replace(resource, paths=tuple(paths), kind=kind, readings=readings)
    if resource.origins[0].kind == "database":
        return replace(brought, dialect={}, encoding="utf-8")
    return brought if kind == "csv" else replace(brought, dialect=tabular_dialect(resource.dialect))


def _slot(origin: Origin, outside: Outside) -> Slot:
    address = origin.address or (outside.variable(origin.variable) if origin.kind == "web" else "")
    return open_slot(outside.cache, [origin.kind, address, origin.variable, origin.sql, origin.suffix], outside.now())


def _reading(origin: Origin, kept: Kept, outside: Outside) -> Reading:
    """What the release tells. The names of hosts with private addresses are nobody's business."""
    hidden = origin.kind == "database" or (
        origin.kind == "web" and (origin.variable or urlsplit(origin.address).hostname in outside.settings.allow_hosts)
    )
    place = "" if hidden else origin.place
    return Reading(origin.kind, place, kept.read_at, kept.bytes, kept.sha256, kept.etag, kept.modified)


def _failure(table: str, error: PublisherError | OSError) -> PublisherError:
    if isinstance(error, OSError):
        return SourceError(
            f"table {table}: {error.filename or 'the cache'}: {error.strerror or error}",
            "Check its rights and its room.",
        )
    return SourceError(f"table {table}: {error.message}", error.remedy)


def _join(package: str, failures: list[PublisherError]) -> SourceError:
    lines = [f"{package}: {len(failures)} of its sources could not be read; what was published before stays"]
    lines += [f"  {item.message}" + (f"\n    {item.remedy}" if item.remedy else "") for item in failures]
    return SourceError("\n".join(lines))
