"""Clearing away what dead runs left behind. In: a package or all of them, a grace period. Out: what was, or would be, removed.

Removed are the files of claims that were never published and whose folder saw no write during the grace period, pages of history that
no pointer leads to, unfinished uploads and temporary files. The claim itself stays: its number is never given out again. Nothing that a
pointer or one of its pages lists is ever touched, and without `remove` nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher import layout
from publisher.commit.claim import RESUME
from publisher.commit.history import pages, releases
from publisher.commit.pointer import read_head
from publisher.errors import UsageError
from publisher.store.base import PROBES, Stat, Store

LEAST_GRACE = 2 * RESUME
"""Within RESUME a run may take up a dead run's claim, and count on its files."""


@dataclass(frozen=True, slots=True)
class Swept:
    """Keys of objects with their bytes, and other leftovers in words."""

    objects: tuple[tuple[str, int], ...]
    others: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.objects)


def collect(store: Store, packages: list[str], *, now: datetime, grace: timedelta, remove: bool) -> Swept:
    """What is left over from before `now - grace`. Raises UsageError for a grace below a day, Damaged before anything is removed."""
    if grace < LEAST_GRACE:
        raise UsageError(
            f"a grace period of {grace} is too short: a run may still be using what it left",
            f"Use at least {LEAST_GRACE.total_seconds() / 3600:.0f} hours.",
        )
    before = now - grace
    found = [stat for package in packages for stat in _orphans(store, package, before)]
    found += [stat for stat in store.list(PROBES) if stat.modified < before]
    if remove:
        for stat in found:
            store.delete(stat.key)
    return Swept(tuple((stat.key, stat.size) for stat in found), store.sweep(before, remove=remove))


def _orphans(store: Store, package: str, before: datetime) -> Iterator[Stat]:
    """The listing comes first: what is listed and published after it is found in the head, which is read later."""
    folder = f"{package}/v/"
    listed = list(store.list(folder))
    head = read_head(store, package)
    kept = {entry.version for entry in releases(store, head)}
    linked = {key for key, _ in pages(store, head)}
    groups: dict[str, list[Stat]] = {}
    for stat in listed:
        name = stat.key.removeprefix(folder).split("/", 1)[0]
        if name == "history":
            if stat.key not in linked and stat.modified < before:
                yield stat
        elif name not in kept:
            groups.setdefault(name, []).append(stat)
    for stats in groups.values():
        if all(stat.modified < before for stat in stats):
            yield from (stat for stat in stats if not stat.key.endswith(f"/{layout.CLAIM}"))
