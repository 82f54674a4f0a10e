"""`publisher publish` of several packages. In: their names. Out: a line each as it ends, a summary, the exit code of the worst."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import typer

from publisher.cli.findings import show_report
from publisher.cli.logs import BUG
from publisher.cli.output import Output
from publisher.cli.record import Recorder
from publisher.errors import InvalidData, ProjectError
from publisher.findings import Report
from publisher.model import Receipt
from publisher.project import Project, find_package
from publisher.project.actor import find_actor
from publisher.run import Run
from publisher.run.many import PackageEnd, publish_packages
from publisher.store import open_store
from publisher.store.base import Store


def publish_many(output: Output, project: Project, references: Sequence[str], target: str, message: str) -> None:
    """Publish packages, each whatever becomes of the others. Raises UsageError, typer.Exit."""
    store = open_store(target, env=os.environ, lock_days=project.settings.lock_days)
    ends = []
    with output.progress() as progress:
        for end in publish_packages(project, references, target, find_actor(os.environ), message, progress):
            ends.append(end)
            _show(output, end, store.url)
            _record(output, project, store, end)
    output.result({"store": store.url, "packages": [_document(end) for end in ends]})
    failed = [end for end in ends if end.receipt is None]
    if failed:
        names = ", ".join(end.reference for end in failed)
        output.say(f"{len(ends) - len(failed)} of {len(ends)} packages are up to date; not published: {names}")
        raise typer.Exit(max(BUG if end.error is None else end.error.exit_code for end in failed))


def _show(output: Output, end: PackageEnd, url: str) -> None:
    if end.receipt is not None:
        said = "is up to date" if end.receipt.outcome == "unchanged" else "published"
        output.say(f"{end.reference}: {end.receipt.package} {end.receipt.version} {said} in {url}")
        if end.receipt.stale:
            output.warn(f"{end.reference}: pages, feeds and copies are not up to date yet: {end.receipt.stale}")
        return
    if isinstance(end.error, InvalidData) and not output.json:
        show_report(output, cast("Report", end.error.report))
    output.warn(f"{end.reference}: not published: {end.error or f'a fault of publisher itself: {end.fault}'}")


def _record(output: Output, project: Project, store: Store, end: PackageEnd) -> None:
    """Tell status.json and people; a package that cannot be read has no name to tell of."""
    try:
        package = find_package(project, end.reference)
    except ProjectError:
        return
    run = Run(store, project.settings)
    run = replace(run, name=end.run) if end.run else run
    Recorder(output).tell(run, package, end.receipt or end.error or end.fault, end.at, end.seconds)


def _document(end: PackageEnd) -> dict[str, Any]:
    if end.receipt is not None:
        return {"name": end.reference} | {name: getattr(end.receipt, name) for name in Receipt.__slots__}
    kind, code = (type(end.error).__name__, end.error.exit_code) if end.error else ("fault", BUG)
    message = end.error.message if end.error else end.fault
    report = (
        {"findings": end.error.report.to_dict()}
        if isinstance(end.error, InvalidData) and isinstance(end.error.report, Report)
        else {}
    )
    return {"name": end.reference, "outcome": "failed", "error": kind, "message": message, "exit_code": code, **report}
