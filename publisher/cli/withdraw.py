"""`publisher rollback` and `publisher yank`. In: a package, a version, a reason. Out: the pointer moved or marked; bytes stay."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from publisher.cli.output import JsonOption, Output, TargetOption, here
from publisher.cli.record import record_head
from publisher.commit import Head, admit, read_head
from publisher.commit.withdraw import rollback as move_back
from publisher.commit.withdraw import yank as mark_yanked
from publisher.project import Project
from publisher.project.actor import find_actor
from publisher.run import Run, refresh_derived
from publisher.store import open_store

NameArgument = Annotated[str, typer.Argument(help="The package's name.", metavar="PACKAGE")]
VersionArgument = Annotated[str, typer.Argument(help="The release, such as 1.4.0.", metavar="VERSION")]
ReasonOption = Annotated[str, typer.Option(help="Why, for those who read the release.", prompt="Reason for readers")]


def rollback(
    package: NameArgument,
    version: VersionArgument,
    reason: ReasonOption,
    target: TargetOption = None,
    json: JsonOption = False,
) -> None:
    """Make an older release the latest one again."""
    run = _open(here(), target)
    before = read_head(run.store, package)
    head = move_back(
        run.store, package, version, reason, now=run.now, retry=run.retry, window=run.settings.retention_releases
    )
    if head.etag != before.etag:
        run.record("rollback", package, version, reason)
    _finish(run, head, Output(json), f"{package}: readers now get {head.current}")


def yank(
    package: NameArgument,
    version: VersionArgument,
    reason: ReasonOption,
    target: TargetOption = None,
    json: JsonOption = False,
) -> None:
    """Mark a release as not to be used."""
    run = _open(here(), target)
    before = read_head(run.store, package)
    head = mark_yanked(
        run.store, package, version, reason, now=run.now, retry=run.retry, window=run.settings.retention_releases
    )
    if head.etag != before.etag:
        run.record("yank", package, version, reason)
    _finish(
        run, head, Output(json), f"{package} {version} is marked as withdrawn; readers get {head.current or 'nothing'}"
    )


def _open(project: Project, target: str | None) -> Run:
    store = open_store(target or project.settings.target, env=os.environ)
    run = Run(store, project.settings, actor=find_actor(os.environ))
    admit(run.store, single_writer=project.settings.single_writer, retry=run.retry)
    return run


def _finish(run: Run, head: Head, output: Output, said: str) -> None:
    output.result({"package": head.package, "latest": head.current})
    output.say(said)
    record_head(run, head, output)
    refresh_derived(run, head.package)
