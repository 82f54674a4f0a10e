"""`publisher diff`. In: a package and two versions, or two folders. Out: what differs, as a table, JSON or Markdown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from publisher import layout
from publisher.cli.output import Output, TargetOption, here
from publisher.commit import read_head
from publisher.diff import ChangeSet
from publisher.diff.report import markdown, samples, schema_text, table_rows, to_json
from publisher.engine import Engine
from publisher.errors import UsageError
from publisher.package.published import Published, read_folder, read_release
from publisher.project import Project, find_package
from publisher.run import Run, compare_releases, compare_sources, open_workspace
from publisher.store import open_store
from publisher.store.base import Store

NOW = "."
"""What stands for the tables as they are in the working folder."""


class Form(StrEnum):
    """How a difference is written."""

    text = "text"
    json = "json"
    markdown = "markdown"


def diff(
    package: Annotated[
        str, typer.Argument(help="A package's name, or the folder of a release.", metavar="PACKAGE|FOLDER")
    ],
    first: Annotated[
        str, typer.Argument(help="A version, or the folder of another release; the latest when left out.", metavar="A")
    ] = "",
    second: Annotated[
        str, typer.Argument(help="A version; the tables as they are now when left out or `.`", metavar="B")
    ] = NOW,
    target: TargetOption = None,
    form: Annotated[Form, typer.Option("--format", help="How the difference is written.")] = Form.text,
) -> None:
    """Show what differs between two releases, or a release and the tables as they are now."""
    project = here()
    with open_workspace(project.settings) as engine:
        changes = _compare(project, engine, package, first, second, target)
        if form is Form.json:
            Output(json=True).result(to_json(changes))
        elif form is Form.markdown:
            sys.stdout.write(markdown(changes))
        else:
            show_changes(Output(), changes)


def show_changes(output: Output, changes: ChangeSet) -> None:
    """A change set on a terminal: tables with their counts, changes of columns, the first rows of each kind."""
    if changes.empty:
        output.say("nothing differs")
        return
    rows = [
        (
            item.table,
            item.status,
            item.rows_before,
            item.rows_after,
            item.added + item.returned,
            item.removed,
            item.changed,
        )
        for item in table_rows(changes)
    ]
    if rows:
        output.table(("table", "", "before", "after", "+", "-", "~"), rows, right=(2, 3, 4, 5, 6))
    for item in (*(item for table in changes.tables for item in table.schema), *changes.metadata):
        output.say(schema_text(item))
    for sample in samples(changes):
        output.say(f"{sample.sign} {sample.table} {sample.key}: {sample.text}")


def _compare(project: Project, engine: Engine, package: str, first: str, second: str, target: str | None) -> ChangeSet:
    folders = _folders(engine.folder)
    if first and all((Path(item) / layout.DESCRIPTOR).is_file() for item in (package, first)):
        left, right = (read_folder(open_store(item, env={}), next(folders)) for item in (package, first))
        return compare_releases(engine, left, right)
    store = open_store(target or project.settings.target, env=os.environ)
    before = _release(store, package, first, next(folders))
    if second == NOW:
        changes = compare_sources(
            Run(store, project.settings, environment=os.environ), engine, before, find_package(project, package)
        )
        return replace(changes, to_version="now")
    return compare_releases(engine, before, _release(store, package, second, next(folders)))


def _release(store: Store, package: str, version: str, folder: Path) -> Published:
    head = read_head(store, package)
    if head.latest is None:
        raise UsageError(
            f"{package}: nothing is published in {store.url}", "Publish first, or name two folders of releases."
        )
    return read_release(store, package, version or head.latest.version, folder)


def _folders(root: Path) -> Iterator[Path]:
    """Scratch folders, one a release."""
    for name in ("before", "after"):
        folder = root / name
        folder.mkdir()
        yield folder
