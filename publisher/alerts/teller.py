"""Told of every change, tells people. In: a store, channels, Changes. Out: notices delivered once; what fails is logged and tried again.

While the store does not answer, which is itself worth telling, this process relies on its own memory: replicas may then double.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from publisher.alerts.channels import Channel, open_channels
from publisher.alerts.ledger import Ledger, Pending, read_ledger, write_ledger
from publisher.alerts.notice import Notice, Told, decide
from publisher.errors import StoreError
from publisher.logs import Redactor, find_secrets
from publisher.project import Settings
from publisher.status import Change
from publisher.store.base import Store
from publisher.store.retry import Retry

LOG = logging.getLogger("publisher.alerts")
TAKEN = timedelta(minutes=10)
"""After this somebody else may take up what one process set out to deliver."""
BUDGET = timedelta(seconds=20)
"""For all deliveries of one change: whoever tells of it has other things to do, and the rest is tried again."""
KEPT = timedelta(days=3)
"""After this an undelivered notice is given up: nobody can use it any more."""


class Teller:
    """Call it with every Change (status.Tell). It raises nothing."""

    def __init__(
        self,
        store: Callable[[], Store],
        channels: Sequence[Channel],
        kinds: Sequence[str],
        now: Callable[[], datetime],
        retry: Retry,
        redactor: Redactor,
    ) -> None:
        self._open = store
        self._opened: Store | None = None
        self._channels = {item.name: item for item in channels}
        self._kinds = frozenset(kinds)
        self._now = now
        self._retry = retry
        self._redactor = redactor
        self._memory: dict[str, Told] = {}
        self._lock = Lock()

    def __call__(self, change: Change) -> None:
        with self._lock:
            try:
                taken = self._take(change)
            except StoreError as error:
                LOG.warning("alerts: the store cannot be asked what was told: %s", error.message)
                taken = self._take_from_memory(change)
                self._deliver(taken)
                return
            self._settle(self._deliver(taken))

    def _take(self, change: Change) -> list[Pending]:
        """What this process is to deliver now: what is new, and what others left lying."""
        name, now, store = change.after.name, self._now(), self._reach()
        for _ in self._retry.attempts():
            ledger = read_ledger(store)
            told, new = self._decide(self._memory.get(name, ledger.told.get(name, Told())), change)
            left = [item for item in ledger.pending if item.channel in self._channels and now - item.notice.at < KEPT]
            again = [replace(item, taken=now, tries=item.tries + 1) for item in left if now - item.taken >= TAKEN]
            taken = [*again, *(Pending(channel, notice, now) for notice in new for channel in self._channels)]
            ids = {item.id for item in taken}
            pending = (*(item for item in left if item.id not in ids), *taken)
            if (ledger.told.get(name), ledger.pending) == (told, pending):
                self._memory.pop(name, None)
                return []
            if write_ledger(store, Ledger({**ledger.told, name: told}, pending, ledger.etag)):
                self._memory.pop(name, None)
                return taken
        raise StoreError(f"{store.url}: others kept writing what was told", "It is tried again at the next run.")

    def _take_from_memory(self, change: Change) -> list[Pending]:
        name, now = change.after.name, self._now()
        self._memory[name], new = self._decide(self._memory.get(name, Told()), change)
        return [Pending(channel, notice, now) for notice in new for channel in self._channels]

    def _decide(self, told: Told, change: Change) -> tuple[Told, list[Notice]]:
        known, notices = decide(told, change)
        return known, [item for item in notices if item.kind in self._kinds]

    def _deliver(self, taken: Sequence[Pending]) -> set[str]:
        """Names of those that arrived."""
        delivered = set()
        end = self._now() + BUDGET
        for item in taken:
            if self._now() > end:
                LOG.warning("servers that alerts go to are slow: what is left is tried again later")
                break
            notice = item.notice
            fields = {"package": notice.package, "kind": notice.kind, "channel": item.channel, "run": notice.run}
            said = replace(notice, detail=self._redactor.text(notice.detail))
            if why := self._channels[item.channel].send(said):
                LOG.warning("alert not delivered, it is tried again: %s", why, extra=fields)
            else:
                LOG.info("alert delivered", extra=fields)
                delivered.add(item.id)
        return delivered

    def _settle(self, delivered: set[str]) -> None:
        """Cross out what arrived."""
        if not delivered:
            return
        try:
            store = self._reach()
            for _ in self._retry.attempts():
                ledger = read_ledger(store)
                pending = tuple(item for item in ledger.pending if item.id not in delivered)
                if pending == ledger.pending or write_ledger(store, replace(ledger, pending=pending)):
                    return
        except StoreError as error:
            LOG.warning("alerts: what was delivered could not be crossed out: %s", error.message)

    def _reach(self) -> Store:
        if self._opened is None:
            self._opened = self._open()
        return self._opened


def open_teller(
    store: Callable[[], Store],
    settings: Settings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    retry: Retry,
) -> Teller | None:
    """The teller that a project has set up; `store` opens one that honours conditional writes, and is asked again until it does.

    Addresses and passwords come from `environment`. None where nobody is to be told."""
    channels = open_channels(settings.alerts, environment, settings.base_url)
    if not channels:
        return None
    redactor = Redactor(find_secrets(environment, settings.alerts.variables))
    return Teller(store, channels, settings.alerts.on, now, retry, redactor)
