"""The store of commands that nobody watches. In: a target, settings. Out: it, opened when it is first needed, tried for a short time."""

from __future__ import annotations

import os
from collections.abc import Callable

from publisher.commit import admit
from publisher.project import Settings
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.retry import Retry

STORE_RETRY = Retry(tries=3, first=0.2, most=2.0, budget=10.0)
"""Short, since the service itself comes back to what the store refused, and has others to see to meanwhile."""


def opener(target: str | None, settings: Settings) -> Callable[[], Store]:
    """Opens the store that a command publishes to, proved to honour conditional writes."""

    def opened() -> Store:
        place = target or settings.target
        store = open_store(place, env=os.environ, retry=STORE_RETRY, lock_days=settings.lock_days)
        return admit(store, single_writer=settings.single_writer, retry=STORE_RETRY)

    return opened
