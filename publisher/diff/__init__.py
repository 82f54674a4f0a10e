"""What changed between two releases. In: tables before and after. Out: a ChangeSet, its files; releases rebuilt from changes.

`compare` finds the changes (`begin` for a first release), `write` and `read` are their files, `apply` replays them, `compose` puts
several releases' together.
"""

from publisher.diff.changes import ChangeSet, Counts, RowChange, TableChange
from publisher.diff.compare import Notes, begin, compare
from publisher.diff.files import read, summarise, write
from publisher.diff.replay import apply
from publisher.diff.rollup import compose
from publisher.diff.rows import keys_of
from publisher.diff.schema import SchemaChange, deprecation, names_of
from publisher.diff.state import TableState, read_published
from publisher.diff.tombstones import Removal, Tombstone, load_notes, read_removals, read_tombstones, write_tombstones

__all__ = [
    "ChangeSet",
    "Counts",
    "Notes",
    "Removal",
    "RowChange",
    "SchemaChange",
    "TableChange",
    "TableState",
    "Tombstone",
    "apply",
    "begin",
    "compare",
    "compose",
    "deprecation",
    "keys_of",
    "load_notes",
    "names_of",
    "read",
    "read_published",
    "read_removals",
    "read_tombstones",
    "summarise",
    "write",
    "write_tombstones",
]
