"""`publisher verify`: every object of every release against its hash. In: a target. Out: what was read, what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.output import JsonOption, Output, QuietOption, TargetOption, allowed_by, here, size
from publisher.commit.derive import find_packages
from publisher.commit.verify import verify as verify_store
from publisher.errors import StoreError, UsageError
from publisher.store import open_store
from publisher.store.retry import Retry


def verify(
    package: Annotated[
        str, typer.Argument(help="The package's name; all of the store's when left out.", metavar="PACKAGE")
    ] = "",
    target: TargetOption = None,
    signature: Annotated[
        bool, typer.Option("--signature", help="Check who signed each release, too: one of the project's signers.")
    ] = False,
    signers: Annotated[
        Path | None, typer.Option(help="Check against this allowed-signers file instead.", metavar="FILE")
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read every published object and compare it with its hash."""
    output = Output(json, quiet)
    project = here()
    store = open_store(target or project.settings.target, env=os.environ)
    judge = allowed_by(signers, project.settings) if signature or signers else None
    names = [package] if package else find_packages(store)
    if not names:
        raise UsageError(f"nothing is published in {store.url}", "`publisher publish` does it.")
    with output.progress() as progress:
        found = verify_store(
            store,
            names,
            retry=Retry(),
            watch=lambda done, total, _key: progress("verify", done, total),
            judge=judge,
        )
    problems = [{"key": item.key, "what": item.what} for item in found.problems]
    output.result(
        {
            "store": store.url,
            "releases": found.releases,
            "objects": found.objects,
            "bytes": found.bytes,
            "problems": problems,
        }
    )
    output.say(f"{found.releases} releases, {found.objects} objects, {size(found.bytes)} read from {store.url}")
    for item in found.problems:
        output.warn(f"{item.key}: {item.what}")
    if found.problems:
        raise StoreError(
            f"{len(found.problems)} objects are not as published",
            "Put them back from a copy, or yank the release and publish a corrected one; see docs/protocol.md.",
        )
    output.say("every object is as published" + (", every release is signed" if judge else ""))
