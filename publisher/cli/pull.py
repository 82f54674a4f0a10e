"""`publisher pull` and `publisher follow`. In: a package's address, a folder. Out: verified files, kept current."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from publisher import client
from publisher.cli.output import JsonOption, Output, QuietOption, allowed_by
from publisher.client import current
from publisher.client.copy import Judge
from publisher.project import Settings

UrlArgument = Annotated[
    str, typer.Argument(help="Where the package is published: https://host/package/, or a folder.", metavar="URL")
]
SignersOption = Annotated[
    Path | None,
    typer.Option(help="Accept only what one of these signed: an allowed-signers file of ssh-keygen.", metavar="FILE"),
]
FolderArgument = Annotated[Path, typer.Argument(help="Where the files are kept.", metavar="FOLDER")]


def pull(
    url: UrlArgument,
    folder: FolderArgument,
    version: Annotated[str, typer.Option(help="A release; the latest one when left out.")] = "",
    table: Annotated[list[str] | None, typer.Option(help="Only this table; may be given again.")] = None,
    form: Annotated[
        list[str] | None, typer.Option("--format", help="Only this format, such as csv; may be given again.")
    ] = None,
    signers: SignersOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fetch a release and check every byte; what is here already is not fetched again."""
    output = Output(json, quiet)
    done = client.pull(url, folder, version=version, tables=table or (), formats=form or (), judge=_judge(signers))
    files = [str(path) for path in done.files]
    output.result(
        {
            "version": done.version,
            "folder": str(done.folder),
            "files": files,
            "fetched": done.fetched,
            "withdrawn": done.withdrawn,
        }
    )
    output.say(
        f"{done.version}: {len(done.files)} files in {done.folder}, {done.fetched} of them fetched, all as published"
    )
    _warn(output, done.version, done.withdrawn)


def follow(
    folder: FolderArgument, signers: SignersOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Bring what was pulled up to the latest release, by its row changes where that is less."""
    output = Output(json, quiet)
    done = current.follow(folder, judge=_judge(signers))
    output.result(
        {name: getattr(done, name) for name in ("before", "after", "rebuilt", "fetched", "withdrawn", "back")}
    )
    if done.before == done.after:
        output.say(f"{done.after} is the latest release; nothing was fetched")
    else:
        made = f"{len(done.rebuilt)} tables rebuilt from row changes, {done.fetched} files fetched"
        output.say(f"{done.before} -> {done.after}: {made}")
    _warn(output, done.after, done.withdrawn)


def _judge(signers: Path | None) -> Judge | None:
    return allowed_by(signers, Settings()) if signers else None


def _warn(output: Output, version: str, reason: str) -> None:
    if reason:
        output.warn(f"{version} was withdrawn by its publisher: {reason}")
