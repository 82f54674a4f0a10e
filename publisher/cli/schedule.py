"""`publisher schedule`: until it is stopped. In: the schedules that packages declare. Out: releases, status.json, a line an attempt."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from functools import partial
from typing import Annotated

import typer

from publisher.cli.heart import Heart
from publisher.cli.logs import FORM
from publisher.cli.output import Output, TargetOption, here, local, utc_now
from publisher.cli.signals import Signals, watch_signals
from publisher.cli.unattended import JobsOption, Wanted, configure, leave, open_service
from publisher.cli.watchers import Watchers
from publisher.errors import ProjectError, PublisherError, UsageError
from publisher.health import Answer, Routes, health_answer
from publisher.health import serve as answer_machines
from publisher.metrics import CONTENT_TYPE
from publisher.scheduler.loop import Call, serve
from publisher.scheduler.service import Service
from publisher.scheduler.slots import next_slot
from publisher.status import Status

CLEARING_UP = 5.0
"""Seconds after the grace within which the program has ended, whatever the store does."""


def schedule(
    target: TargetOption = None,
    now: Annotated[bool, typer.Option("--now", help="Run every job once at the start.")] = False,
    jobs: JobsOption = 1,
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that running jobs have to end after SIGTERM or Ctrl-C.")
    ] = 20.0,
    listen: Annotated[
        str, typer.Option(help="Answer /metrics and /healthz there, such as 127.0.0.1:9464.", metavar="HOST:PORT")
    ] = "",
) -> None:
    """Publish packages on the schedules they declare, until SIGTERM or Ctrl-C. SIGHUP reads the project again."""
    output, wanted, project = Output(quiet=FORM in os.environ), Wanted(target, parallel=jobs), here()
    watchers = Watchers(output, target, project.settings)
    with (
        open_service(project, wanted, watchers) as (service, problems),
        watch_signals(grace + CLEARING_UP, partial(leave, service, 0)) as signals,
        ExitStack() as stack,
    ):
        heart = Heart(partial(_wait, output, signals, service, grace), time.monotonic)
        if listen:
            url = stack.enter_context(answer_machines(listen, _routes(service, watchers, heart)))
            output.say(f"listening on {url}")
        _say_problems(output, problems)
        if not any(job.schedule for job in service.jobs.values()):
            raise UsageError(
                "no package declares a schedule",
                'Add `schedule: {every: day, at: "06:00"}` under `publisher` of a descriptor.',
            )
        _say_jobs(output, service)
        if now:
            service.force(name for name, job in service.jobs.items() if job.schedule)
        reload = partial(_reload, output, service, wanted, watchers)
        serve(service, heart.wait, reload=reload, grace=grace, clock=time.monotonic)
        output.say("stopped")


def _wait(output: Output, signals: Signals, service: Service, grace: float, seconds: float) -> frozenset[Call]:
    stopping = signals.stopped
    calls = signals.wait(seconds)
    if "stop" in calls and service.running:
        running = ", ".join(sorted(service.running))
        output.say(f"{running}: abandoned" if stopping else f"stopping; {running} may run on for {grace:.0f} seconds")
    return calls


def _say_jobs(output: Output, service: Service) -> None:
    for name, job in sorted(service.jobs.items()):
        if job.schedule is not None:
            output.say(f"{name}: {job.schedule}, next {local(next_slot(job.schedule, utc_now()))}")


def _say_problems(output: Output, problems: list[ProjectError]) -> None:
    for problem in problems:
        output.warn(str(problem))


def _routes(service: Service, watchers: Watchers, heart: Heart) -> Routes:
    """What is answered at which path; asked from threads of the server."""

    def metrics() -> Answer:
        watchers.metrics.show(Status(dict(service.known)))
        return Answer(200, CONTENT_TYPE, watchers.metrics.render())

    return {"/metrics": metrics, "/healthz": lambda: health_answer(heart.problems())}


def _reload(output: Output, service: Service, wanted: Wanted, watchers: Watchers) -> None:
    try:
        project = here()
        _say_problems(output, configure(service, project, wanted))
        watchers.configure(project.settings)
    except PublisherError as error:
        output.warn(f"the project cannot be read, so nothing was changed: {error}")
        return
    output.say("the project was read again")
    _say_jobs(output, service)
