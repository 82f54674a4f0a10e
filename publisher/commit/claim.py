"""Claiming a version number. In: a head, the number wanted, the identity of what will be released. Out: Claim, ours alone.

A claim is the object `release.json`, created and never replaced. One that a dead run left behind is taken over while it is fresh, if it
was made for the same content on the same parent: with its time of creation the files come out the same, byte for byte, so only those
that are missing are sent. After RESUME it is left alone, since `gc` (whose grace is longer) may be clearing it away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.commit.history import releases
from publisher.commit.pointer import Head
from publisher.errors import PreconditionFailed, StoreError
from publisher.store.base import Store
from publisher.version import Bump, next_version

RESUME = timedelta(hours=12)
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """A number that is ours. `created` and `run` are those of the run that claimed it first; `resumed` says that it was another."""

    version: str
    created: str
    run: str
    resumed: bool = False


def claim(
    store: Store, head: Head, *, version: str, level: str, content: str, inputs: str, run: str, now: datetime
) -> Claim:
    """Claim `version`, or the next number of the same level that is free. `content` and `inputs` are hashes, `run` any name of this run.

    Raises StoreError."""
    parent = head.latest.version if head.latest else None
    wanted = version
    for _ in range(_MOST):
        record = {
            "package": head.package,
            "version": wanted,
            "parent": parent,
            "content": content,
            "inputs": inputs,
            "started": now.isoformat(timespec="microseconds"),
            "run": run,
        }
        if wanted not in head.numbers:
            taken = _create(store, record)
            if taken is None:
                return Claim(wanted, record["started"] or "", run)
            if _is_ours(taken, record, now) and all(entry.version != wanted for entry in releases(store, head)):
                return Claim(wanted, str(taken["started"]), str(taken["run"]), resumed=str(taken["run"]) != run)
        wanted = next_version(wanted, Bump(level, "claimed", ""))
    raise StoreError(
        f"{store.url}: {_MOST} numbers from {version} on are taken", "Run `gc`, and look at what else writes there."
    )


def _create(store: Store, record: Mapping[str, str | None]) -> Mapping[str, Any] | None:
    """None where the number was free and is ours now; else what stands there."""
    key = layout.release_file(str(record["package"]), str(record["version"]), layout.CLAIM)
    body = readable_json(record)
    try:
        store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key), if_absent=True)
    except PreconditionFailed:
        found, _ = store.read(key)
        try:
            taken = json.loads(found)
        except ValueError:
            return {}
        return taken if isinstance(taken, dict) else {}
    folder = layout.release_folder(str(record["package"]), str(record["version"]))
    foreign = [stat.key for stat in store.list(folder) if stat.key != key]
    # Whatever lay there before the claim is nobody's we know: the number stays a gap.
    return {"foreign": foreign} if foreign else None


def _is_ours(taken: Mapping[str, Any], record: Mapping[str, str | None], now: datetime) -> bool:
    same = all(taken.get(name) == record[name] for name in ("package", "version", "parent", "content", "inputs"))
    try:
        age = now - datetime.fromisoformat(str(taken.get("started")))
    except (TypeError, ValueError):
        return False
    return same and abs(age) < RESUME
