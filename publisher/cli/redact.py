"""`publisher redact`. In: a package, records or columns, a reason. Out: every release without them, and what cannot be recalled."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from publisher.cli.output import JsonOption, Output, TargetOption, here
from publisher.cli.record import record_head
from publisher.commit import read_head
from publisher.errors import InvalidData, ProjectError, SourceError, UsageError
from publisher.model import Package
from publisher.project import Project, find_package, read_signer
from publisher.project.actor import find_actor
from publisher.run import Redacted, Run, Target, still_held
from publisher.run import redact as redact_releases
from publisher.store import open_store


def redact(
    package: Annotated[str, typer.Argument(help="The package's name.", metavar="PACKAGE")],
    key: Annotated[
        list[str], typer.Argument(help="A record, TABLE:KEY; with --field also a whole TABLE.", metavar="TABLE:KEY...")
    ],
    reason: Annotated[str, typer.Option(help="Why, for those who read the release.", prompt="Reason for readers")],
    field: Annotated[str, typer.Option(help="Remove this value of the record, or this column of the table.")] = "",
    replacement: Annotated[
        str | None, typer.Option(help="What stands in place of the value; else it is missing.")
    ] = None,
    forget_key: Annotated[
        bool, typer.Option("--forget-key", help="Leave no tombstone, which would tell the key.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")] = False,
    target: TargetOption = None,
    json: JsonOption = False,
) -> None:
    """Remove a record, a value or a column from every release, where law orders it."""
    output, project = Output(json), here()
    targets = [_target(item, field, replacement, forget_key) for item in key]
    found = _package(project, package)
    store = open_store(target or project.settings.target, env=os.environ)
    with output.progress() as progress:
        signer = read_signer(project.settings, os.environ)
        run = Run(
            store,
            project.settings,
            progress=progress,
            signer=signer,
            environment=os.environ,
            actor=find_actor(os.environ),
        )
        if found is not None and not dry_run:
            _expect_gone(run, output, found, targets)
        done = redact_releases(run, package, targets, reason, project=found, dry=dry_run)
        if not dry_run:
            record_head(run, read_head(store, package), output)
    output.result(
        {
            "package": package,
            "dry_run": dry_run,
            "replaced": dict(done.replaced),
            "places": dict(done.places),
            "erased": list(done.erased),
            "older_versions_removed": done.forgotten,
            "made_from_it": list(done.left),
            "still_stands_in": list(done.again),
            "caches_to_purge": list(done.recalled),
        }
    )
    _tell(output, done, dry=dry_run)


def _target(text: str, field: str, replacement: str | None, silent: bool) -> Target:
    table, separator, key = text.partition(":")
    if not table or (separator and not key):
        raise UsageError(f"{text!r} names no record", "Write TABLE:KEY, such as members:VN.")
    if not key and not field:
        raise UsageError(
            f"{table}: what is to go from this table?", "Name a record, TABLE:KEY, or a column, --field NAME."
        )
    return Target(table, tuple(key.split(",")) if key else (), field, replacement, silent)


def _package(project: Project, name: str) -> Package | None:
    return find_package(project, name) if name in project.packages else None


def _expect_gone(run: Run, output: Output, package: Package, targets: list[Target]) -> None:
    """Raise UsageError where the tables that people edit hold it still: the next publication would bring it back."""
    try:
        held = still_held(run, package, targets)
    except (InvalidData, ProjectError, SourceError) as error:
        output.warn(f"whether the tables still hold it cannot be told: {error.message}")
        return
    if held:
        raise UsageError(
            f"{', '.join(held)} of {package.root} still holds it, so the next publication would bring it back",
            "Take it out there first, or declare the column private; then run this again.",
        )


def _tell(output: Output, done: Redacted, *, dry: bool) -> None:
    for table, count in done.places.items():
        output.say(f"{table}: {count} places in all releases")
    for old, new in done.replaced.items():
        output.say(f"{old} {'would be' if dry else 'is'} replaced by {new}")
    if dry:
        output.say("nothing was written; leave --dry-run out to do it")
    elif not done.replaced:
        output.say("no release holds it any more; what follows from releases was rebuilt")
    else:
        output.say(
            f"{len(done.erased)} folders were emptied, a tombstone is left in each; pages, feeds and copies are rebuilt"
        )
    if done.left:
        output.warn(f"made from it and left as they are, look at them: {', '.join(done.left)}")
    if done.again:
        output.warn(
            f"a text that was removed still stands in {', '.join(done.again)}: look whether it must go there, too"
        )
    if not dry:
        output.warn(
            "What others have copied cannot be recalled: browsers and proxies keep files of releases for up to a year, archives and "
            f"those who follow the package as long as they like. Tell caches of yours to drop: {', '.join(done.recalled)}"
        )
