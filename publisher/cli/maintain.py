"""`publisher refresh` and `publisher gc`. In: a target. Out: what is derived rebuilt; what dead runs left behind named or removed."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Annotated

import typer

from publisher.cli.output import JsonOption, Output, TargetOption, here, size
from publisher.commit.derive import find_packages
from publisher.commit.gc import collect
from publisher.project.actor import find_actor
from publisher.run import Run, refresh_derived
from publisher.store import open_store


def refresh(target: TargetOption = None, json: JsonOption = False) -> None:
    """Rebuild what follows from releases (pages, feeds, `latest/`, the index), and ask the store for each object whether it is right."""
    output, run = Output(json), _open(target)
    packages = find_packages(run.store)
    done = refresh_derived(run, *packages, check=True)
    if done.written or done.removed:
        run.record("refresh", written=len(done.written), removed=len(done.removed))
    output.result(
        {"packages": packages, "written": sorted(done.written), "kept": done.kept, "removed": sorted(done.removed)}
    )
    counts = f"{len(done.written)} objects written, {done.kept} right already, {len(done.removed)} removed"
    output.say(f"{', '.join(packages) or 'no package'}: {counts}")


def gc(
    target: TargetOption = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove what a dry run names.")] = False,
    json: JsonOption = False,
) -> None:
    """Name what dead runs left behind and is older than the grace period; with --remove, remove it."""
    output, run = Output(json), _open(target)
    grace = timedelta(days=run.settings.retention_days)
    swept = collect(run.store, find_packages(run.store), now=run.now(), grace=grace, remove=remove)
    if remove and (swept.objects or swept.others):
        run.record("gc", objects=[key for key, _ in swept.objects], others=list(swept.others))
    output.result({"removed": remove, "objects": [list(item) for item in swept.objects], "others": swept.others})
    for key, count in swept.objects:
        output.say(f"{key}  {size(count)}")
    for line in swept.others:
        output.say(line)
    total = len(swept.objects) + len(swept.others)
    done = "removed" if remove else "could be removed; `publisher gc --remove` does it"
    output.say(
        f"{total} leftovers older than {grace.days} days {done}"
        if total
        else f"no leftovers older than {grace.days} days"
    )


def _open(target: str | None) -> Run:
    settings = here().settings
    return Run(open_store(target or settings.target, env=os.environ), settings, actor=find_actor(os.environ))
