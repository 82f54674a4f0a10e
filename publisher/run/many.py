"""Several packages, each a task of its own. In: names of packages, a target. Out: how each ended, as they end.

Each is published as it would be alone, into the same store: its pointer is its commit, and what shows several packages converges as it
does for any publishers at work at once. What one ends with stops no other. A worker that dies costs its package another attempt, which
finds whatever the first one left: a claim to go on with, or a release, and then says that nothing has changed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from publisher.errors import PublisherError
from publisher.model import Receipt
from publisher.project import Project, find_package, read_signer
from publisher.project.actor import Actor
from publisher.run.context import Progress, Run, Wishes, open_workers
from publisher.run.pipeline import publish_package
from publisher.store import open_store


@dataclass(frozen=True, slots=True)
class PackageTask:
    """A package to publish: plain values, without secrets, which whoever does the work reads from its own environment."""

    project: Project
    reference: str
    target: str
    actor: Actor
    message: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class PackageEnd:
    """How it ended: with a receipt or an error. `run` is the attempt's name, `at` when it began; `fault` is one of this program."""

    reference: str
    run: str
    at: datetime
    seconds: float
    receipt: Receipt | None = None
    error: PublisherError | None = None
    fault: str = ""


def publish_packages(
    project: Project, references: Sequence[str], target: str, actor: Actor, message: str, progress: Progress
) -> Iterator[PackageEnd]:
    """Publish packages on the workers that the project's settings name, without any one after the other. Raises UsageError where there
    are no workers."""
    with open_workers(project.settings.cluster) as workers:
        settings = project.settings
        alone = replace(
            settings,
            cluster="",
            memory=workers.memory(settings.memory),
            cache=_absolute(settings.cache),
            inbox=_absolute(settings.inbox),
        )
        tasks = [
            PackageTask(
                replace(project, settings=alone), _absolute_package(project, item), _absolute(target), actor, message
            )
            for item in references
        ]
        progress("packages", 0, len(tasks))
        for done, (place, end) in enumerate(workers.each(publish_one, tasks, failed=_lost), start=1):
            progress("packages", done, len(tasks))
            yield replace(end, reference=references[place])


def publish_one(task: PackageTask) -> PackageEnd:
    """Publish a package; whatever is wrong with it is how it ends."""
    settings, at, begun = task.project.settings, datetime.now(UTC), time.monotonic()
    store = open_store(task.target, env=os.environ, lock_days=settings.lock_days)
    run = Run(store, settings, actor=task.actor, environment=os.environ)
    end = partial(PackageEnd, task.reference, run.name, at)
    try:
        run = replace(run, signer=read_signer(settings, os.environ))
        receipt = publish_package(run, find_package(task.project, task.reference), Wishes(message=task.message))
        return end(time.monotonic() - begun, receipt)
    except PublisherError as error:
        return end(time.monotonic() - begun, error=error)


def _lost(task: PackageTask, error: Exception) -> PackageEnd:
    """A package over which a fault of this program came up, or several workers were lost: all attempts at it together."""
    seconds = (datetime.now(UTC) - task.at).total_seconds()
    told = error if isinstance(error, PublisherError) else None
    return PackageEnd(task.reference, "", task.at, seconds, error=told, fault="" if told else repr(error))


def _absolute(place: str) -> str:
    """The same place whatever folder a worker works in."""
    return place if not place or "://" in place else str(Path(place).expanduser().absolute())


def _absolute_package(project: Project, reference: str) -> str:
    return reference if reference in project.packages else _absolute(reference)
