"""What the stages of a run share. In: a store, settings, what the maintainer asks for. Out: frozen values, a workspace."""

from __future__ import annotations

import logging
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.audit import Event, record
from publisher.engine import Engine, open_engine
from publisher.errors import StoreError, UsageError
from publisher.gates import Suspects
from publisher.model import File, Tables
from publisher.project import Settings
from publisher.project.actor import Actor
from publisher.run.workers import Here, Workers
from publisher.sources import Outside
from publisher.store.base import Store
from publisher.store.retry import Retry

if TYPE_CHECKING:
    from publisher.signing import Signer

LOG = logging.getLogger("publisher.run")

NOBODY = Actor("unknown")

Progress = Callable[[str, int, int], None]
"""Told of a stage, how much of it is done and how much there is (0: nobody can tell)."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run gets from outside: where to publish, settings, time, a name of its own, somebody who watches, the key that releases are
    signed with, the variables that packages may name for their sources, who works on parts (with_workers)."""

    store: Store
    settings: Settings
    now: Callable[[], datetime] = _now
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    retry: Retry = field(default_factory=Retry)
    progress: Progress = lambda _stage, _done, _total: None
    actor: Actor = NOBODY
    signer: Signer | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    workers: Workers = field(default_factory=Here)

    def stamp(self) -> str:
        """Now, as RFC 3339 in UTC."""
        return self.now().astimezone(UTC).isoformat(timespec="microseconds")

    def tell(self, message: str, level: int = logging.INFO, **fields: object) -> None:
        """A line for the log, with this run's name."""
        LOG.log(level, "%s", message, extra={"run": self.name, **fields})

    def record(self, action: str, package: str = "", version: str = "", reason: str = "", **details: object) -> None:
        """Append what was done to the audit log. It stands whether or not that succeeds, so failing is told and raises nothing."""
        event = Event(action, self.actor, self.now(), package, version, reason, self.name, details)
        try:
            record(self.store, event)
        except StoreError as error:
            self.tell(f"not in the audit log: {error.message}", logging.WARNING, event=event.to_dict())

    @property
    def outside(self) -> Outside:
        """What reading sources needs."""
        return Outside(self.settings, self.environment, self.now, self.retry)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a maintainer asks of a publication: the only version that may come out, a higher level and why, a message to readers,
    gates that may be passed."""

    expect: str = ""
    level: str = ""
    reason: str = ""
    message: str = ""
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Valid tables and their canonical CSVs, not yet compared with anything. `content` identifies them; `suspects` is what may be personal
    in tables that were looked through part by part."""

    tables: Tables
    canonical: Mapping[str, File]
    content: str
    suspects: Mapping[str, Suspects] = field(default_factory=dict)


@contextmanager
def with_workers(run: Run) -> Iterator[Run]:
    """The run with the workers that its settings name; they end with the context. Raises UsageError where Dask is not installed."""
    with open_workers(run.settings.cluster) as workers:
        yield replace(run, workers=workers)


@contextmanager
def open_workers(cluster: str) -> Iterator[Workers]:
    """Those that the setting `cluster` names; none is started before there is work. Raises UsageError where Dask is not installed."""
    if not cluster:
        yield Here()
        return
    try:
        # an extra, and slow to import
        from publisher.run.cluster import Cluster
    except ImportError as error:
        raise UsageError("this installation knows no clusters", "Install `publisher[cluster]`.") from error
    with Cluster(cluster) as workers:
        yield workers


@contextmanager
def open_workspace(settings: Settings) -> Iterator[Engine]:
    """An engine in a scratch folder of its own, removed at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="publisher-") as folder,
        open_engine(Path(folder), memory=settings.memory) as engine,
    ):
        yield engine
