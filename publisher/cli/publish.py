"""`publisher publish` and `publisher plan`. In: a package, a target, what the maintainer asks for. Out: what was or would be published."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from publisher import layout
from publisher.cli.diff import show_changes
from publisher.cli.findings import show_report
from publisher.cli.many import publish_many
from publisher.cli.output import (
    ClusterOption,
    JsonOption,
    Output,
    PackageArgument,
    QuietOption,
    TargetOption,
    here,
    only_package,
    size,
    with_cluster,
)
from publisher.cli.record import Recorder
from publisher.diff.report import to_json
from publisher.errors import InvalidData, UsageError
from publisher.findings import Report
from publisher.model import Receipt
from publisher.project import find_package, read_signer
from publisher.project.actor import find_actor
from publisher.run import Plan, Run, Wishes, plan_package, publish_package
from publisher.run.languages import languages_of, speaking
from publisher.store import open_store

ExpectOption = Annotated[str, typer.Option(help="Refuse any other version than this one.", metavar="VERSION")]
LevelOption = Annotated[str, typer.Option(help="Raise the version's level: major or minor. Needs --reason.")]
ReasonOption = Annotated[str, typer.Option(help="Why, for those who read the release.")]
AllowOption = Annotated[list[str] | None, typer.Option(help="A gate to pass, as the refusal names it.", metavar="GATE")]
NOTICES = 20
"""Notices that are said; all of them are in the JSON."""
MessageOption = Annotated[str, typer.Option("--message", "-m", help="A sentence of your own for the release notes.")]


def publish(
    packages: Annotated[
        list[str] | None,
        typer.Argument(help="Names under datasets/, folders, or paths of descriptors.", metavar="PACKAGE"),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every package of the project.")] = False,
    target: TargetOption = None,
    expect: ExpectOption = "",
    level: LevelOption = "",
    reason: ReasonOption = "",
    message: MessageOption = "",
    allow: AllowOption = None,
    cluster: ClusterOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    answer: Annotated[Path | None, typer.Option(hidden=True)] = None,
    run_name: Annotated[str, typer.Option("--run", hidden=True)] = "",
) -> None:
    """Publish a release, or say that nothing has changed."""
    output = Output(json, quiet)
    project = here()
    project = replace(project, settings=with_cluster(project.settings, cluster))
    names = project.packages if every else tuple(dict.fromkeys(packages or ()))
    if every or len(names) > 1:
        if (every and packages) or expect or level or reason or allow or answer:
            raise UsageError(
                "--expect, --level, --reason and --allow are about one package, --all is about all of them",
                "Publish the others first, then this one by itself.",
            )
        if not names:
            raise UsageError("There is no package here.", "Packages lie under datasets/ of a project.")
        publish_many(output, project, names, target or project.settings.target, message)
        return
    found = find_package(project, only_package(project, "".join(names)))
    store = open_store(target or project.settings.target, env=os.environ, lock_days=project.settings.lock_days)
    wishes = Wishes(expect, level, reason, message, tuple(allow or ()))
    with output.progress() as progress:
        run = Run(
            store,
            project.settings,
            progress=progress,
            actor=find_actor(os.environ),
            signer=read_signer(project.settings, os.environ),
            environment=os.environ,
        )
        run = replace(run, name=run_name) if run_name else run
        act = partial(publish_package, run, found, wishes)
        receipt = _showing(output, lambda: Recorder(output, answer).watch(run, found, act))
    output.result(_receipt(receipt, store.url))
    for line in _tell(receipt, store.url):
        output.say(line)
    if receipt.stale:
        output.warn(
            f"pages, feeds and copies are not up to date yet: {receipt.stale}\n  The next run mends that, or `publisher refresh`."
        )


def plan(
    package: PackageArgument = "",
    target: TargetOption = None,
    expect: ExpectOption = "",
    level: LevelOption = "",
    reason: ReasonOption = "",
    allow: AllowOption = None,
    cluster: ClusterOption = None,
    json: JsonOption = False,
) -> None:
    """Show what publish would do. Nothing is written."""
    output = Output(json)
    project = here()
    found = find_package(project, only_package(project, package))
    store = open_store(target or project.settings.target, env=os.environ, lock_days=project.settings.lock_days)
    with output.progress() as progress:
        run = Run(
            store,
            with_cluster(project.settings, cluster),
            progress=progress,
            signer=read_signer(project.settings, os.environ),
            environment=os.environ,
        )
        planned = _showing(
            output, lambda: plan_package(run, found, Wishes(expect, level, reason, "", tuple(allow or ())))
        )
    # Not above: publishing needs nothing of the website until the release is visible (run/pipeline.py).
    from publisher.site import notices as notices_of

    notices = notices_of(found, languages_of(speaking(found, project.settings)))
    output.result({**_plan_document(planned, store.url), "notices": notices})
    _show_plan(output, planned, store.url)
    _show_notices(output, notices)


def _showing(output: Output, act: Any) -> Any:
    """`act()`, its findings shown as `validate` shows them."""
    try:
        return act()
    except InvalidData as error:
        show_report(output, cast("Report", error.report))
        raise


def _receipt(receipt: Receipt, url: str) -> Mapping[str, Any]:
    return {name: getattr(receipt, name) for name in Receipt.__slots__} | {"store": url}


def _tell(receipt: Receipt, url: str) -> Iterator[str]:
    if receipt.outcome == "unchanged":
        yield f"{receipt.package} {receipt.version} is up to date in {url}; nothing was published"
        return
    copied = f", {receipt.copied} of them copied inside the store" if receipt.copied else ""
    yield f"published {receipt.package} {receipt.version}: {receipt.objects} files{copied}, {size(receipt.bytes)} sent"
    yield f"  release  {url}/{layout.release_folder(receipt.package, receipt.version)}"
    yield f"  pointer  {url}/{layout.pointer(receipt.package)}"


def _plan_document(plan: Plan, url: str) -> Mapping[str, Any]:
    document: dict[str, Any] = {"package": plan.package, "store": url, "current": plan.head.current}
    if plan.planned is None or plan.release is None:
        return document | {"outcome": "unchanged"}
    bump = plan.planned.bump
    return document | {
        "outcome": "publish",
        "version": plan.planned.version,
        "bump": bump.level,
        "rule": bump.rule,
        "explanation": bump.explanation,
        "files": len(plan.release.files),
        "bytes_sent": plan.sent,
        "gates": [
            {"name": item.name, "passed": item.passed or item.allowed, "review": item.review, "message": item.message}
            for item in plan.planned.gates
        ],
        "changes": to_json(plan.planned.changes),
    }


def _show_plan(output: Output, plan: Plan, url: str) -> None:
    if plan.planned is None or plan.release is None:
        output.say(f"{plan.package} {plan.head.current} is up to date in {url}; publish would do nothing")
        return
    planned = plan.planned
    output.say(
        f"{plan.package} {plan.head.current or 'nothing yet'} -> {planned.version}   {planned.bump.explanation}", "bold"
    )
    if planned.parent is None:
        rows = [(table.name, table.rows_after) for table in planned.changes.tables]
        output.table(("table", "rows"), rows, right=(1,))
    else:
        show_changes(output, planned.changes)
    copies = sum(item.copy_of is not None for item in plan.release.files)
    output.say(
        f"{len(plan.release.files)} files, {copies} of them copied inside the store, {size(plan.sent)} to send to {url}"
    )
    for gate in planned.gates:
        if gate.review:
            output.say(f"to review: {gate.message}. {gate.remedy}", "yellow")
        elif not gate.passed:
            output.say(f"gate {gate.name}: {gate.message}; {'allowed' if gate.allowed else gate.way_out}", "yellow")
    output.say("nothing was written; `publisher publish` does it")


def _show_notices(output: Output, notices: Sequence[str]) -> None:
    """What readers are not told, because only the maintainer can mend it."""
    if notices:
        output.say(f"about its pages ({len(notices)}):", "yellow")
    for line in notices[:NOTICES]:
        output.say(f"  {line}")
    if len(notices) > NOTICES:
        output.say(f"  and {len(notices) - NOTICES} more: `publisher plan --json` lists them")
