"""Rules between tables, run. In: a package's SQL checks over its views. Out: a Report; nothing of private columns stands in it.

A check is one SELECT over the tables. One that does not work without private columns is shown them; then what it says is withheld, and
its key with it unless the key is one that is published anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from publisher.engine import Engine, SqlError, quote
from publisher.errors import ProjectError
from publisher.findings import Finding, Report, Task
from publisher.model import Check, Resource
from publisher.privacy import private_fields
from publisher.query.statement import read_check
from publisher.query.views import reason, relation_of, showing
from publisher.validate import run_checks


def judge(engine: Engine, checks: Sequence[Check], resources: Sequence[Resource], *, seconds: float) -> Report:
    """The findings of every check. Raises ProjectError for one that is no SELECT over the tables, does not run or runs too long."""
    private = [(item.name, column) for item in resources for column in private_fields(item.schema)]
    report = Report()
    for check in checks:
        read_check(engine, check, [item.name for item in resources])
        if private and not _binds(engine, check, seconds):
            with showing(engine, resources, private):
                report = report.merge(_without_values(engine, check, resources, seconds))
        else:
            report = report.merge(run_checks(engine, [check], seconds=seconds))
    return report


def _binds(engine: Engine, check: Check, seconds: float) -> bool:
    """Whether a check can be understood with the columns that are shown."""
    try:
        engine.limited(partial(engine.rows, f"DESCRIBE {check.sql}"), seconds, str(check.path))
    except SqlError:
        return False
    return True


def _without_values(engine: Engine, check: Check, resources: Sequence[Resource], seconds: float) -> Report:
    try:
        found = run_checks(engine, [check], seconds=seconds)
    except ProjectError as error:
        if not isinstance(error.__cause__, SqlError):
            raise
        said = reason(error.__cause__, private=True)
        raise ProjectError(f"{check.path}: {said}", error.remedy) from None
    keys = {item.name: _key_of(item) for item in resources}
    return Report(tuple(_withhold(engine, task, keys, check) for task in found.tasks)).merge()


def _key_of(resource: Resource) -> str:
    return resource.primary_key[0] if len(resource.primary_key) == 1 else ""


def _withhold(engine: Engine, task: Task, keys: Mapping[str, str], check: Check) -> Task:
    """What stands under `resource` is the check's text as well: only a table's name is let through."""
    name = task.name if task.name in keys else check.name
    findings = tuple(_without_value(engine, item, name, keys.get(name, "")) for item in task.findings)
    return replace(task, name=name, findings=findings)


def _without_value(engine: Engine, finding: Finding, table: str, key: str) -> Finding:
    text = dict(finding.key).get("key")
    known = f"SELECT count(*) FROM {relation_of(table)} WHERE {quote(key)} = ?"
    public = bool(key) and text is not None and bool(engine.value(known, [text]))
    note = "breaks a rule over private columns; what the check says of it is withheld"
    return finding._replace(note=note, resource=table, key=finding.key if public else ())
