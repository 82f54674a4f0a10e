"""What `run` and `schedule` share. In: the project, options. Out: the service that publishes its packages, and lines about what it does."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.output import Output, here
from publisher.commit import admit
from publisher.errors import ProjectError
from publisher.project import Project, Settings, find_package
from publisher.scheduler import Job, read_schedule
from publisher.scheduler.process import Processes
from publisher.scheduler.scratch import open_scratch
from publisher.scheduler.service import Service, Terms
from publisher.status import Change, Tell
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.retry import Retry

JobsOption = Annotated[int, typer.Option("--jobs", min=1, help="How many packages are published at once.")]

STORE_RETRY = Retry(tries=3, first=0.2, most=2.0, budget=10.0)
"""Short, since the service itself comes back to what the store refused, and has others to see to meanwhile."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command asks for: where to publish (None: the project's target), which packages (none: all), how many at once."""

    target: str | None = None
    packages: Collection[str] = ()
    parallel: int = 1


def utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_service(wanted: Wanted, tell: Tell) -> Iterator[tuple[Service, list[ProjectError]]]:
    """The service for the project around the working directory, and what keeps packages out of it. Raises UsageError."""
    project = here()
    jobs, problems = read_jobs(project, wanted.packages)
    with open_scratch(Path(tempfile.gettempdir())) as scratch:
        launch = Processes(scratch, _command(wanted.target), os.environ, time.monotonic)
        service = Service(
            jobs,
            store=_opener(wanted.target, project.settings),
            launch=launch,
            holder=scratch.name,
            now=utc_now,
            clock=time.monotonic,
            tell=tell,
            terms=Terms(wanted.parallel, project.settings.job_seconds),
            dead=scratch.dead,
        )
        yield service, problems


def configure(service: Service, wanted: Wanted) -> list[ProjectError]:
    """Read the project again. Returns what is wrong with packages, which then go on as before. Raises UsageError; then all does."""
    project = here()
    jobs, problems = read_jobs(project, wanted.packages, service.jobs)
    terms = Terms(wanted.parallel, project.settings.job_seconds)
    service.configure(jobs, _opener(wanted.target, project.settings), terms)
    return problems


def read_jobs(
    project: Project, only: Collection[str], kept: Mapping[str, Job] | None = None
) -> tuple[list[Job], list[ProjectError]]:
    """The project's packages, and what is wrong with others. One that cannot be used stops no other; it keeps the job that it has in
    `kept`, whose attempts tell what is wrong, and is left out where it has none. Raises UsageError for a name that is none."""
    before = {job.reference: job for job in (kept or {}).values()}
    jobs, problems = [], []
    for reference in only or project.packages:
        try:
            package = find_package(project, reference)
            jobs.append(Job(package.name, reference, read_schedule(package)))
        except ProjectError as error:
            problems.append(error)
            if reference in before:
                jobs.append(before[reference])
    return jobs, problems


def leave(service: Service, code: int) -> None:
    """End this process at once, wherever it is, and what it has begun. Threads that wait for a store would keep an orderly end waiting
    for as long; leases and folders are seen to by whoever starts next."""
    service.kill()
    sys.stderr.write("stopped without waiting for the store any longer\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def show_change(output: Output, change: Change) -> None:
    """A line about an attempt, or about time that has passed."""
    entry, attempt = change.after, change.attempt
    if attempt is None:
        if entry.state in {"overdue", "delinquent"}:
            output.warn(f"{entry.name}: {entry.state} since {local(entry.since)}")
        return
    line = f"{local(attempt.at)} {entry.name}"
    if attempt.succeeded:
        output.say(f"{line} {entry.version or ''}: {attempt.outcome}")
        if attempt.detail:
            output.warn(f"{line}: pages, feeds and copies are not up to date yet: {attempt.detail}")
    else:
        output.warn(f"{line}: {attempt.outcome}: {attempt.detail or attempt.message}")


def local(moment: datetime) -> str:
    """A moment for people, in the time zone of this machine."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _opener(target: str | None, settings: Settings) -> Callable[[], Store]:
    def opened() -> Store:
        store = open_store(target or settings.target, env=os.environ, retry=STORE_RETRY)
        return admit(store, single_writer=settings.single_writer, retry=STORE_RETRY)

    return opened


def _command(target: str | None) -> Callable[[Job, str, Path], list[str]]:
    """`publisher publish` with this Python, whose answer goes to a file."""
    where = ("--target", target) if target else ()

    def command(job: Job, run: str, answer: Path) -> list[str]:
        program = (sys.executable, "-m", "publisher", "publish")
        return [*program, "--answer", str(answer), "--run", run, *where, "--", job.reference]

    return command
