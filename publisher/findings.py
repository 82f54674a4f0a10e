"""What is wrong in the data, as values. In: findings of the validator. Out: a Report with exact counts and capped samples.

Codes and shape are those of frictionless 5 (https://framework.frictionlessdata.io/docs/errors/); codes of our own are in HOUSE.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

HOUSE = (
    "bidi-control",
    "invisible-space",
    "not-nfc",
    "near-duplicate",
    "foreign-digits",
    "empty-table",
    "category",
    "unique-key",
    "personal-data",
    "check",
)
"""Codes of the checks beyond frictionless, in the order in which they are documented."""


class Finding(NamedTuple):
    """One thing wrong; a tuple, since there may be very many and a frozen dataclass takes three times as long to make.

    `row` is the record number, the header counted (as frictionless counts); `line` the physical line where the record begins;
    `field` the column's number from 1. `rule` names the constraint or the type and format that the cell breaks; `note` is
    frictionless' own note. `expected` and `nearest` are what would have been allowed, `key` the record's primary key as
    (name, text) pairs, `other` the record it collides with.
    """

    type: str
    note: str = ""
    resource: str = ""
    path: str = ""
    row: int | None = None
    line: int | None = None
    field: int | None = None
    name: str = ""
    cell: str | None = None
    cells: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    key: tuple[tuple[str, str], ...] = ()
    rule: str = ""
    expected: str = ""
    nearest: str = ""
    other: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The finding as frictionless writes an error; keys of our own are `line`, `expected`, `nearest` and `key`."""
        return {name: value for name, of in _SHAPE.items() if (value := of(self)) is not None}


_SHAPE: Mapping[str, Callable[[Finding], Any]] = {
    "type": lambda item: item.type,
    "note": lambda item: item.note,
    "rowNumber": lambda item: item.row,
    "line": lambda item: item.line,
    "fieldNumber": lambda item: item.field,
    "fieldName": lambda item: item.name if item.field is not None else None,
    "cell": lambda item: item.cell if item.row is not None else None,
    "label": lambda item: item.cell if item.row is None else None,
    "cells": lambda item: list(item.cells) or None,
    "labels": lambda item: list(item.labels) or None,
    "expected": lambda item: item.expected or None,
    "nearest": lambda item: item.nearest or None,
    "key": lambda item: dict(item.key) or None,
}
"""The properties of a finding as frictionless names them; those that are None are left out."""


@dataclass(frozen=True, slots=True)
class Task:
    """The findings of one table. `counts` are exact; `findings` holds samples, in the order of the file."""

    name: str
    path: str
    labels: tuple[str, ...] = ()
    rows: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> int:
        return sum(self.counts.values())

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": "table",
            "valid": not self.errors,
            "place": self.path,
            "labels": list(self.labels),
            "stats": {"errors": self.errors, "warnings": 0, "fields": len(self.labels), "rows": self.rows},
            "counts": dict(sorted(self.counts.items())),
            "warnings": [],
            "errors": [item.to_dict() for item in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run, one task for each table (and one for the checks between tables)."""

    tasks: tuple[Task, ...] = ()

    @property
    def valid(self) -> bool:
        return not self.errors

    @property
    def errors(self) -> int:
        """How many findings there are, samples or not."""
        return sum(task.errors for task in self.tasks)

    @property
    def counted(self) -> str:
        """`3 findings in 1 table`."""
        tables = sum(bool(task.errors) for task in self.tasks)
        return f"{self.errors} finding{'s'[: self.errors != 1]} in {tables} table{'s'[: tables != 1]}"

    @property
    def counts(self) -> Mapping[str, int]:
        """Findings by code over all tables."""
        total: Counter[str] = Counter()
        for task in self.tasks:
            total.update(task.counts)
        return dict(sorted(total.items()))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The samples of all tables."""
        return tuple(item for task in self.tasks for item in task.findings)

    def flatten(self, spec: Sequence[str] = ("taskNumber", "rowNumber", "fieldNumber", "type")) -> list[list[Any]]:
        """The samples as rows of the named properties, like frictionless' Report.flatten."""
        lines = []
        for number, task in enumerate(self.tasks, start=1):
            own = {"taskNumber": number, "resource": task.name}
            of = [_SHAPE.get(name, lambda _item, value=own.get(name): value) for name in spec]
            lines += [[read(item) for read in of] for item in task.findings]
        return lines

    def to_dict(self) -> dict[str, Any]:
        """The report as frictionless writes it, without the seconds: equal data give equal reports."""
        return {
            "valid": self.valid,
            "stats": {"tasks": len(self.tasks), "errors": self.errors, "warnings": 0},
            "warnings": [],
            "errors": [],
            "tasks": [task.to_dict() for task in self.tasks],
        }

    def merge(self, *others: Report) -> Report:
        """One report of several, in order; tasks of the same name become one."""
        merged: dict[str, Task] = {}
        for task in (task for report in (self, *others) for task in report.tasks):
            seen = merged.get(task.name)
            merged[task.name] = _join(seen, task) if seen else task
        return Report(tuple(merged.values()))


class Collector:
    """Gathers the findings of one table: every one is counted, the first `limit` of each code are kept (None: all)."""

    def __init__(self, resource: str, path: str, limit: int | None) -> None:
        self.resource = resource
        self.path = path
        self.limit = limit
        self.counts: Counter[str] = Counter()
        self.kept: list[Finding] = []

    def wants(self, code: str) -> bool:
        """Count a finding; whether its sample is still wanted."""
        self.counts[code] += 1
        return self.limit is None or self.counts[code] <= self.limit

    def add(self, finding: Finding) -> None:
        """Count a finding and keep it while samples of its code are wanted."""
        if self.wants(finding.type):
            self.keep(finding)

    def keep(self, finding: Finding) -> None:
        """Keep a sample that `wants` has counted."""
        if not finding.resource:
            finding = finding._replace(resource=self.resource, path=finding.path or self.path)
        self.kept.append(finding)

    def join(self, other: Collector) -> None:
        """Take over what another gathered further on in the same table. Samples beyond the limit are dropped."""
        for code, count in other.counts.items():
            wanted = count if self.limit is None else max(0, self.limit - self.counts[code])
            self.kept += [item for item in other.kept if item.type == code][:wanted]
            self.counts[code] += count

    def task(self, labels: Iterable[str], rows: int) -> Task:
        """What was gathered, in the order of the file: header, then records, within a record by column."""
        order = sorted(self.kept, key=lambda item: (item.row or 0, item.field is None, item.field or 0))
        return Task(self.resource, self.path, tuple(labels), rows, dict(sorted(self.counts.items())), tuple(order))


def _join(first: Task, second: Task) -> Task:
    return replace(
        first,
        counts=dict(Counter(first.counts) + Counter(second.counts)),
        findings=first.findings + second.findings,
        rows=max(first.rows, second.rows),
    )
