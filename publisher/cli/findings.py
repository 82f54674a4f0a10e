"""Findings for people. In: a Report. Out: each finding with its cell and remedy, a summary; or the JSON document."""

from __future__ import annotations

from publisher.cli.output import Output
from publisher.findings import Report


def show_report(output: Output, report: Report) -> None:
    """Print a report."""
    output.result(report.to_dict())
    for finding in report.findings:
        place = ", ".join(filter(None, (f"record {finding.row}" if finding.row else "", finding.name)))
        output.warn(f"{finding.path}: {place}: {finding.type}: {finding.note}")
