"""`publisher validate`. In: a package, a descriptor, or a table with its schema. Out: what is wrong, cell by cell; exit code 1."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.findings import Form, show_report
from publisher.cli.output import ClusterOption, JsonOption, Output, QuietOption, here, only_package, with_cluster
from publisher.errors import UsageError
from publisher.findings import Report
from publisher.load import has_large
from publisher.model import Package
from publisher.project import find_package
from publisher.project.unfinished import find_unfinished
from publisher.sources import Outside, bring
from publisher.validate import validate_package, validate_table
from publisher.validate.reference import Comparison, compare, reference_package, reference_table

SAMPLES = 50
REMINDERS = 10


class Judge(StrEnum):
    """Who judges: this program, or frictionless itself beside it."""

    publisher = "publisher"
    frictionless = "frictionless"


class Language(StrEnum):
    """Languages findings are told in."""

    en = "en"
    ar = "ar"


def validate(
    package: Annotated[
        str, typer.Argument(help="A package's name, a descriptor, or a table.", metavar="PACKAGE|TABLE")
    ] = "",
    schema: Annotated[Path | None, typer.Option(help="The Table Schema of a single table.")] = None,
    form: Annotated[Form, typer.Option("--format", help="How findings are written.")] = Form.text,
    limit: Annotated[
        int, typer.Option(min=1, help="Samples of each kind shown in each table; counts are always exact.")
    ] = SAMPLES,
    lang: Annotated[Language, typer.Option(help="Language of the findings.")] = Language.en,
    engine: Annotated[
        Judge, typer.Option(help="`frictionless` runs the slow reference too and shows where they differ.")
    ] = Judge.publisher,
    cluster: ClusterOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check tables against their schemas."""
    output = Output(json, quiet)
    single = schema is not None or _is_table(package)
    if single and cluster is not None:
        raise UsageError("--cluster is for packages: a table in one file is not divided", "Leave it out.")
    found, outside = (None, None) if single else _package(package, cluster)
    if found is None and schema is None and form is Form.text:
        output.say("no --schema was given, so only the header and the shape of records are judged", "yellow")
    if engine is Judge.frictionless:
        _doubt(output, package, schema, found)
        return
    # What scrolls by on a terminal is for the maintainer alone; everything else may end up in a log.
    reveal = form is Form.text and not json and sys.stdout.isatty()
    if found is None or outside is None:
        report = validate_table(package, schema, limit=limit, reveal=reveal)
    else:
        report = _judge(output, found, outside, limit, reveal=reveal)
    show_report(output, report, form, lang.value)
    if found is not None and form is Form.text and not json:
        _remind(output, found)
    if not report.valid:
        raise typer.Exit(1)


def _remind(output: Output, package: Package) -> None:
    """What `init` left to be filled in. It is no finding: the data may be well all the same."""
    places = find_unfinished(package)
    if places:
        output.say(f"still to be filled in, where it says TODO ({len(places)}):", "yellow")
        for place in places[:REMINDERS]:
            output.say(f"  {place}")
        if len(places) > REMINDERS:
            output.say(f"  and {len(places) - REMINDERS} more")


def _is_table(reference: str) -> bool:
    return reference.lower().removesuffix(".gz").endswith((".csv", ".tsv")) or reference.lower().endswith(".zip")


def _package(reference: str, cluster: str | None) -> tuple[Package, Outside]:
    project = here()
    outside = Outside(with_cluster(project.settings, cluster), os.environ)
    return bring(find_package(project, only_package(project, reference)), outside).package, outside


def _judge(output: Output, package: Package, outside: Outside, limit: int, *, reveal: bool) -> Report:
    if not has_large(package):
        return validate_package(package, limit=limit, reveal=reveal)
    # the pipeline takes 0.2 s to import, which small tables need not pay
    from publisher.run.judging import judge_package

    with output.progress() as progress:
        return judge_package(package, outside, limit=limit, reveal=reveal, progress=progress)


def _doubt(output: Output, table: str, schema: Path | None, package: Package | None) -> None:
    """Both judges on the same input; exit 0 where they agree."""
    ours: Report
    theirs: Report
    if package is None:
        ours, theirs = validate_table(table, schema, limit=None), reference_table(table, schema)
    else:
        ours, theirs = validate_package(package, checks=None, limit=None), reference_package(package)
    compared = compare(ours, theirs)
    output.result(_document(compared))
    output.say(f"publisher: {ours.errors} findings, frictionless: {theirs.errors}")
    for label, places in (("frictionless alone", compared.missed), ("publisher alone", compared.extra)):
        for (name, record, column, code), count in sorted(places.items(), key=str):
            output.say(
                f"{label}: {name} record {record or '-'} column {column or '-'} {code}"
                + (f" x{count}" if count > 1 else "")
            )
    output.say(
        "both agree" if compared.equal else "they differ; docs/validation.md lists the differences that are meant"
    )
    if not compared.equal:
        raise typer.Exit(1)


def _document(compared: Comparison) -> dict[str, object]:
    return {
        "equal": compared.equal,
        "publisher": compared.ours.errors,
        "frictionless": compared.theirs.errors,
        "frictionless_alone": [[*place, count] for place, count in compared.missed.items()],
        "publisher_alone": [[*place, count] for place, count in compared.extra.items()],
    }
