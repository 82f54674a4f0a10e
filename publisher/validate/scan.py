"""What is known of a table while it is judged. In: nothing. Out: Source (before it is read), Records (how), Scan (after)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import frictionless

from publisher.engine import Engine
from publisher.findings import Collector, Finding
from publisher.load import Plain
from publisher.schema import Dialect
from publisher.validate.accept import Column

FETCHED = 2048
"""Records fetched from DuckDB at a time."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table about to be validated.

    `number` tells its relations apart in the engine; `keyed` are the fields whose keys are needed, in lower case (its own and
    those that other tables refer to); `sql` is a relation of text columns that takes the place of a file; `checks` are the house checks
    that are on. Of a `lookup` table the keys alone are wanted: it is read for another's foreign keys.
    """

    number: int
    name: str
    path: str
    schema: frictionless.Schema
    dialect: Dialect
    suffix: str = "csv"
    plain: Plain | None = None
    sql: str = ""
    keyed: frozenset[str] = frozenset()
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    checks: frozenset[str] = frozenset()
    lookup: bool = False

    def needs_key(self, name: str) -> bool:
        """Whether the keys of a field are compared. Case is ignored, as a dialect may ask; a key too many does no harm."""
        return name.lower() in self.keyed


class Law(Protocol):
    """The proof that DuckDB read a file as Python would; a context around the reading."""

    @property
    def crlf(self) -> bool:
        """Whether carriage returns in cells have to be counted."""

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...

    def holds(self, rows: int, width: int, size: int) -> bool:
        """Whether the reading was right, from its numbers of records and columns, and the sum of structure.cell_bytes."""


@dataclass(frozen=True, slots=True)
class Records:
    """A text relation, one row a record, with columns c1 ... cn. `row` is SQL for the record number; a `counted` relation has
    columns `row`, `line` and `raw` of its own; one that is not must obey `law`, and none of its cells holds NUL. `odd` is a table of
    records that are not as wide as the others (`row`, `breaks`: line ends in it, `raw`: JSON of its cells), where they are not in the
    relation itself. `unended`: the file ends within the last one."""

    sql: str
    width: int
    counted: bool
    first_row: int
    quote: str = ""
    law: Law | None = None
    fatal: Finding | None = None
    odd: str = ""
    unended: bool = False

    @property
    def row(self) -> str:
        """SQL for the number of a record of the narrow table, named `row`."""
        return "row" if self.counted else f"rowid + {self.first_row} AS row"


@dataclass(slots=True)
class Scan:
    """What is known of a table after its cells were read. `keys` is a relation with `row` and one column for each keyed field,
    `rewritten` a table of texts that only the exact lane could make canonical, `narrow` that of the accept lane.

    A table that was read in `parts` has neither records nor keys here: its keys were compared before (union.py), `cells` holds what the
    house checks found in single cells, and its findings know their lines."""

    source: Source
    fields: tuple[Any, ...]
    labels: tuple[str, ...]
    found: Collector
    records: Records | None = None
    rows: int = 0
    keys: str = ""
    rewritten: str = ""
    narrow: str = ""
    fatal: Finding | None = None
    parts: bool = False
    cells: Collector | None = None

    @property
    def marked(self) -> str:
        """A relation of the narrow table with `row`, `breaks`, `raw` and `cells`, for records that are not counted."""
        assert self.records is not None
        if not self.records.odd:
            return f"(SELECT {self.records.row}, breaks, '' AS raw, cells FROM {self.narrow})"
        return (
            "(SELECT row, coalesce(odd.breaks, its.breaks) AS breaks, coalesce(raw, '') AS raw, cells"
            f" FROM (SELECT {self.records.row}, breaks, cells FROM {self.narrow}) AS its"
            f" LEFT JOIN {self.records.odd} AS odd USING (row) ORDER BY row)"
        )

    def columns(self, text: str) -> list[Column]:
        """The fields as SQL. `text` is the SQL of a raw cell, with {} for the field's number from 1."""
        source = self.source
        return [
            Column(
                item,
                text.format(number),
                source.dialect,
                source.own.get(item.name, {}),
                keyed=source.needs_key(item.name),
                nullable=source.plain is None,
                judged=not source.lookup or source.needs_key(item.name),
            )
            for number, item in enumerate(self.fields, start=1)
        ]

    @property
    def key_places(self) -> list[tuple[str, int]]:
        """The fields of the primary key, each with its index among the columns of the data."""
        names = [item.name for item in self.fields]
        return [(name, names.index(name)) for name in self.source.schema.primary_key if name in names]

    def key_column(self, name: str) -> str | None:
        """The column of `keys` that holds a field's keys; None where the data has no such field."""
        names = [item.name for item in self.fields]
        return f"k{names.index(name) + 1}" if name in names else None


def stream(engine: Engine, sql: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a statement as they come. Nothing else may run on the connection meanwhile."""
    result = engine.connection.execute(sql)
    while rows := result.fetchmany(FETCHED):
        yield from rows
