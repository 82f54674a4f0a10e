"""`publisher run`: one pass. In: packages, or what is due. Out: releases, status.json, an exit code for cron and the like."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.logs import FORM, STOPPED
from publisher.cli.output import JsonOption, Output, QuietOption, TargetOption, here, local, utc_now
from publisher.cli.signals import watch_signals
from publisher.cli.unattended import JobsOption, Wanted, leave, open_service
from publisher.cli.watchers import Watchers
from publisher.errors import OutcomeUnknown, ProjectError, StoreError
from publisher.scheduler import is_due
from publisher.scheduler.loop import one_pass
from publisher.scheduler.service import Answer, Service
from publisher.status import Change, Status, attempt_json

GRACE = 5.0
"""Seconds to clear up in after a call to stop."""


def run(
    packages: Annotated[
        list[str] | None, typer.Argument(help="Names under datasets/; all when left out.", metavar="PACKAGE")
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Only what is due by its schedule.")] = False,
    target: TargetOption = None,
    jobs: JobsOption = 1,
    json: JsonOption = False,
    quiet: QuietOption = False,
    metrics: Annotated[
        Path | None, typer.Option(help="Write metrics there for node_exporter's textfile collector.", metavar="FILE")
    ] = None,
) -> None:
    """One pass: publish what is due, or everything, each package in a process with a time limit."""
    output, changes, project = Output(json, quiet or FORM in os.environ), list[Change](), here()
    watchers = Watchers(output, target, project.settings)

    def tell(change: Change) -> None:
        changes.append(change)
        watchers(change)

    wanted = Wanted(target, packages or (), jobs)
    with (
        open_service(project, wanted, tell) as (service, problems),
        watch_signals(GRACE, partial(leave, service, STOPPED)) as signals,
    ):
        for problem in problems:
            output.warn(str(problem))
        service.look()
        names = _due(service) if due else sorted(service.jobs)
        if not due:
            service.force(names)
        answers = one_pass(service, names, signals.wait)
        attempts = [change for change in changes if change.attempt]
        _finish(output, service, attempts, answers)
        if metrics is not None:
            watchers.metrics.show(Status(service.known))
            watchers.metrics.write(metrics)
        code = STOPPED if signals.stopped else _code(attempts, answers, problems)
    if code:
        raise typer.Exit(code)


def _due(service: Service) -> list[str]:
    now = utc_now()
    jobs = service.jobs
    return [
        name
        for name, entry in sorted(service.known.items())
        if (schedule := jobs[name].schedule) is not None and is_due(schedule, entry, now)
    ]


def _finish(output: Output, service: Service, attempts: list[Change], answers: dict[str, Answer]) -> None:
    left_out = {name: answer for name, answer in answers.items() if answer != "started"}
    told = [{"package": change.after.name, **attempt_json(change.attempt)} for change in attempts if change.attempt]
    due = {name: entry.next_due for name, entry in sorted(service.known.items()) if entry.next_due is not None}
    output.result(
        {
            "attempts": told,
            "left_out": left_out,
            "next_due": {name: moment.isoformat() for name, moment in due.items()},
        }
    )
    for name, answer in left_out.items():
        if answer == "taken":
            output.say(f"{name}: another replica is publishing it")
    if not attempts:
        output.say("nothing was published")
    for name, moment in due.items():
        output.say(f"{name}: next due {local(moment)}")


def _code(attempts: list[Change], answers: dict[str, Answer], problems: list[ProjectError]) -> int:
    """That with which `publish` ends, of the attempt that ended worst; one that was cut short may have published."""
    failed = [change.attempt.exit for change in attempts if change.attempt and not change.attempt.succeeded]
    codes = [OutcomeUnknown.exit_code if code is None else code for code in failed]
    codes += [StoreError.exit_code for answer in answers.values() if answer == "failed"]
    codes += [problem.exit_code for problem in problems]
    return max(codes, default=0)
