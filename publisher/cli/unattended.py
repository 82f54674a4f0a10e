"""What `run` and `schedule` share. In: the project, options. Out: the service that publishes its packages, and lines about what it does."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.logs import FORM
from publisher.cli.opening import opener
from publisher.cli.output import utc_now
from publisher.errors import ProjectError
from publisher.project import Project, find_package
from publisher.scheduler import Job, read_schedule
from publisher.scheduler.process import Processes
from publisher.scheduler.scratch import open_scratch
from publisher.scheduler.service import Service, Terms
from publisher.status import Tell

JobsOption = Annotated[int, typer.Option("--jobs", min=1, help="How many packages are published at once.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command asks for: where to publish (None: the project's target), which packages (none: all), how many at once."""

    target: str | None = None
    packages: Collection[str] = ()
    parallel: int = 1


@contextmanager
def open_service(project: Project, wanted: Wanted, tell: Tell) -> Iterator[tuple[Service, list[ProjectError]]]:
    """The service for a project, and what keeps packages out of it. Raises UsageError."""
    jobs, problems = read_jobs(project, wanted.packages)
    with open_scratch(Path(tempfile.gettempdir())) as scratch:
        launch = Processes(scratch, _command(wanted.target), os.environ, time.monotonic, logs=FORM in os.environ)
        service = Service(
            jobs,
            store=opener(wanted.target, project.settings),
            launch=launch,
            holder=scratch.name,
            now=utc_now,
            clock=time.monotonic,
            tell=tell,
            terms=Terms(wanted.parallel, project.settings.job_seconds),
            dead=scratch.dead,
        )
        yield service, problems


def configure(service: Service, project: Project, wanted: Wanted) -> list[ProjectError]:
    """Go on with the project as it was read anew. Returns what is wrong with packages, which then go on as before. Raises UsageError; then
    all does."""
    jobs, problems = read_jobs(project, wanted.packages, service.jobs)
    terms = Terms(wanted.parallel, project.settings.job_seconds)
    service.configure(jobs, opener(wanted.target, project.settings), terms)
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


def _command(target: str | None) -> Callable[[Job, str, Path], list[str]]:
    """`publisher publish` with this Python, whose answer goes to a file."""
    where = ("--target", target) if target else ()

    def command(job: Job, run: str, answer: Path) -> list[str]:
        program = (sys.executable, "-m", "publisher", "publish")
        return [*program, "--answer", str(answer), "--run", run, *where, "--", job.reference]

    return command
