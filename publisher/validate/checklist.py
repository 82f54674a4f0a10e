"""frictionless' checklists. In: a Report, the tables it is on, a checklist. Out: the Report that frictionless gives with that checklist.

`pickErrors` and `skipErrors` choose among the findings. `checks` are run by frictionless itself, which reads the table once more at
its own speed: they are Python for each row, and rules between tables are better written in SQL (see rules.py).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import frictionless
from frictionless.exception import FrictionlessException

from publisher.errors import ProjectError
from publisher.findings import Report
from publisher.model import Resource


def apply_checklist(report: Report, resources: Sequence[Resource], descriptor: Mapping[str, Any]) -> Report:
    """The report of one table under a checklist. `resources` are the table and those that its foreign keys name.

    Raises ProjectError for a checklist that frictionless refuses."""
    try:
        checklist = frictionless.Checklist.from_descriptor(copy.deepcopy(dict(descriptor)))
    except FrictionlessException as error:
        raise ProjectError(f"checklist: {error.error.note}", "Correct the checklist.") from error
    unwanted = {error.type for error in frictionless.errors.DataError.list_children(root=True)} - set(checklist.scope)
    chosen = _keep(report, lambda code: code not in unwanted)
    if not checklist.checks:
        return chosen
    codes = {error.type for check in checklist.checks for error in check.Errors} | {frictionless.errors.CheckError.type}
    # the reference reads with frictionless' own readers, which few tables need
    from publisher.validate.reference import reference_resources

    theirs = reference_resources(resources, only=report.tasks[0].name, checklist=checklist)
    return chosen.merge(_keep(theirs, lambda code: code in codes))


def _keep(report: Report, wanted: Callable[[str], bool]) -> Report:
    """The report with the findings of some codes alone."""
    return Report(
        tuple(
            replace(
                task,
                counts={code: count for code, count in task.counts.items() if wanted(code)},
                findings=tuple(finding for finding in task.findings if wanted(finding.type)),
            )
            for task in report.tasks
        )
    )
