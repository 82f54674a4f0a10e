"""What every command shares: the project, the store, and how things are said. In: common options. Out: lines, tables, JSON, progress.

On a terminal people get colour and progress bars, in a pipe plain lines; `--json` prints one JSON document to standard output and
nothing else there; `--quiet` only what went wrong.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from publisher.cli.logs import LOG
from publisher.errors import UsageError
from publisher.project import Project, Settings, find_project
from publisher.project.files import read_text
from publisher.project.settings import read_cluster

PackageArgument = Annotated[
    str, typer.Argument(help="A name under datasets/, a folder, or the path of a descriptor.", metavar="PACKAGE")
]
TargetOption = Annotated[
    str | None, typer.Option("--target", help="A folder or s3://bucket/prefix; else the project's target.")
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        help="Workers for tables of many parts: local:N, or tcp://host:port; else the project's.",
        metavar="PLACE",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")]

Report = Callable[[str, int, int], None]
"""Progress of a stage: its name, how much is done, how much there is (0 where nobody can tell)."""


@dataclass(frozen=True, slots=True)
class Output:
    """Says things in the way that was asked for."""

    json: bool = False
    quiet: bool = False

    @property
    def console(self) -> Console:
        return Console(highlight=False, soft_wrap=not sys.stdout.isatty())

    def say(self, text: str, style: str = "") -> None:
        """A line for people."""
        if not self.json and not self.quiet:
            self.console.print(text, style=style or None, markup=False)

    def warn(self, text: str) -> None:
        """A line that is said even when quiet."""
        LOG.warning("%s", text)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[int] = ()) -> None:
        """Rows for people; columns in `right` are numbers."""
        if self.json or self.quiet:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index, heading in enumerate(headings):
            table.add_column(heading, justify="right" if index in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        self.console.print(table)

    def result(self, document: Any) -> None:
        """The document for programs."""
        if self.json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")

    @contextmanager
    def progress(self) -> Iterator[Report]:
        """A bar for each stage on a terminal; elsewhere silence, so that logs stay short."""
        if self.json or self.quiet or not sys.stderr.isatty():
            yield lambda _stage, _done, _total: None
            return
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            tasks: dict[str, Any] = {}

            def report(stage: str, done: int, total: int) -> None:
                if stage not in tasks:
                    tasks[stage] = bars.add_task(stage, total=total or None)
                bars.update(tasks[stage], completed=done, total=total or None)

            yield report


def here() -> Project:
    """The project around the working directory, with the environment's settings."""
    return find_project(Path.cwd(), os.environ)


def with_cluster(settings: Settings, cluster: str | None) -> Settings:
    """The settings with what `--cluster` says. Raises UsageError."""
    try:
        return settings if cluster is None else replace(settings, cluster=read_cluster(cluster))
    except ValueError as error:
        raise UsageError(f"--cluster {error}", "Leave it out to work in this process.") from error


def allowed_by(file: Path | None, settings: Settings) -> Callable[[bytes, bytes, datetime], str]:
    """Judges signatures by an allowed-signers file, or by the project's `signers`. Raises UsageError."""
    if file is None and not settings.signers:
        raise UsageError("the project names no `signers`", "Set them under [tool.publisher], or give --signers FILE.")
    try:
        # cryptography is an extra.
        from publisher.signing import check, read_signers
    except ImportError as error:
        raise UsageError("this installation cannot check signatures", "Install `publisher[sign]`.") from error
    allowed = read_signers(read_text(file) if file else "\n".join(settings.signers), str(file or "signers"))
    return lambda signature, message, at: check(signature, message, allowed, at)


def only_package(project: Project, reference: str | None) -> str:
    """The package that was named, or the project's only one."""
    if reference:
        return reference
    if len(project.packages) == 1:
        return project.packages[0]
    known = (
        f"Packages here: {', '.join(project.packages)}." if project.packages else "There is no datasets/ folder here."
    )
    raise UsageError("Which package? Name one.", known)


def utc_now() -> datetime:
    return datetime.now(UTC)


def local(moment: datetime) -> str:
    """A moment for people, in the time zone of this machine."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def size(count: int) -> str:
    """Bytes for people: `14 kB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
