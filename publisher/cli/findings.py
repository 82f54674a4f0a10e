"""Findings for people and programs. In: a Report. Out: it is written in the form that was asked for."""

from __future__ import annotations

import sys
from enum import StrEnum

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


def show_report(output: Output, report: Report, form: Form = Form.text, language: str = "en") -> None:
    """Write a report to standard output; as text on a terminal, the wrong cell and the codes stand out."""
    if output.json:
        form = Form.json
    written = write_report(report, form.value, language=language)
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
