"""`publisher validate`. In: a package, a descriptor, or a table with its schema. Out: what is wrong, cell by cell; exit code 1."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.findings import show_report
from publisher.cli.output import JsonOption, Output, QuietOption, here, only_package
from publisher.project import find_package
from publisher.validate import validate_package, validate_table


def validate(
    package: Annotated[
        str, typer.Argument(help="A package's name, a descriptor, or a table.", metavar="PACKAGE|TABLE")
    ] = "",
    schema: Annotated[Path | None, typer.Option(help="The Table Schema of a single table.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check tables against their schemas."""
    output = Output(json, quiet)
    if schema is not None:
        report = validate_table(package, schema)
    else:
        project = here()
        report = validate_package(find_package(project, only_package(project, package)))
    show_report(output, report)
    if not report.valid:
        raise typer.Exit(1)
    output.say(f"{len(report.tasks)} tables, {sum(task.rows for task in report.tasks)} rows: valid")
