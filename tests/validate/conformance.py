"""The corpus' view of the validator. In: a case as run_corpus.py gives it. Out: [[record, field, type], ...].

run_corpus.py --func tests.validate.conformance:findings
"""

from __future__ import annotations

from typing import Any

from publisher import validate_table
from publisher.errors import ProjectError

LIMIT = 1000
"""The corpus was recorded with frictionless' own limit."""


def findings(path: str, schema: Any, dialect: Any, encoding: str | None, checklist: Any, refs: Any) -> list[list[Any]]:
    """Findings of one case. An error of the project is frictionless' resource-error."""
    references = {name: (item["path"], item["schema"]) for name, item in (refs or {}).items()}
    try:
        report = validate_table(
            path,
            schema,
            dialect=dialect,
            encoding=encoding,
            references=references,
            checklist=checklist,
            limit=None,
        )
    except ProjectError:
        return [[None, None, "resource-error"]]
    return report.flatten(["rowNumber", "fieldNumber", "type"])[:LIMIT]
