"""What pages of today must know of earlier releases. In: the steps of a package's history, one after the other. Out: Memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from publisher.package.series import Series
from publisher.package.steps import Step

SHOWN = 3
"""Releases that a package's first page tells of: the current one and those before it."""

_TOLD = ("kind", "version", "created", "at", "from", "reason", "parent", "rule", "rows", "changes", "yanked")
"""What lists tell of an entry."""

Entry = Mapping[str, Any]
Columns = Mapping[str, Sequence[str]]
"""Of each table with a key, the columns that say what a row is called."""
_NAMES = "\x1f"


@dataclass(slots=True)
class Memory:
    """`listed` are releases and rollbacks as lists tell of them, `line` the last ones of those that lead to the latest release, `current`
    the latest release's whole entry and `number` its place among all releases, from 1; `count` is how many there are.

    `said` gives by table and key what removed rows were called; `beside` likewise [version, names] of rows that releases brought which
    do not lead to the latest one; `withdrawn` are versions that nobody is to be led to."""

    listed: Series = field(default_factory=Series)
    line: list[Entry] = field(default_factory=list)
    current: Entry = field(default_factory=dict)
    number: int = 0
    count: int = 0
    said: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    beside: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)

    def learn(self, columns: Columns, step: Step) -> None:
        """Take in the next step; `columns` are today's."""
        if step.record["kind"] not in {"release", "rollback"}:
            return
        entry = _entry(step)
        self.listed = self.listed.grown([entry])
        if not step.is_release:
            return
        self.count += 1
        if step.record.get("yanked") or not step.is_there:
            self.withdrawn.append(step.version)
        if step.number is not None:
            self.line = [*self.line, entry][-SHOWN:]
            self.current, self.number = step.record, self.count
        for line in step.rows():
            if line["table"] in columns and line["key"]:
                self._learn_row(step, line, columns[line["table"]])

    def _learn_row(self, step: Step, line: Mapping[str, Any], names: Sequence[str]) -> None:
        table, key, came = str(line["table"]), join(line["key"].values()), line["op"] in {"add", "return"}
        if step.number is None:
            if came:
                told = {name: line["after"].get(name) for name in names}
                self.beside.setdefault(table, {})[key] = [step.version, told]
        elif came:
            self.said.get(table, {}).pop(key, None)
        elif line["op"] == "remove" and names:
            self.said.setdefault(table, {})[key] = {name: line["before"].get(name) for name in names}


def join(key: Collection[str | None]) -> str:
    """A key as one text."""
    return _NAMES.join(value or "" for value in key)


def split(key: str) -> tuple[str, ...]:
    return tuple(key.split(_NAMES))


def _entry(step: Step) -> Entry:
    """The first release differs from nothing, so it has no notes."""
    told = {name: step.record[name] for name in _TOLD if name in step.record}
    notes = step.changes.get("notes") if step.changes.get("from") else None
    return {**told, "notes": notes or {}, "message": str(step.changes.get("message") or "")}
