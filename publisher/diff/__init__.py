"""What changed between two releases. In: tables before and after. Out: a ChangeSet, its files; releases rebuilt from changes.

`compare` finds the changes, `write` and `read` are their files, `apply` replays them, `compose` puts several releases' together.
"""

from publisher.diff.changes import ChangeSet, Counts, RowChange, TableChange
from publisher.diff.compare import Notes, compare
from publisher.diff.files import read, summarise, write
from publisher.diff.replay import apply
from publisher.diff.rollup import compose
from publisher.diff.schema import SchemaChange, deprecation
from publisher.diff.state import TableState, read_published

__all__ = [
    "ChangeSet",
    "Counts",
    "Notes",
    "RowChange",
    "SchemaChange",
    "TableChange",
    "TableState",
    "apply",
    "compare",
    "compose",
    "deprecation",
    "read",
    "read_published",
    "summarise",
    "write",
]
