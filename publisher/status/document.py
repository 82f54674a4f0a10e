"""The document status.json. In: entries, a store. Out: the document read, and entries replaced in it whoever else writes meanwhile.

A JSON object at `layout.STATUS`, all moments RFC 3339 in UTC with whole seconds (docs/operations.md shows one):

    format     1
    checked    when it was last written
    packages   one object a package, sorted by name: the fields of PackageStatus under their own names, None as null, with
               last_attempt   null, or the fields of Attempt but `detail`, with
                   findings   objects of table, type, count; at most FINDINGS of them, the largest counts first
               withdrawn      null, or version, by (rollback, yank) and at

An entry takes at most some 3 kB.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.errors import Damaged, NotFound, PreconditionFailed, StoreError
from publisher.status.entry import Attempt, Count, Outcome, PackageStatus, State, Status, Withdrawal
from publisher.store.base import Store
from publisher.store.retry import Retry

FORMAT = 1


def read_status(store: Store) -> Status:
    """What status.json says; an empty Status where there is none. Raises Damaged, StoreError."""
    try:
        body, _ = store.read(layout.STATUS)
    except NotFound:
        return Status({})
    return parse_status(body)


def parse_status(body: bytes) -> Status:
    """Raises Damaged for what is no status.json of this format."""
    document = _document(body)
    try:
        packages = [_from_json(item) for item in document["packages"]]
        return Status({item.name: item for item in packages}, _moment(document["checked"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(str(error)) from error


def update_status(
    store: Store,
    changes: Mapping[str, Callable[[PackageStatus | None], PackageStatus | None]],
    *,
    moment: datetime,
    retry: Retry,
) -> dict[str, tuple[PackageStatus | None, PackageStatus]]:
    """Replace the entries of some packages by what `changes` make of them (None: it is left as it is), whoever else writes meanwhile.

    The store must honour conditional writes (commit.admit). Only these entries are touched; a document that cannot be read is
    replaced, since it is better to count anew than not to count. Returns entries before and after, of those that differ.
    Raises StoreError where others kept writing until `retry` ended."""
    seen: dict[str, PackageStatus | None] = {}
    for _ in retry.attempts():
        entries, etag = _entries(store)
        now = {name: _known(entries.get(name)) for name in changes}
        made = {name: change(now[name]) for name, change in changes.items()}
        # an answer that was lost may have hidden that our write landed: then what it replaced was seen on the try before
        differ = {name: (seen.get(name, now[name]), item) for name, item in made.items() if item is not None}
        differ = {name: (before, after) for name, (before, after) in differ.items() if before != after}
        wanted = {name: item for name, item in made.items() if item is not None and item != now[name]}
        seen = {**now, **seen}
        if not wanted:
            return differ
        entries |= {name: entry_json(item) for name, item in wanted.items()}
        if _write(store, entries, etag, moment):
            return differ
    raise _contended(store)


def forget_package(store: Store, name: str, *, moment: datetime, retry: Retry) -> bool:
    """Take a package out of status.json that is not published any more. Returns whether it was in. Raises StoreError."""
    for _ in retry.attempts():
        entries, etag = _entries(store)
        if entries.pop(name, None) is None:
            return False
        if _write(store, entries, etag, moment):
            return True
    raise _contended(store)


def entry_json(entry: PackageStatus) -> dict[str, Any]:
    """An entry as status.json holds it."""
    attempt = entry.last_attempt
    told = {field.name: _plain(getattr(entry, field.name)) for field in fields(entry) if field.name != "last_attempt"}
    return told | {"last_attempt": attempt_json(attempt) if attempt else None}


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """An attempt as status.json holds it, without its detail."""
    told = {field.name: _plain(getattr(attempt, field.name)) for field in fields(attempt) if field.name != "detail"}
    return told | {
        "findings": [{"table": item.table, "type": item.type, "count": item.count} for item in attempt.findings]
    }


def attempt_from(record: Mapping[str, Any]) -> Attempt:
    """The attempt that attempt_json wrote; keys of later versions are passed over. Raises KeyError, TypeError, ValueError."""
    if record["outcome"] not in get_args(Outcome):
        raise ValueError(f"outcome {record['outcome']!r} is not known")
    told = {field.name: record[field.name] for field in fields(Attempt) if field.name in record}
    counts = tuple(Count(str(item["table"]), str(item["type"]), int(item["count"])) for item in record["findings"])
    return Attempt(**told | {"at": _moment(record["at"]), "findings": counts})


def _from_json(record: Mapping[str, Any]) -> PackageStatus:
    if record["state"] not in get_args(State):
        raise ValueError(f"state {record['state']!r} is not known")
    told = {field.name: record[field.name] for field in fields(PackageStatus) if field.name in record}
    moments = {name: _moment(record[name]) for name in _MOMENTS if record.get(name) is not None}
    attempt, gone = record.get("last_attempt"), record.get("withdrawn")
    parts = {
        "last_attempt": attempt_from(attempt) if attempt else None,
        "withdrawn": Withdrawal(str(gone["version"]), gone["by"], _moment(gone["at"])) if gone else None,
    }
    return PackageStatus(**told | moments | parts)


_MOMENTS = ("since", "first_seen", "last_success", "next_due", "due_from", "overdue_from", "delinquent_from")


def _known(record: Any) -> PackageStatus | None:
    try:
        return _from_json(record)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _entries(store: Store) -> tuple[dict[str, Any], str | None]:
    """Entries by name as they were written, those of later versions with all their keys."""
    try:
        body, stat = store.read(layout.STATUS)
    except NotFound:
        return {}, None
    try:
        return {str(item["name"]): item for item in _document(body)["packages"]}, stat.etag
    except (Damaged, KeyError, TypeError):
        return {}, stat.etag


def _write(store: Store, entries: Mapping[str, Any], etag: str | None, moment: datetime) -> bool:
    """False where somebody else wrote first."""
    body = readable_json(
        {"format": FORMAT, "checked": _plain(moment), "packages": [entries[name] for name in sorted(entries)]}
    )
    headers = layout.headers(layout.STATUS)
    try:
        store.put(
            layout.STATUS, body, sha256=sha256_bytes(body), headers=headers, if_absent=etag is None, if_match=etag
        )
    except PreconditionFailed:
        return False
    return True


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise _damaged(f"it is not JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _damaged(f"it is not of format {FORMAT}")
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Withdrawal):
        return {"version": value.version, "by": value.by, "at": _plain(value.at)}
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _contended(store: Store) -> StoreError:
    return StoreError(
        f"{store.url}: {layout.STATUS} could not be written, since others keep writing it", "Try again later."
    )


def _damaged(why: str) -> Damaged:
    return Damaged(f"{layout.STATUS} cannot be used: {why}", "The next run writes it anew.")
