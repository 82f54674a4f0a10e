"""Rules between tables. In: SQL checks of a package, run where its typed views are. Out: a Report with one finding a row returned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from publisher.engine import Engine, SqlError
from publisher.errors import ProjectError
from publisher.findings import Collector, Finding, Report
from publisher.model import Check

COLUMNS = ("resource", "key", "message")
SECONDS = 60.0
"""How long one check may run."""


def run_checks(
    engine: Engine, checks: Sequence[Check], *, limit: int | None = 1000, seconds: float = SECONDS
) -> Report:
    """Run every check; each row it returns (columns `resource`, `key`, `message`) is a finding of code `check`.

    Raises ProjectError, once, for a check that does not run, returns other columns, or takes longer than `seconds`."""
    collectors: dict[str, Collector] = {}
    for check in checks:
        try:
            engine.limited(partial(_run, engine, check, collectors, limit), seconds, str(check.path))
        except SqlError as error:
            raise ProjectError(f"{check.path}: {str(error).strip()}", "Correct the SQL of the check.") from error
    return Report(tuple(found.task((), 0) for found in collectors.values()))


def _run(engine: Engine, check: Check, collectors: dict[str, Collector], limit: int | None) -> None:
    result = engine.connection.execute(check.sql)
    columns = tuple(column[0] for column in result.description or ())
    if columns != COLUMNS:
        raise ProjectError(
            f"{check.path}: returns the columns {', '.join(columns)}",
            f"Return exactly {', '.join(COLUMNS)}, in this order.",
        )
    while rows := result.fetchmany(2048):
        for resource, key, message in rows:
            name = str(resource)
            found = collectors.setdefault(name, Collector(name, str(check.path), limit))
            pairs = (("key", str(key)),) if key is not None else ()
            found.add(Finding("check", note=str(message), rule=check.name, key=pairs, path=str(check.path)))
