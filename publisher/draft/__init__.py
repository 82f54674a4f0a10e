"""A first draft of a package. In: a folder of CSV files. Out: schemas, keys and a descriptor to be filled in, as texts; then as files.

reading   one file: encoding, dialect, columns            columns   what type a column has, judged by all its cells
keys      what identifies a row, what refers to what      writing   the project's files, none ever overwritten
"""

from publisher.draft.keys import Reference, find_key, find_references
from publisher.draft.reading import Draft, find_sources, read_draft
from publisher.draft.writing import Made, write_project

__all__ = [
    "Draft",
    "Made",
    "Reference",
    "find_key",
    "find_references",
    "find_sources",
    "read_draft",
    "write_project",
]
