"""`publisher schedule`: one process, one job after another, until stopped. In: the packages' schedules. Out: releases, a line a run."""

from __future__ import annotations

import os
import signal
import threading
from datetime import datetime
from types import FrameType
from typing import Annotated

import typer

from publisher.cli.output import Output, TargetOption, here
from publisher.errors import PublisherError, UsageError
from publisher.project import Project, find_package
from publisher.run import Run, Wishes, publish_package
from publisher.scheduler import next_runs, plan_jobs, read_schedule, run_until
from publisher.store import open_store


def schedule(
    target: TargetOption = None,
    now: Annotated[bool, typer.Option("--now", help="Run every job once at the start.")] = False,
) -> None:
    """Publish packages on the schedules they declare, until SIGTERM or Ctrl-C; a job that runs is finished first."""
    project, output = here(), Output()
    found = {name: read_schedule(find_package(project, name)) for name in project.packages}
    schedules = {name: item for name, item in found.items() if item is not None}
    if not schedules:
        raise UsageError(
            "no package declares a schedule",
            'Add `schedule: {every: day, at: "06:00"}` under `publisher` of a descriptor.',
        )
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        output.say("stopping; the job that runs is finished first")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    jobs = plan_jobs(schedules, lambda name: _run(project, name, target, output))
    for name, moment in next_runs(jobs).items():
        output.say(f"{name}: {schedules[name]}, next {moment:%Y-%m-%d %H:%M}")
    if now:
        jobs.run_all()
    run_until(jobs, stop.wait)


def _run(project: Project, name: str, target: str | None, output: Output) -> None:
    """One job. What goes wrong is said and ends this job only: the next time the data or the store may be well again."""
    started = datetime.now().astimezone()
    try:
        store = open_store(target or project.settings.target, env=os.environ)
        receipt = publish_package(
            Run(store, project.settings, environment=os.environ), find_package(project, name), Wishes()
        )
    except PublisherError as error:
        output.warn(f"{started:%Y-%m-%d %H:%M:%S} {name}: failed: {error}")
    else:
        output.say(f"{started:%Y-%m-%d %H:%M:%S} {name} {receipt.version}: {receipt.outcome}")
