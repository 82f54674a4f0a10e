"""`publisher doctor`: is everything in place? In: the project, the store, its public address. Out: a line a question, with the remedy."""

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
from typing import Annotated

import typer

from publisher import layout
from publisher.cli.output import JsonOption, Output, TargetOption, here
from publisher.client.hosting import examine
from publisher.errors import AccessDenied, PublisherError, Unavailable, UsageError
from publisher.project import Project, find_package
from publisher.scheduler import read_schedule
from publisher.store import open_sharing, open_store


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, whether it is well, what was found, and how to mend it. A `note` is not as it could be, and may be meant so."""

    question: str
    well: bool
    found: str
    remedy: str = ""
    note: bool = False


def doctor(
    target: TargetOption = None,
    fix_cors: Annotated[
        bool, typer.Option("--fix-cors", help="Let pages of other addresses read the bucket (CORS).")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check configuration, credentials, the store, and how its public address serves it."""
    output = Output(json=json)
    answers = []
    for answer in _examine(target, fix_cors=fix_cors):
        answers.append(answer)
        mark = "note" if answer.note else "ok  " if answer.well else "FAIL"
        output.say(f"{mark}  {answer.question}: {answer.found}", "" if answer.well else "bold red")
        if answer.remedy and (answer.note or not answer.well):
            output.say(f"      {answer.remedy}")
    well = all(answer.well for answer in answers)
    output.result(
        {"well": well, "answers": [{name: getattr(item, name) for name in Answer.__slots__} for item in answers]}
    )
    output.say("everything is in place" if well else "mend what failed, then run `publisher doctor` again")
    if not well:
        raise typer.Exit(4 if all(item.well or item.question in _STORE for item in answers) else 2)


_STORE = {"store", "CORS"}


def _examine(target: str | None, *, fix_cors: bool) -> Iterator[Answer]:
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
    yield from _cors(place, fix=fix_cors)
    yield from _served(place, project[0].settings.base_url)


def _ask(question: str, examine: Callable[[], str]) -> Answer:
    try:
        return Answer(question, True, examine())
    except PublisherError as error:
        return Answer(question, False, error.message, error.remedy)


def _cors(place: str, *, fix: bool) -> Iterator[Answer]:
    """Whether pages of other addresses may read the bucket. That they may not is a note: something before it may answer for it."""
    try:
        sharing = open_sharing(place, env=os.environ)
        if sharing is None:
            if fix:
                raise UsageError(f"{place} is no bucket", "docs/hosting.md has the settings of web servers and CDNs.")
            return
        if fix and not sharing.shares():
            sharing.share()
            yield Answer("CORS", True, "set: pages of other addresses may read")
        elif sharing.shares():
            yield Answer("CORS", True, "pages of other addresses may read")
        else:
            remedy = "`publisher doctor --fix-cors` lets them, unless a CDN before the bucket does (docs/hosting.md)."
            yield Answer("CORS", True, "pages of other addresses may not read the bucket itself", remedy, note=True)
    except PublisherError as error:
        denied = isinstance(error, AccessDenied)
        remedy = (
            "The key needs s3:GetBucketCORS and s3:PutBucketCORS: use that of the bucket's owner once."
            if denied
            else error.remedy
        )
        yield Answer("CORS", denied and not fix, error.message, remedy, note=denied and not fix)


def _served(place: str, base_url: str) -> Iterator[Answer]:
    """What anybody gets at the public address, once there is something. That it cannot be reached from here is a note."""
    try:
        if base_url and open_store(place, env=os.environ).stat(layout.INDEX) is not None:
            yield from (Answer(item.question, item.well, item.found, item.remedy) for item in examine(base_url))
    except PublisherError as error:
        away = isinstance(error, Unavailable)
        yield Answer("public address", away, error.message, error.remedy, note=away)


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
