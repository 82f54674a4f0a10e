"""The values of a change. In: what was found about tables, rows and metadata. Out: frozen change sets, their facts for the version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from publisher.diff.schema import SchemaChange
from publisher.diff.state import TableState
from publisher.version import Fact

OPERATIONS = ("add", "return", "change", "remove")
"""What can happen to a row: `return` is an addition under a key that an earlier release retired."""

LISTED = 100_000
"""Row changes beyond which those of a table in parts are counted and not listed: they would be several times the bytes of the new parts."""

Row = Mapping[str, str | None]
"""A row as canonical text by column name, None where a value is missing."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows that were added, came back, changed and were removed. `reshaped` are those among the changed whose only changes
    lie in columns that were added or removed; `explained` those among the removed that have a reason."""

    added: int = 0
    returned: int = 0
    changed: int = 0
    removed: int = 0
    reshaped: int = 0
    explained: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.added + other.added,
            self.returned + other.returned,
            self.changed + other.changed,
            self.removed + other.removed,
            self.reshaped + other.reshaped,
            self.explained + other.explained,
        )

    @property
    def total(self) -> int:
        return self.added + self.returned + self.changed + self.removed


@dataclass(frozen=True, slots=True)
class RowChange:
    """What happened to one row. `key` is None in a table without a key, where `count` equal rows came or went."""

    op: str
    key: Row | None
    before: Row | None
    after: Row | None
    changed: tuple[str, ...] = ()
    count: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TableChange:
    """What changed in one table. `before` is None for a table that was added, `after` for one that was removed.

    `pairs` names the columns that are the same one (after: before), `key` the columns that identify rows under their present
    names (empty: rows are counted, not followed). `relation` is the engine's table of row changes: op, n, reason, the values
    before as b0, b1, ... and after as a0, a1, ... in the order of the schemas; "" where no row changed.
    `referenced` says that another table of the release before refers to this one, `listed` that its row changes are told one by one.
    """

    before: TableState | None
    after: TableState | None
    pairs: Mapping[str, str]
    key: tuple[str, ...]
    relation: str
    schema: tuple[SchemaChange, ...] = ()
    counts: Counts = Counts()
    rows_before: int = 0
    rows_after: int = 0
    changed_fields: Mapping[str, int] = field(default_factory=dict)
    samples: tuple[RowChange, ...] = ()
    referenced: bool = False
    listed: bool = True

    @property
    def state(self) -> TableState:
        """The table after the change, before it where it was removed."""
        state = self.after or self.before
        assert state is not None
        return state

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def former_name(self) -> str:
        return self.before.name if self.before is not None else self.name

    @property
    def status(self) -> str:
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "changed" if self.before.name == self.after.name else "renamed"

    @property
    def computed(self) -> bool:
        """Whether its rows follow from other tables, so that nobody can give a reason for one that went."""
        return "query" in self.state.descriptor

    @property
    def empty(self) -> bool:
        return not self.schema and not self.counts.total


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Everything that changed between two releases; tables without a change are only named.

    `metadata` holds changes of the package's own descriptor, those of a table lie with it.
    """

    tables: tuple[TableChange, ...] = ()
    unchanged: tuple[str, ...] = ()
    metadata: tuple[SchemaChange, ...] = ()
    from_version: str = ""
    to_version: str = ""

    @property
    def counts(self) -> Counts:
        total = Counts()
        for table in self.tables:
            total += table.counts
        return total

    @property
    def empty(self) -> bool:
        return not self.tables and not self.metadata

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What version.rule judges."""
        return tuple(self._facts())

    def _facts(self) -> Iterator[Fact]:
        for item in self.metadata:
            yield Fact(item.kind)
        for table in self.tables:
            for item in table.schema:
                yield Fact(item.kind, item.table, item.field)
            if table.status in {"changed", "renamed"}:
                yield from _row_facts(table)


def _row_facts(table: TableChange) -> Iterator[Fact]:
    counts = table.counts
    computed = "computed_" if table.computed else ""
    unexplained = counts.removed - counts.explained
    corrected = counts.changed - counts.reshaped
    for kind, count in (
        (f"{computed}rows_added", counts.added),
        ("rows_returned", counts.returned),
        ("computed_rows_changed" if computed else "rows_corrected", corrected),
        ("rows_withdrawn", counts.explained),
        ("referenced_rows_removed" if table.referenced else f"{computed}rows_removed", unexplained),
    ):
        if count:
            yield Fact(kind, table.name, count=count)
