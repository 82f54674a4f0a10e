"""`publisher doctor`: is everything in place? In: the project, the store. Out: a line a question, each failure with its remedy."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import typer

from publisher.cli.output import JsonOption, Output, TargetOption, here
from publisher.errors import PublisherError
from publisher.project import Project, find_package
from publisher.scheduler import read_schedule
from publisher.store import open_store


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, whether it is well, what was found, and how to mend it."""

    question: str
    well: bool
    found: str
    remedy: str = ""


def doctor(target: TargetOption = None, json: JsonOption = False) -> None:
    """Check configuration, credentials and the store."""
    output = Output(json=json)
    answers = []
    for answer in _examine(target):
        answers.append(answer)
        output.say(
            f"{'ok  ' if answer.well else 'FAIL'}  {answer.question}: {answer.found}", "" if answer.well else "bold red"
        )
        if answer.remedy and not answer.well:
            output.say(f"      {answer.remedy}")
    well = all(answer.well for answer in answers)
    output.result(
        {"well": well, "answers": [{name: getattr(item, name) for name in Answer.__slots__} for item in answers]}
    )
    output.say("everything is in place" if well else "mend what failed, then run `publisher doctor` again")
    if not well:
        raise typer.Exit(2 if any(not item.well and item.question != "store" for item in answers) else 4)


def _examine(target: str | None) -> Iterator[Answer]:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "frictionless", "boto3"))
    yield Answer(
        "program",
        sys.version_info >= (3, 11),
        f"publisher {version('publisher')}, Python {platform.python_version()}, {libraries}",
    )
    yield _ask("scratch space", _scratch)
    project: list[Project] = []
    yield _ask("project", lambda: _project(project))
    if not project:
        return
    for name in project[0].packages:
        yield _ask(f"package {name}", lambda name=name: _package(project[0], name))  # type: ignore[misc]
    yield _ask("alerts", lambda: _alerts(project[0]))
    place = target or project[0].settings.target
    yield _ask("store", lambda: _store(place, single_writer=project[0].settings.single_writer))


def _ask(question: str, examine: Callable[[], str]) -> Answer:
    try:
        return Answer(question, True, examine())
    except PublisherError as error:
        return Answer(question, False, error.message, error.remedy)


def _scratch() -> str:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    if free < 1 << 30:
        raise PublisherError(
            f"{folder} has {free >> 20} MiB left", "Make room, or set TMPDIR to a folder on a larger disk."
        )
    return f"{folder}, {free >> 30} GiB free"


def _project(found: list[Project]) -> str:
    found.append(here())
    root = found[0].root
    return (
        f"{root}, packages: {', '.join(found[0].packages) or 'none'}"
        if root
        else "none around this folder; packages are given by path"
    )


def _package(project: Project, name: str) -> str:
    package = find_package(project, name)
    planned = read_schedule(package)
    return f"{len(package.tables)} tables, {len(package.queries)} queries, {len(package.checks)} checks, {planned or 'no schedule'}"


def _alerts(project: Project) -> str:
    alerting = project.settings.alerts
    missing = [name for name in alerting.variables if not os.environ.get(name)]
    if missing:
        raise PublisherError(
            f"{', '.join(missing)} not set, which [tool.publisher.alerts] names",
            "Set them where publisher runs; nobody is told of failures without.",
        )
    channels = [*alerting.webhooks, *([", ".join(alerting.mail.to)] if alerting.mail else [])]
    return f"{', '.join(alerting.on)} to {', '.join(channels)}" if channels else "nobody is told (docs/operations.md)"


def _store(place: str, *, single_writer: bool) -> str:
    store = open_store(place, env=os.environ)
    can = store.probe()
    if not (can.create_only and can.compare_and_swap) and not single_writer:
        raise PublisherError(
            f"{store.url} does not honour conditional writes: {can.detail}",
            "Use a store that does (AWS S3, Ceph, a folder), or set single_writer = true if nobody else ever publishes there.",
        )
    return f"{store.url}: {can.detail}"
