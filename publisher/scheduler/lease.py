"""Who publishes a package at the moment, so that replicas share the work. In: a store, a holder, the time. Out: Lease, or None.

A small object a package, replaced with `If-Match`: {"holder", "until"}. A lease saves work and nothing else hangs on it: two that run the
same package at once are put in order by the commit protocol, which knows nothing of leases. So what clocks may do is only a matter of cost:

- the holder renews every RENEW seconds and holds until TTL seconds later by its own clock;
- others take over SKEW seconds after that by theirs, so clocks may differ by SKEW without two running at once, and a package whose
  holder died waits TTL + SKEW, or + 2 SKEW where clocks differ;
- a lease that holds longer than any clock within SKEW can have written is not believed;
- holders known to have died (processes that ran on this machine before) are not waited for.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.errors import NotFound, PreconditionFailed
from publisher.store.base import Store

TTL = timedelta(seconds=60)
RENEW = timedelta(seconds=20)
SKEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Lease:
    """A package held by `holder`; `etag` is that of the object that says so."""

    package: str
    holder: str
    etag: str


def take_lease(store: Store, package: str, holder: str, now: datetime, dead: Collection[str] = ()) -> Lease | None:
    """The lease, or None where another holder has it. Raises StoreError."""
    etag, other, until = _read(store, package)
    held = other not in {"", holder} and other not in dead and now - SKEW < until <= now + TTL + SKEW
    return None if held else _write(store, package, holder, now + TTL, etag)


def renew_lease(store: Store, lease: Lease, now: datetime) -> Lease | None:
    """The lease with a new end, or None where another has taken it over. Raises StoreError."""
    return _write(store, lease.package, lease.holder, now + TTL, lease.etag)


def give_back(store: Store, lease: Lease, now: datetime) -> None:
    """Let others have the package at once. Raises StoreError."""
    _write(store, lease.package, "", now, lease.etag)


def _read(store: Store, package: str) -> tuple[str | None, str, datetime]:
    """ETag, holder, end; a lease that cannot be read is nobody's."""
    try:
        body, stat = store.read(layout.lease(package))
    except NotFound:
        return None, "", datetime.min.replace(tzinfo=UTC)
    try:
        document = json.loads(body)
        return stat.etag, str(document["holder"]), datetime.fromisoformat(document["until"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError):
        return stat.etag, "", datetime.min.replace(tzinfo=UTC)


def _write(store: Store, package: str, holder: str, until: datetime, etag: str | None) -> Lease | None:
    key = layout.lease(package)
    body = readable_json({"holder": holder, "until": until.astimezone(UTC).isoformat()})
    try:
        stat = store.put(
            key,
            body,
            sha256=sha256_bytes(body),
            headers=layout.headers(key),
            if_absent=etag is None,
            if_match=etag,
        )
    except PreconditionFailed:
        return None
    return Lease(package, holder, stat.etag)
