"""Findings without what is private. In: a scan, its findings. Out: the same, values of private and undeclared columns withheld.

A report is read in logs, alerts and pull requests, so it says where a private value is wrong and never which one it is; on the maintainer's
own terminal `publisher validate` shows it. Where the cells of a record cannot be told apart (the header is not the schema's, or a
record has more or fewer cells), none of them is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from publisher.findings import Finding, Task
from publisher.privacy import WITHHELD, private_fields
from publisher.validate.scan import Scan


def withhold(scan: Scan, task: Task) -> Task:
    """The task as it may be told to anybody."""
    declared = frozenset(item.name for item in scan.source.schema.fields)
    fields = [{**item.custom, "name": item.name} for item in scan.source.schema.fields]
    private = frozenset(private_fields({"fields": fields}))
    numbers = {item.name: number for number, item in enumerate(scan.fields, 1)}
    hidden = frozenset(number for name, number in numbers.items() if name in private or name not in declared)
    foreign = any(code.endswith(("-label", "-header")) for code in task.counts)
    ragged = not {"missing-cell", "extra-cell"}.isdisjoint(task.counts)
    rule = _Rule(declared, private, hidden, len(scan.fields), foreign, ragged)
    return replace(task, findings=tuple(map(rule.apply, task.findings)), labels=rule.labels(task.labels))


@dataclass(frozen=True, slots=True)
class _Rule:
    """`hidden` are the numbers of columns whose cells are withheld; `foreign` says that the header is not the schema's, `ragged` that
    some record has more or fewer cells than there are columns."""

    declared: frozenset[str]
    private: frozenset[str]
    hidden: frozenset[int]
    width: int
    foreign: bool
    ragged: bool

    def labels(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Where no label is a declared one, the file has a record in the place of its header."""
        if self.private and not self.declared & {*labels}:
            return (WITHHELD,) * len(labels)
        return tuple(labels)

    def apply(self, finding: Finding) -> Finding:
        if finding.row is None:
            labels = self.labels(finding.labels)
            cell = finding.cell if finding.cell is None or labels == finding.labels else WITHHELD
            return finding._replace(cell=cell, labels=labels)
        if not (
            self.foreign or self.private or self.hidden or max(len(finding.cells), finding.field or 0) > self.width
        ):
            return finding
        moved = len(finding.cells) != self.width if finding.cells else self.ragged
        blind = self.foreign or bool(self.hidden and moved)
        cells = tuple(
            WITHHELD if blind or number in self.hidden or number > self.width else cell
            for number, cell in enumerate(finding.cells, 1)
        )
        key = tuple((name, WITHHELD if blind or name in self.private else value) for name, value in finding.key)
        finding = finding._replace(cells=cells, key=key)
        if finding.cell is None or not (blind or finding.field in self.hidden or (finding.field or 0) > self.width):
            return finding
        return finding._replace(cell=WITHHELD, note="", nearest="")
