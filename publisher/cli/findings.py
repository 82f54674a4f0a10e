"""Findings for people and programs. In: a Report. Out: it is written in the form that was asked for."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from rich.text import Text

from publisher.cli.output import Output
from publisher.findings import Report
from publisher.report import write_report


class Form(StrEnum):
    """How findings are written."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"
    markdown = "markdown"


def _nearer(report: Report) -> Report:
    """The report with the places of files as seen from the working folder."""
    here = Path.cwd()

    def near(place: str) -> str:
        path = Path(place)
        return str(path.relative_to(here)) if path.is_relative_to(here) else place

    return Report(
        tuple(
            replace(
                task,
                path=near(task.path),
                findings=tuple(finding._replace(path=near(finding.path)) for finding in task.findings),
            )
            for task in report.tasks
        )
    )


def show_report(output: Output, report: Report, form: Form = Form.text, language: str = "en") -> None:
    """Write a report to standard output; as text on a terminal, the wrong cell and the codes stand out."""
    if output.json:
        form = Form.json
    written = write_report(_nearer(report), form.value, language=language)
    if form is not Form.text:
        sys.stdout.write(written)
        return
    if output.quiet and report.valid:
        return
    for line in written.splitlines():
        text = Text(line)
        text.highlight_regex(r"»[^«]*«", "bold red")
        text.highlight_regex(r"\[[a-z-]+\]$", "dim")
        if not line.startswith(" "):
            text.stylize("bold")
        output.console.print(text)
